// SPDX-License-Identifier: Apache-2.0
// Whom a route is for.  Private to route/; pure.
#pragma once

#include <string_view>

#include "godwit/route/settings.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::route {

// "user@domain" or "@domain"; never a bounce.
bool matches_sender(std::string_view pattern, const smtp::ReversePath& sender);
bool matches(const RouteSettings& route, std::string_view domain, const smtp::ReversePath& sender);

}  // namespace godwit::route
