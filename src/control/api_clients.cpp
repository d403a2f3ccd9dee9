// SPDX-License-Identifier: Apache-2.0
// Answers about who is kept out, or slowed down: lock-outs, limits, suppressed addresses, stopped accounts.
#include <utility>

#include <boost/json/object.hpp>

#include "api_answers.hpp"
#include "godwit/base/text.hpp"
#include "json.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

Response name_done(const Arguments& arguments, const base::Result<std::size_t>& result, std::string_view what) {
  if (!result) return failure(result.error());
  return response(200, json::object{{"name", json::string(base::to_valid_utf8(arguments.name))},
                                    {"done", json::string(what)},
                                    {"count", *result}});
}

// Of one address.
Response suppression_done(const base::Result<>& result, const std::string& address, std::string_view what) {
  if (!result) return failure(result.error());
  return response(200, json::object{{"address", json::string(address)}, {"done", json::string(what)}});
}

}  // namespace

Answer lockouts(Backend& backend, Arguments arguments) {
  const auto limit = arguments.page.limit;
  const auto result = co_await backend.lockouts(limit, std::move(arguments.after_name));
  co_return result ? response(200, to_json(*result, limit)) : failure(result.error());
}

Answer unlock(Backend& backend, Arguments arguments) {
  if (arguments.name.empty()) co_return error_response(400, "name=ACCOUNT, or an address or network");
  const auto result = co_await backend.unlock(arguments.name);
  if (!result) co_return failure(result.error());
  co_return response(200, json::object{{"name", json::string(arguments.name)}, {"done", "unlock"}});
}

Answer limits(Backend& backend, Arguments arguments) {
  const auto limit = arguments.page.limit;
  const auto result = co_await backend.limits(limit, arguments.after_rank);
  co_return result ? response(200, to_json(*result, limit, arguments.after_rank)) : failure(result.error());
}

Answer reset_limits(Backend& backend, Arguments arguments) {
  if (arguments.name.empty())
    co_return error_response(400, "name=KEY: an address, a network, an account or a HELO name");
  const auto result = co_await backend.reset_limits(arguments.name);
  co_return name_done(arguments, result, "reset");
}

Answer suppressions(Backend& backend, Arguments arguments) {
  const auto limit = arguments.page.limit;
  const auto result = co_await backend.suppressions(limit, std::move(arguments.after_name));
  co_return result ? response(200, to_json(*result, limit)) : failure(result.error());
}

Answer suppress(Backend& backend, Arguments arguments) {
  const auto address = arguments.name;
  if (address.empty()) co_return error_response(400, "name=ADDRESS");
  const auto result = co_await backend.suppress(address, arguments.wait, std::move(arguments.reason));
  co_return suppression_done(result, address, "add");
}

Answer unsuppress(Backend& backend, Arguments arguments) {
  const auto address = arguments.name;
  if (address.empty()) co_return error_response(400, "name=ADDRESS");
  const auto result = co_await backend.unsuppress(address);
  co_return suppression_done(result, address, "remove");
}

Answer release_account(Backend& backend, Arguments arguments) {
  if (arguments.name.empty()) co_return error_response(400, "name=ACCOUNT");
  const auto result = co_await backend.release_account(arguments.name);
  co_return name_done(arguments, result, "release");
}

Answer purge_account(Backend& backend, Arguments arguments) {
  if (arguments.name.empty()) co_return error_response(400, "name=ACCOUNT");
  const auto result = co_await backend.purge_account(arguments.name);
  co_return name_done(arguments, result, "purge");
}

}  // namespace godwit::control
