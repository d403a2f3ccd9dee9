// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/server.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "api.hpp"
#include "console.hpp"
#include "godwit/base/text.hpp"
#include "http_connection.hpp"
#include "response_text.hpp"

namespace godwit::control {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t max_connections = 32;
constexpr base::Duration write_timeout = std::chrono::seconds(30);
constexpr base::Duration handshake_timeout = std::chrono::seconds(10);
constexpr base::Rate most_complaints{.count = 10, .period = std::chrono::seconds(1)};
constexpr base::Duration keep_alive_interval = std::chrono::seconds(15);  // of streams of events

std::string name_of_user(uid_t user) {
  return "uid:" + std::to_string(user);
}

bool may_use_socket(const net::PeerCredential& peer, const Guard& guard) {
  return peer.user == 0 || peer.user == guard.user || peer.group == guard.group ||
         std::ranges::find(peer.groups, guard.group) != peer.groups.end();
}

Caller caller_of(const net::PeerCredential& peer) {
  return {.scopes = all_scopes, .name = name_of_user(peer.user), .submitter = server::Submitter{.user = peer.user}};
}

void note_client(const net::Stream& stream, server::Submitter& submitter) {
  submitter.remote = stream.remote();
  submitter.local = stream.local();
  const auto* tls = stream.tls_info();
  if (tls == nullptr) return;
  submitter.tls_version = tls->version;
  submitter.tls_cipher = tls->cipher;
}

}  // namespace

// Who keeps connections open and asks nothing locks nobody out.
bool Server::make_room() {
  const auto displaced = std::ranges::count_if(connections_, [](const Connection* one) { return one->displaced; });
  if (connections_.size() - static_cast<std::size_t>(displaced) < max_connections) return true;
  Connection* longest = nullptr;
  for (Connection* one : connections_)
    if (one->idle && !one->displaced && (longest == nullptr || one->idle_since < longest->idle_since)) longest = one;
  if (longest == nullptr) return false;
  longest->displaced = true;
  longest->cancel();
  return true;
}

boost::asio::awaitable<void> Server::serve(std::unique_ptr<net::Stream> stream) {
  if (stopping_) co_return;
  if (!make_room()) {
    const std::string answer = response_text(error_response(503, "too many control connections"), 11, false);
    const auto written = co_await net::write_all(*stream, answer, clock_.mono() + write_timeout);
    if (written) stream->shutdown();
    co_return;
  }
  Connection connection{.stream = std::move(stream), .clock = clock_};
  // Leaves the list also when the coroutine is destroyed where it waits.
  struct Entry {
    std::list<Connection*>& list;
    std::list<Connection*>::iterator at;
    ~Entry() { list.erase(at); }
  } const entry{connections_, connections_.insert(connections_.end(), &connection)};
  const bool secured = co_await secure(connection);
  if (secured) co_await serve_requests(connection);
}

// It counts as idle meanwhile, so that nobody keeps others out by handshakes that he does not end.
boost::asio::awaitable<bool> Server::secure(Connection& connection) {
  auto tls = guard_.tls;
  if (!tls) co_return !guard_.needs_tls;
  connection.idle_since = clock_.mono();
  const auto client = base::to_string(connection.stream->remote().address);
  const auto deadline = clock_.mono() + handshake_timeout;
  connection.handshaking = connection.stream.get();
  auto secured = co_await net::tls_accept(std::move(connection.stream), std::move(tls), deadline);
  connection.handshaking = nullptr;
  if (!secured) {
    complain("tls_failed", {{"client", client}, {"reason", secured.error().message}});
    co_return false;
  }
  connection.stream = std::move(*secured);
  co_return true;
}

boost::asio::awaitable<void> Server::serve_requests(Connection& connection) {
  bool keep_alive = true, still_sends = false;
  while (keep_alive) {
    connection.begin();
    if (stopping_ || connection.displaced) break;
    Received received = co_await connection.receive();
    Response response;
    if (received.kind == Received::Kind::request) received = co_await answer(connection, response);
    if (received.kind == Received::Kind::over) co_return;
    const auto& message = connection.parser->get();
    const bool is_whole = received.kind == Received::Kind::request;
    if (!is_whole && response.body.empty()) response = std::move(received.refusal);
    keep_alive = is_whole && message.keep_alive() && !stopping_;
    still_sends = !is_whole;
    if (response.events && is_whole) {
      co_await stream_events(connection, std::move(response));
      break;
    }
    const std::string bytes = response_text(response, is_whole ? message.version() : 11, keep_alive);
    const auto written = co_await net::write_all(*connection.stream, bytes, clock_.mono() + write_timeout);
    if (!written) co_return;
  }
  connection.stream->shutdown();
  if (still_sends && !stopping_) co_await connection.linger();
}

