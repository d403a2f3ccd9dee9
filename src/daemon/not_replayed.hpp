// SPDX-License-Identifier: Apache-2.0
// What a replay cannot tell, in sentences for its report.  Pure.
#pragma once

#include <string>
#include <vector>

#include "godwit/control/replay.hpp"
#include "live_settings.hpp"

namespace godwit::daemon {

std::vector<std::string> not_replayed(const control::ReplayOrder& order, const LiveSettings& before,
                                      const LiveSettings& after);

}  // namespace godwit::daemon
