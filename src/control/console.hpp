// SPDX-License-Identifier: Apache-2.0
// The web console: "/" and what lies under /console/.  It is the same for everybody and holds nothing of this host, so
// it needs no token; what it shows it asks of the API, with the token that its user types.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "api.hpp"

namespace godwit::control {

// Nothing: this is no request for the console.  if_none_match: the field of that name, or empty.
std::optional<Response> console_answer(const Request& request, std::string_view if_none_match);

// What a file of the console is: its Content-Type.
std::string_view console_type(std::string_view name);

// Fields with which its files are sent: nothing from elsewhere, nothing inline, in no frame, and no text made HTML.
using HeaderField = std::pair<std::string_view, std::string_view>;
std::span<const HeaderField> console_fields();

}  // namespace godwit::control
