// SPDX-License-Identifier: Apache-2.0
// A TCP connection, blocking until a deadline: for what runs on a pool.
#pragma once

#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"

namespace godwit::net {

// A descriptor that does not block, the caller's to close.  Every address of the host is tried.  Errors: io, timed_out.
base::Result<int> tcp_connect(const std::string& host, const std::string& port, base::MonoTime deadline,
                              const base::Clock& clock);

}  // namespace godwit::net