// Until the client goes, or the server stops.
boost::asio::awaitable<void> Server::stream_events(Connection& connection, Response response) {
  connection.events = response.events;
  std::string bytes = response_text(response, 11, false);
  for (;;) {
    const auto written = co_await net::write_all(*connection.stream, bytes, clock_.mono() + write_timeout);
    if (!written) break;
    auto next = co_await connection.events->next(clock_.mono() + keep_alive_interval);
    if (!next && next.error().kind != base::ErrorKind::timed_out) break;
    bytes = next ? std::move(*next) : std::string(":\n\n");  // a comment: so it is noticed when the client is gone
  }
  connection.events.reset();
}

void Server::complain(std::string_view event, std::vector<log::Field> fields) {
  if (!complaints_.take(most_complaints, clock_.mono())) {
    ++passed_over_;
    return;
  }
  if (const auto count = std::exchange(passed_over_, 0); count > 0) fields.emplace_back("passed_over", count);
  if (log_.enabled(log::Level::warn)) log_.write(log::Level::warn, event, fields);
}

// The file's mode may have been changed: whom the kernel names counts.
bool Server::may_ask_locally(const Connection& connection, Request& request, Response& refusal) {
  const auto peer = connection.stream->peer_credential();
  if (peer && may_use_socket(*peer, guard_)) {
    request.caller = caller_of(*peer);
    return true;
  }
  refusal = error_response(403, "only root, the service's user and members of its group may ask");
  complain_of(request, peer ? name_of_user(peer->user) : "unknown", refusal.status);
  return false;
}

void Server::complain_of(const Request& request, std::string client, unsigned status) {
  complain("control_refused",
           {{"client", std::move(client)}, {"method", request.method}, {"target", request.target}, {"status", status}});
}

// Who has no token learns nothing, not even what there is.
bool Server::may_ask(Connection& connection, Request& request, Response& refusal) {
  if (!guard_.tokens) return may_ask_locally(connection, request, refusal);
  const auto& header = connection.parser->get();
  const std::string authorization(header[http::field::authorization]);
  const auto caller = guard_.tokens->caller_of(authorization);
  const auto needed = needed_scope(request);
  const auto opens = static_cast<Scopes>(Scope::admin) | static_cast<Scopes>(needed.value_or(Scope::read));
  request.caller = caller.value_or(Caller());
  request.scopes = request.caller.scopes;
  if (caller && (!needed || (request.scopes & opens) != 0)) return true;
  refusal = caller ? error_response(403, "this token does not open that")
                   : error_response(401, "a token is needed: Authorization: Bearer TOKEN");
  complain_of(request, base::to_string(connection.stream->remote().address), refusal.status);
  return false;
}

// Who asks before it sends a large body waits for that (RFC 9110 section 10.1.1).
boost::asio::awaitable<bool> Server::tell_to_go_on(Connection& connection) {
  const auto& message = connection.parser->get();
  if (message.version() < 11 || !base::iequals(std::string_view(message[http::field::expect]), "100-continue"))
    co_return true;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto written = co_await net::write_all(*connection.stream, go_on, clock_.mono() + write_timeout);
  co_return written.has_value();
}

// `response` stays empty where the request was not carried out.
boost::asio::awaitable<Received> Server::answer(Connection& connection, Response& response) {
  const auto& message = connection.parser->get();
  Request request{std::string(message.method_string()), std::string(message.target())};
  const std::string method = request.method, target = request.target;
  const std::string if_none_match(message[http::field::if_none_match]);
  if (auto page = guard_.console ? console_answer(request, if_none_match) : std::nullopt) {
    response = std::move(*page);
    co_return co_await connection.finish();
  }
  if (!may_ask(connection, request, response)) co_return co_await connection.finish();
  request.content_type = message[http::field::content_type];
  request.idempotency_key = message["Idempotency-Key"];
  if (const auto length = connection.parser->content_length()) request.length = *length;
  if (request.caller.submitter) note_client(*connection.stream, *request.caller.submitter);
  connection.idle = false;
  connection.takes_body = takes_body(request);
  if (connection.takes_body) {
    const bool told = co_await tell_to_go_on(connection);
    if (!told) co_return Received{};
    request.body = [&connection] { return connection.next_piece(); };
  } else {
    Received rest = co_await connection.finish();
    if (rest.kind != Received::Kind::request) co_return rest;
  }
  auto handling = handle(backend_, std::move(request));
  response = co_await std::move(handling);
  log_.put(method != "GET" ? log::Level::info : log::Level::debug, "control",
           {{"method", method}, {"target", target}, {"status", response.status}});
  // Refused before all of it was read: who still sends does not look for an answer yet.
  co_return co_await connection.finish();
}

void Server::stop() {
  stopping_ = true;
  for (Connection* connection : connections_)
    if (connection->events)
      connection->events->end();
    else if (connection->idle)
      connection->cancel();
}

}  // namespace godwit::control
