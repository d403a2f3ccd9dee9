// SPDX-License-Identifier: Apache-2.0
// What answers of the API are made of, and those about who is kept out: api_clients.cpp.  Private to control/.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/value.hpp>

#include "api.hpp"
#include "arguments.hpp"

namespace godwit::control {

using Answer = boost::asio::awaitable<Response>;

Response response(unsigned status, const boost::json::value& body);
Response failure(const base::Error& error);

Answer lockouts(Backend& backend, Arguments arguments);
Answer unlock(Backend& backend, Arguments arguments);
Answer limits(Backend& backend, Arguments arguments);
Answer reset_limits(Backend& backend, Arguments arguments);
Answer suppressions(Backend& backend, Arguments arguments);
Answer suppress(Backend& backend, Arguments arguments);
Answer unsuppress(Backend& backend, Arguments arguments);
Answer release_account(Backend& backend, Arguments arguments);
Answer purge_account(Backend& backend, Arguments arguments);
Answer submit_message(Backend& backend, Arguments arguments);  // api_submission.cpp

}  // namespace godwit::control
