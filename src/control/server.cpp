// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/server.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/beast/http/parser.hpp>

#include "api.hpp"
#include "console.hpp"
#include "piece_body.hpp"
#include "response_text.hpp"

namespace godwit::control {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<PieceBody>;

constexpr std::size_t max_connections = 32;
constexpr std::uint32_t header_limit = 16U << 10U;
constexpr std::uint64_t body_limit = 64U << 10U;                      // of what nobody reads
constexpr std::uint64_t message_limit = 4ULL << 30U;                  // with its envelope; the spool's own is below
constexpr base::Duration idle_timeout = std::chrono::seconds(60);     // until the first byte of a request
constexpr base::Duration request_timeout = std::chrono::seconds(10);  // from then to its end
constexpr base::Duration piece_timeout = std::chrono::seconds(30);    // for the next bytes of a message
constexpr base::Duration write_timeout = std::chrono::seconds(30);
constexpr base::Duration handshake_timeout = std::chrono::seconds(10);
constexpr base::Rate most_complaints{.count = 10, .period = std::chrono::seconds(1)};
constexpr base::Duration keep_alive_interval = std::chrono::seconds(15);  // of streams of events

Response refusal_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return error_response(431, "the header is longer than 16 KiB");
  return error_response(400, "this is no HTTP request: " + error.message());
}

}  // namespace

// What one request came to: its header is parsed, it is broken (the answer), or over (the peer is gone or idle).
struct Received {
  enum class Kind { request, broken, over } kind = Kind::over;
  Response refusal{};
};

// One request at a time: receive(), then next_piece() to the body's end.
struct Server::Connection {
  std::unique_ptr<net::Stream> stream;
  const base::Clock& clock;
  std::optional<Parser> parser{};
  std::string pending{};  // read but not parsed: also the request that follows
  std::string piece{};    // of the body, given out
  std::uint64_t body_size = 0;
  bool takes_body = false;
  base::MonoTime deadline{};
  bool begun = false;  // a request came, in part
  bool idle = true;    // until one came that may be made: only such keep others out
  base::MonoTime idle_since{};
  bool displaced = false;              // it makes room for another, and is about to end
  net::Stream* handshaking = nullptr;  // while a handshake has taken the stream over
  std::shared_ptr<EventFeed::Subscription> events{};

  void begin();
  void cancel() {
    if (auto* waiting = handshaking != nullptr ? handshaking : stream.get()) waiting->cancel();
  }
  // The next request, up to the end of its header.
  boost::asio::awaitable<Received> receive();
  // Errors: invalid (it is no HTTP), exhausted (too long), those of the stream.
  net::Task<std::string_view> next_piece();
  // Passes over what is left of the body.
  boost::asio::awaitable<Received> finish();

 private:
  boost::system::error_code parse();
  net::Task<> read_more();
};

void Server::Connection::begin() {
  parser.emplace();
  parser->header_limit(header_limit);
  parser->body_limit(boost::none);  // next_piece() has the bounds
  parser->eager(true);
  body_size = 0;
  takes_body = false;
  begun = false;
  idle = true;
  idle_since = clock.mono();
}

boost::system::error_code Server::Connection::parse() {
  boost::system::error_code error;
  if (!pending.empty() && !parser->is_done()) pending.erase(0, parser->put(boost::asio::buffer(pending), error));
  if (error == http::error::need_more) error = {};
  return error;
}

net::Task<> Server::Connection::read_more() {
  std::array<char, 16384> bytes;
  const auto got = co_await net::read_some(*stream, bytes, deadline);
  if (!got) co_return std::unexpected(got.error());
  pending.append(bytes.data(), *got);
  co_return base::Result<>();
}

boost::asio::awaitable<Received> Server::Connection::receive() {
  deadline = clock.mono() + idle_timeout;
  for (;;) {
    if (!pending.empty() && !std::exchange(begun, true)) deadline = clock.mono() + request_timeout;
    if (const auto error = parse()) co_return Received{Received::Kind::broken, refusal_of(error)};
    if (parser->is_header_done()) co_return Received{Received::Kind::request};
    const auto read = co_await read_more();
    if (!read) co_return Received{};
  }
}

net::Task<std::string_view> Server::Connection::next_piece() {
  auto& arrived = parser->get().body();
  for (;;) {
    if (const auto error = parse())
      co_return base::fail(base::ErrorKind::invalid, "the body is broken: " + error.message());
    if (!arrived.empty() || parser->is_done()) break;
    if (takes_body) deadline = clock.mono() + piece_timeout;
    auto read = co_await read_more();
    if (!read) co_return std::unexpected(std::move(read.error()));
  }
  piece = std::exchange(arrived, {});
  body_size += piece.size();
  if (body_size > (takes_body ? message_limit : body_limit))
    co_return base::fail(base::ErrorKind::exhausted, "the body is too long");
  co_return std::string_view(piece);
}

boost::asio::awaitable<Received> Server::Connection::finish() {
  for (;;) {
    const auto left = co_await next_piece();
    if (left && left->empty()) co_return Received{Received::Kind::request};
    if (left) continue;
    const auto kind = left.error().kind;
    if (kind == base::ErrorKind::exhausted)
      co_return Received{Received::Kind::broken, error_response(413, left.error().message)};
    if (kind == base::ErrorKind::invalid)
      co_return Received{Received::Kind::broken, error_response(400, left.error().message)};
    co_return Received{};
  }
}

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
  bool keep_alive = true;
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
    if (response.events && is_whole) {
      co_await stream_events(connection, std::move(response));
      break;
    }
    const std::string bytes = response_text(response, is_whole ? message.version() : 11, keep_alive);
    const auto written = co_await net::write_all(*connection.stream, bytes, clock_.mono() + write_timeout);
    if (!written) co_return;
  }
  connection.stream->shutdown();
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

// Who has no token learns nothing, not even what there is.
bool Server::may_ask(Connection& connection, Request& request, Response& refusal) {
  if (!guard_.tokens) return true;
  const auto& header = connection.parser->get();
  const std::string authorization(header[http::field::authorization]);
  const auto scopes = guard_.tokens->scopes_of(authorization);
  const auto needed = needed_scope(request);
  const auto opens = static_cast<Scopes>(Scope::admin) | static_cast<Scopes>(needed.value_or(Scope::read));
  request.scopes = scopes.value_or(0);
  if (scopes && (!needed || (*scopes & opens) != 0)) return true;
  refusal = scopes ? error_response(403, "this token does not open that")
                   : error_response(401, "a token is needed: Authorization: Bearer TOKEN");
  complain("control_refused", {{"client", base::to_string(connection.stream->remote().address)},
                               {"method", request.method},
                               {"target", request.target},
                               {"status", refusal.status}});
  return false;
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
  connection.idle = false;
  connection.takes_body = takes_body(request);
  if (connection.takes_body) {
    request.body = [&connection] { return connection.next_piece(); };
  } else {
    Received rest = co_await connection.finish();
    if (rest.kind != Received::Kind::request) co_return rest;
  }
  auto handling = handle(backend_, std::move(request));
  response = co_await std::move(handling);
  log_.write(method != "GET" ? log::Level::info : log::Level::debug, "control",
             std::initializer_list<log::Field>{{"method", method}, {"target", target}, {"status", response.status}});
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
