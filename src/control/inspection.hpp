// SPDX-License-Identifier: Apache-2.0
// Answers about the daemon itself, beside those about mail in api.cpp: who asks, what is busiest, the log, the
// configuration.
#pragma once

#include "api.hpp"
#include "arguments.hpp"

namespace godwit::control {

using Answer = boost::asio::awaitable<Response>;

Answer access_answer(Backend& backend, Arguments arguments);
Answer busiest_answer(Backend& backend, Arguments arguments);
Answer log_answer(Backend& backend, Arguments arguments);
Answer configuration_answer(Backend& backend, Arguments arguments);
// The body of a request that has a draft of the main file.  Errors: exhausted (it is too long), those of the pieces.
Task<std::string> whole_draft(spool::Pieces pieces);
// The body is a draft of the main file; empty: the files as they are.
Answer check_answer(Backend& backend, Arguments arguments);

}  // namespace godwit::control
