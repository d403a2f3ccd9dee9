// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "godwit/queue/settings.hpp"

namespace godwit::queue {

// What the settings give a site: by the first rule that fits, else what all are given.  Pure.
LimitSettings limits_of(const Settings& settings, std::string_view site);

}  // namespace godwit::queue
