// SPDX-License-Identifier: Apache-2.0
// Which checks a listener has.  Pure.  Private to server/.
#pragma once

#include <string>
#include <vector>

#include "godwit/policy/settings.hpp"
#include "godwit/server/settings.hpp"

namespace godwit::server {

const std::vector<std::string>& check_names(const ListenerSettings& listener, const policy::CheckSettings& settings);

}  // namespace godwit::server
