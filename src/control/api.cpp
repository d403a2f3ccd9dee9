// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"

#include <array>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api_answers.hpp"
#include "arguments.hpp"
#include "dmarc_json.hpp"
#include "godwit/base/text.hpp"
#include "history_json.hpp"
#include "import_body.hpp"
#include "inspection.hpp"
#include "json.hpp"
#include "replay_answers.hpp"
#include "ways_json.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

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

Response done(const base::Result<>& result, base::MessageId id, std::string_view what) {
  if (!result) return failure(result.error());
  return response(200, json::object{{"id", base::to_string(id)}, {"done", json::string(what)}});
}

Answer status(Backend& backend, Arguments) {
  const auto result = co_await backend.status();
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer metrics(Backend& backend, Arguments) {
  const auto result = co_await backend.metrics();
  if (!result) co_return failure(result.error());
  co_return Response{.status = 200, .body = to_text(*result), .allow = {}, .type = "text/plain; version=0.0.4"};
}

Answer events(Backend& backend, Arguments arguments) {
  auto result = co_await backend.events(std::move(arguments.history.outcome));
  if (!result) co_return failure(result.error());
  co_return Response{.status = 200, .body = {}, .allow = {}, .type = "text/event-stream", .events = std::move(*result)};
}

json::value next_of(const std::optional<base::MessageId>& next) {
  return next ? json::value(json::string(base::to_string(*next))) : json::value();
}

Answer queue_list(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.queue_list(std::move(arguments.selector), arguments.page);
  if (!result) co_return failure(result.error());
  json::array messages;
  for (const QueueEntry& entry : result->entries) messages.emplace_back(summary_to_json(entry));
  json::object body{{"messages", std::move(messages)}};
  body["next"] = next_of(result->next);
  co_return response(200, body);
}

Answer queue_show(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.queue_show(arguments.id);
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

using Verb = QueueOrder::Verb;

Answer trace(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.trace(arguments.id);
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer history_search(Backend& backend, Arguments arguments) {
  auto query = std::move(arguments.history);
  query.sender = std::move(arguments.selector.sender);
  query.recipient = std::move(arguments.selector.recipient);
  query.destination = std::move(arguments.selector.destination);
  query.limit = arguments.page.limit;
  const auto result = co_await backend.history_search(std::move(query));
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer route_of(Backend& backend, Arguments arguments) {
  if (arguments.address.local.empty()) co_return error_response(400, "address=ADDRESS says where mail is to go");
  smtp::ReversePath sender;
  const auto& said = arguments.selector.sender;
  if (!said.empty() && said != "<>") {
    auto parsed = smtp::parse_mailbox(said, smtp::BareLocal::refuse, smtp::Utf8::allow);
    if (!parsed) co_return error_response(400, "sender is an address, or <>");
    sender = std::move(*parsed);
  }
  const auto result = co_await backend.route(std::move(arguments.address), std::move(sender));
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer why(Backend& backend, Arguments arguments) {
  if (arguments.name.empty()) co_return error_response(400, "name=WHAT: a message, an address or a destination");
  const auto result = co_await backend.why(arguments.name);
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

template <Verb verb>
Answer change(Backend& backend, Arguments arguments) {
  QueueOrder order{.verb = verb, .reason = std::move(arguments.reason)};
  const auto result = co_await backend.queue_change(std::move(order), arguments.id);
  co_return done(result, arguments.id, to_string(verb));
}

// Nobody changes the whole queue by leaving something out.
template <Verb verb>
Answer change_many(Backend& backend, Arguments arguments) {
  if (arguments.selector.selects_all() && !arguments.all)
    co_return error_response(400, "name the messages: by sender, recipient, destination, state or older, or all=true");
  QueueOrder order{.verb = verb, .reason = std::move(arguments.reason)};
  const auto result =
      co_await backend.queue_change_many(std::move(order), std::move(arguments.selector), arguments.page);
  if (!result) co_return failure(result.error());
  co_return response(
      200,
      json::object{{"done", json::string(to_string(verb))}, {"count", result->count}, {"next", next_of(result->next)}});
}

Answer queue_import(Backend& backend, Arguments arguments) {
  if (arguments.envelope == 0)
    co_return error_response(400, "envelope=BYTES says how much of the body is the envelope; the message follows");
  ImportBody body(std::move(arguments.body));
  auto file = co_await body.envelope(arguments.envelope);
  if (!file) co_return failure(file.error());
  const auto from = file->id;
  spool::Pieces message = [&body] { return body.next(); };
  auto importing = backend.queue_import(std::move(*file), std::move(message));
  const auto imported = co_await std::move(importing);
  // The message's checksum is the client's word.
  if (!imported && imported.error().kind == base::ErrorKind::corrupt)
    co_return error_response(400, imported.error().message);
  if (!imported) co_return failure(imported.error());
  co_return response(
      200,
      json::object{{"id", base::to_string(imported->id)}, {"from", base::to_string(from)}, {"again", imported->again}});
}

Answer destinations(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.destinations(arguments.page.limit, std::move(arguments.after_name));
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Response done(const base::Result<>& result, const std::string& destination, std::string_view what) {
  if (!result) return failure(result.error());
  const auto of = destination.empty() ? json::value() : json::value(json::string(destination));
  return response(200, json::object{{"destination", of}, {"done", json::string(what)}});
}

Answer suspend(Backend& backend, Arguments arguments) {
  const auto destination = base::to_lower(arguments.selector.destination);
  const auto result = co_await backend.suspend(destination, arguments.wait, std::move(arguments.reason));
  co_return done(result, destination, "suspend");
}

Answer resume(Backend& backend, Arguments arguments) {
  const auto destination = base::to_lower(arguments.selector.destination);
  const auto result = co_await backend.resume(destination);
  co_return done(result, destination, "resume");
}

Answer flush_dns(Backend& backend, Arguments) {
  const auto result = co_await backend.flush_dns();
  co_return result ? response(200, json::object{{"done", "flush"}}) : failure(result.error());
}

Answer renew_certificate(Backend& backend, Arguments) {
  const auto result = co_await backend.renew_certificate();
  co_return result ? response(202, json::object{{"done", "renew"}}) : failure(result.error());
}

Answer send_tls_reports(Backend& backend, Arguments) {
  const auto result = co_await backend.send_tls_reports();
  if (!result) co_return failure(result.error());
  co_return response(200, json::object{{"reports", result->reports}, {"failed", result->failed}});
}

Answer send_dmarc_reports(Backend& backend, Arguments) {
  const auto result = co_await backend.send_dmarc_reports();
  if (!result) co_return failure(result.error());
  co_return response(200, json::object{{"reports", result->reports}, {"failed", result->failed}});
}

Answer dmarc_reports(Backend& backend, Arguments arguments) {
  const auto limit = arguments.page.limit;
  auto after = parse_dmarc_place(arguments.after_name);
  if (!after) co_return error_response(400, "after_name is `next` of the page before");
  const auto result = co_await backend.dmarc_reports(limit, after->day, std::move(after->domain));
  co_return result ? response(200, to_json(*result, limit)) : failure(result.error());
}

Answer dmarc_summary(Backend& backend, Arguments arguments) {
  constexpr base::Duration usual = std::chrono::hours(24 * 30);
  const auto time = arguments.wait == base::Duration::zero() ? usual : arguments.wait;
  const auto result = co_await backend.dmarc_summary(arguments.name, time);
  co_return result ? response(200, to_json(*result)) : failure(result.error());
}

Answer reload(Backend& backend, Arguments arguments) {
  const auto result = co_await backend.reload(arguments.force);
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
  bool takes_body = false;
  std::optional<Scope> scope{};  // not said: read for GET, else admin
  Scope needs() const { return scope.value_or(method == "GET" ? Scope::read : Scope::admin); }
};

// The first pattern that fits a path counts, so "queue/retry" is no id.
constexpr std::array<Route, 49> routes{{
    {"GET", "/metrics", metrics},
    {"GET", "/v1/access", access_answer},
    {"GET", "/v1/status", status},
    {"GET", "/v1/busiest", busiest_answer},
    {"GET", "/v1/log", log_answer},
    {"GET", "/v1/events", events},
    {"GET", "/v1/queue", queue_list},
    {"POST", "/v1/queue/retry", change_many<Verb::retry>, false, Scope::queue},
    {"POST", "/v1/queue/hold", change_many<Verb::hold>, false, Scope::queue},
    {"POST", "/v1/queue/release", change_many<Verb::release>, false, Scope::queue},
    {"POST", "/v1/queue/bounce", change_many<Verb::bounce>, false, Scope::queue},
    {"POST", "/v1/queue/delete", change_many<Verb::remove>, false, Scope::queue},
    {"POST", "/v1/queue/import", queue_import, true},
    {"POST", "/v1/messages", submit_message, true, Scope::submit},
    {"GET", "/v1/queue/{id}", queue_show},
    {"GET", "/v1/trace/{id}", trace},
    {"GET", "/v1/history", history_search},
    {"GET", "/v1/route", route_of},
    {"GET", "/v1/why", why},
    {"DELETE", "/v1/queue/{id}", change<Verb::remove>, false, Scope::queue},
    {"POST", "/v1/queue/{id}/retry", change<Verb::retry>, false, Scope::queue},
    {"POST", "/v1/queue/{id}/hold", change<Verb::hold>, false, Scope::queue},
    {"POST", "/v1/queue/{id}/release", change<Verb::release>, false, Scope::queue},
    {"POST", "/v1/queue/{id}/bounce", change<Verb::bounce>, false, Scope::queue},
    {"POST", "/v1/queue/{id}/delete", change<Verb::remove>, false, Scope::queue},
    {"GET", "/v1/destinations", destinations},
    {"POST", "/v1/delivery/suspend", suspend, false, Scope::queue},
    {"POST", "/v1/delivery/resume", resume, false, Scope::queue},
    {"GET", "/v1/lockouts", lockouts},
    {"POST", "/v1/lockouts/unlock", unlock},
    {"GET", "/v1/limits", limits},
    {"POST", "/v1/limits/reset", reset_limits},
    {"GET", "/v1/suppression", suppressions},
    {"POST", "/v1/suppression/add", suppress},
    {"POST", "/v1/suppression/remove", unsuppress},
    {"POST", "/v1/dns/flush", flush_dns},
    {"POST", "/v1/accounts/release", release_account},
    {"POST", "/v1/accounts/purge", purge_account},
    {"POST", "/v1/tls/renew", renew_certificate},
    {"POST", "/v1/tlsrpt/send", send_tls_reports},
    {"GET", "/v1/dmarc/reports", dmarc_reports},
    {"POST", "/v1/dmarc/send", send_dmarc_reports},
    {"GET", "/v1/dmarc/summary", dmarc_summary},
    {"GET", "/v1/configuration", configuration_answer, false, Scope::admin},
    {"POST", "/v1/configuration/check", check_answer, true},
    {"GET", "/v1/configuration/replay", replay_answer, false, Scope::admin},
    {"POST", "/v1/configuration/replay", start_replay_answer, true},
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

std::string_view path_of(const Request& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
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

std::string_view to_string(QueueOrder::Verb verb) {
  switch (verb) {
    case Verb::retry:
      return "retry";
    case Verb::hold:
      return "hold";
    case Verb::release:
      return "release";
    case Verb::bounce:
      return "bounce";
    case Verb::remove:
      break;
  }
  return "delete";
}

Response response(unsigned status, const json::value& body) {
  return {.status = status, .body = json::serialize(body) + "\n", .allow = {}};
}

Response failure(const base::Error& error) {
  return error_response(status_of(error.kind), error.message);
}

Response error_response(unsigned status, std::string_view what) {
  return response(status, json::object{{"error", json::string(what)}});
}

std::vector<Resource> resources() {
  std::vector<Resource> all;
  for (const Route& route : routes) all.push_back({route.method, route.pattern, route.needs()});
  return all;
}

std::optional<Scope> needed_scope(const Request& request) {
  std::string_view id;
  const auto found = find_route(request.method, path_of(request), id);
  const auto* route = std::get_if<const Route*>(&found);
  return route == nullptr ? std::nullopt : std::optional((*route)->needs());
}

bool takes_body(const Request& request) {
  std::string_view id;
  const auto found = find_route(request.method, path_of(request), id);
  const auto* route = std::get_if<const Route*>(&found);
  return route != nullptr && (*route)->takes_body;
}

boost::asio::awaitable<Response> handle(Backend& backend, Request request) {
  std::string_view id;
  auto found = find_route(request.method, path_of(request), id);
  if (auto* refusal = std::get_if<Response>(&found)) co_return std::move(*refusal);
  const Route& route = *std::get<const Route*>(found);
  Arguments arguments;
  if (!id.empty() || route.pattern.contains("{id}")) {
    const auto parsed = base::parse_message_id(id);
    if (!parsed) co_return error_response(400, bad_id(id));
    arguments.id = *parsed;
  }
  arguments.body = std::move(request.body);
  arguments.scopes = request.scopes;
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  arguments.submission = {.caller = std::move(request.caller),
                          .content_type = std::move(request.content_type),
                          .key = std::move(request.idempotency_key),
                          .length = request.length,
                          .query = std::string(query)};
  if (const std::string wrong = read_query(query, arguments); !wrong.empty()) co_return error_response(400, wrong);
  auto answer = route.answer(backend, arguments);
  Response response = co_await std::move(answer);
  co_return response;
}

}  // namespace godwit::control
