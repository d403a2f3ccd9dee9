// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <array>
#include <variant>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"
#include "json.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

constexpr std::size_t default_limit = 100;
constexpr std::size_t greatest_limit = 1000;

// What stands in path and query.
struct Arguments {
  base::MessageId id;
  std::size_t limit = default_limit;
  std::optional<base::MessageId> after;
};

Response response(unsigned status, const json::value& body) {
  return {status, json::serialize(body) + "\n", {}};
}

unsigned status_of(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::not_found:
      return 404;
    case base::ErrorKind::invalid:
      return 400;
    case base::ErrorKind::refused:
      return 409;
    case base::ErrorKind::exhausted:
    case base::ErrorKind::timed_out:
    case base::ErrorKind::cancelled:
      return 503;
    default:
      return 500;
  }
}

Response failure(const base::Error& error) {
  return error_response(status_of(error.kind), error.message);
}

Response done(const base::Result<>& result, base::MessageId id, std::string_view what) {
  if (!result) return failure(result.error());
  return response(200, json::object{{"id", base::to_string(id)}, {"done", json::string(what)}});
}

using Answer = boost::asio::awaitable<Response>;

Answer status(Backend& backend, Arguments) {
  const auto result = co_await backend.status();
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer queue_list(Backend& backend, Arguments arguments) {
  // One more than asked for tells whether there is more.
  auto result = co_await backend.queue_list(arguments.limit + 1, arguments.after);
  if (!result) co_return failure(result.error());
  const bool more = result->size() > arguments.limit;
  if (more) result->resize(arguments.limit);
  json::array messages;
  for (const QueueEntry& entry : *result) messages.emplace_back(summary_to_json(entry));
  json::object body{{"messages", std::move(messages)}};
  body["next"] = more ? json::value(json::string(base::to_string(result->back().id))) : json::value();
  co_return response(200, body);
}

Answer queue_show(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.queue_show(arguments.id);
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer retry(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.retry(arguments.id);
  co_return done(result, arguments.id, "retry");
}

Answer retry_all(Backend& backend, Arguments) {
  const auto result = co_await backend.retry_all();
  co_return result ? response(200, json::object{{"count", *result}, {"done", "retry"}}) : failure(result.error());
}

Answer hold(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.hold(arguments.id);
  co_return done(result, arguments.id, "hold");
}

Answer release(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.release(arguments.id);
  co_return done(result, arguments.id, "release");
}

Answer remove(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.remove(arguments.id);
  co_return done(result, arguments.id, "delete");
}

Answer reload(Backend& backend, Arguments) {
  const auto result = co_await backend.reload();
  if (!result) co_return failure(result.error());
  json::value body = to_json(*result);
  if (!result->applied) body.as_object()["error"] = "the configuration was refused; the present one stays";
  co_return response(result->applied ? 200 : 422, body);
}

Answer stop(Backend& backend, Arguments) {
  const auto result = co_await backend.stop();
  co_return result ? response(202, json::object{{"done", "stop"}}) : failure(result.error());
}

struct Route {
  std::string_view method;
  std::string_view pattern;
  Answer (*answer)(Backend&, Arguments);
};

// The first pattern that fits a path counts, so "queue/retry" is no id.
constexpr std::array<Route, 10> routes{{
    {"GET", "/v1/status", status},
    {"GET", "/v1/queue", queue_list},
    {"POST", "/v1/queue/retry", retry_all},
    {"GET", "/v1/queue/{id}", queue_show},
    {"DELETE", "/v1/queue/{id}", remove},
    {"POST", "/v1/queue/{id}/retry", retry},
    {"POST", "/v1/queue/{id}/hold", hold},
    {"POST", "/v1/queue/{id}/release", release},
    {"POST", "/v1/reload", reload},
    {"POST", "/v1/stop", stop},
}};

// What stands for {id} ("" where the pattern has none), or nothing where the path does not fit.
std::optional<std::string_view> fits(std::string_view pattern, std::string_view path) {
  const auto wanted = base::split(pattern, '/'), given = base::split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::string_view id;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{id}") {
      id = given[i];
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return id;
}

std::string bad_id(std::string_view text) {
  return fmt::format("\"{}\" is not a message id", base::printable(text, 40));
}

// "limit=10&after=06ZQ3W8K1M4TR"; what is wrong with it, or empty.
std::string read_query(std::string_view query, Arguments& arguments) {
  if (query.empty()) return {};
  for (const std::string_view parameter : base::split(query, '&')) {
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    if (name == "limit") {
      const auto limit = base::parse_unsigned(value);
      if (!limit || *limit == 0 || *limit > greatest_limit) return fmt::format("limit is 1 to {}", greatest_limit);
      arguments.limit = *limit;
    } else if (name == "after") {
      arguments.after = base::parse_message_id(value);
      if (!arguments.after) return bad_id(value);
    } else {
      return fmt::format("unknown parameter \"{}\"", base::printable(name, 40));
    }
  }
  return {};
}

// A route, or the answer that says why there is none.
std::variant<const Route*, Response> find_route(std::string_view method, std::string_view path, std::string_view& id) {
  std::string_view pattern;
  std::vector<std::string> methods;
  for (const Route& route : routes) {
    if (!pattern.empty() && route.pattern != pattern) continue;
    const auto found = fits(route.pattern, path);
    if (!found) continue;
    pattern = route.pattern;
    id = *found;
    if (route.method == method) return &route;
    methods.emplace_back(route.method);
  }
  if (methods.empty()) return error_response(404, fmt::format("there is nothing at {}", base::printable(path, 100)));
  Response refusal = error_response(405, fmt::format("{} takes {}", pattern, base::join(methods, ", ")));
  refusal.allow = base::join(methods, ", ");
  return refusal;
}

}  // namespace

Response error_response(unsigned status, std::string_view what) {
  return response(status, json::object{{"error", json::string(what)}});
}

boost::asio::awaitable<Response> handle(Backend& backend, Request request) {
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  std::string_view id;
  auto found = find_route(request.method, target.substr(0, question), id);
  if (auto* refusal = std::get_if<Response>(&found)) co_return std::move(*refusal);
  const Route& route = *std::get<const Route*>(found);
  Arguments arguments;
  if (!id.empty() || route.pattern.contains("{id}")) {
    const auto parsed = base::parse_message_id(id);
    if (!parsed) co_return error_response(400, bad_id(id));
    arguments.id = *parsed;
  }
  const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  if (const std::string wrong = read_query(query, arguments); !wrong.empty()) co_return error_response(400, wrong);
  auto answer = route.answer(backend, arguments);
  Response response = co_await std::move(answer);
  co_return response;
}

}  // namespace godwit::control
