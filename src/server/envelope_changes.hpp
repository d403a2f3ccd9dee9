// SPDX-License-Identifier: Apache-2.0
// What filters want changed of an envelope.  Recipients that they add stand for what they would stand for in RCPT
// (aliases), and may be anywhere: who runs a filter trusts it.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/mail/envelope.hpp"
#include "godwit/policy/filtered_message.hpp"
#include "godwit/route/router.hpp"

namespace godwit::server {

// Gives what could not be done, for the log.  What is referred to outlives the call.
boost::asio::awaitable<std::vector<std::string>> apply(const std::vector<policy::EnvelopeChange>& changes,
                                                       mail::Envelope& envelope, const route::Router& router);

}  // namespace godwit::server
