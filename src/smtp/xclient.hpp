// SPDX-License-Identifier: Apache-2.0
// The argument of XCLIENT (postfix.org, XCLIENT_README): a content filter or proxy that is trusted says for whom it
// speaks.
#pragma once

#include <expected>
#include <string_view>

#include "godwit/smtp/server_session.hpp"
#include "replies.hpp"

namespace godwit::smtp {

std::expected<ClaimedClient, FixedReply> parse_xclient(std::string_view argument);

}  // namespace godwit::smtp
