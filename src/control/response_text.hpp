// SPDX-License-Identifier: Apache-2.0
// A response as the bytes of HTTP.  Pure.
#pragma once

#include <string>

#include "api.hpp"

namespace godwit::control {

// version: 10 or 11.
std::string response_text(const Response& response, unsigned version, bool keep_alive);

}  // namespace godwit::control
