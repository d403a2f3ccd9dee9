// SPDX-License-Identifier: Apache-2.0
// What the system says of our process.  Reads /proc, which waits for nothing.
#pragma once

#include "godwit/control/metrics.hpp"

namespace godwit::daemon {

// `start_time` is the caller's.  What cannot be read is 0.
control::ProcessUsage process_usage();

}  // namespace godwit::daemon
