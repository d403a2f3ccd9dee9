// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/server.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "api.hpp"

namespace godwit::control {
namespace {

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t max_connections = 32;
constexpr std::uint32_t header_limit = 16U << 10U;
constexpr std::uint64_t body_limit = 64U << 10U;
constexpr base::Duration idle_timeout = std::chrono::seconds(60);     // until the first byte of a request
constexpr base::Duration request_timeout = std::chrono::seconds(10);  // from then to its end
constexpr base::Duration write_timeout = std::chrono::seconds(30);

std::string serialize(const Response& response, unsigned version, bool keep_alive) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), version, response.body);
  message.set(http::field::server, "Godwit");
  message.set(http::field::content_type, "application/json");
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  std::ostringstream out;
  out << message;
  return std::move(out).str();
}

Response refusal_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return error_response(431, "the header is longer than 16 KiB");
  if (error == http::error::body_limit) return error_response(413, "the body is longer than 64 KiB");
  return error_response(400, "this is no HTTP request: " + error.message());
}

// What one request came to: parsed (empty error), broken (the answer), or over (the peer is gone or idle).
struct Received {
  enum class Kind { request, broken, over } kind = Kind::over;
  Response refusal{};
};

}  // namespace

struct Server::Connection {
  std::unique_ptr<net::Stream> stream;
  std::string pending{};  // read but not parsed: a pipelined request
  bool idle = true;
  base::MonoTime idle_since{};
  bool displaced = false;  // it makes room for another, and is about to end

  boost::asio::awaitable<Received> receive(Parser& parser, const base::Clock& clock);
};

boost::asio::awaitable<Received> Server::Connection::receive(Parser& parser, const base::Clock& clock) {
  base::MonoTime deadline = clock.mono() + idle_timeout;
  for (;;) {
    if (!pending.empty()) {
      if (std::exchange(idle, false)) deadline = clock.mono() + request_timeout;
      boost::system::error_code error;
      pending.erase(0, parser.put(boost::asio::buffer(pending), error));
      if (error && error != http::error::need_more) co_return Received{Received::Kind::broken, refusal_of(error)};
      if (parser.is_done()) co_return Received{Received::Kind::request};
    }
    std::array<char, 4096> piece;
    const auto got = co_await net::read_some(*stream, piece, deadline);
    if (!got) co_return Received{};
    pending.append(piece.data(), *got);
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
  longest->stream->cancel();
  return true;
}

boost::asio::awaitable<void> Server::serve(std::unique_ptr<net::Stream> stream) {
  if (stopping_) co_return;
  if (!make_room()) {
    const std::string answer = serialize(error_response(503, "too many control connections"), 11, false);
    const auto written = co_await net::write_all(*stream, answer, clock_.mono() + write_timeout);
    if (written) stream->shutdown();
    co_return;
  }
  Connection connection{.stream = std::move(stream), .idle_since = clock_.mono()};
  // Leaves the list also when the coroutine is destroyed where it waits.
  struct Entry {
    std::list<Connection*>& list;
    std::list<Connection*>::iterator at;
    ~Entry() { list.erase(at); }
  } const entry{connections_, connections_.insert(connections_.end(), &connection)};
  co_await serve_requests(connection);
}

boost::asio::awaitable<void> Server::serve_requests(Connection& connection) {
  bool keep_alive = true;
  while (keep_alive) {
    Parser parser;
    parser.header_limit(header_limit);
    parser.body_limit(body_limit);
    parser.eager(true);
    connection.idle = true;
    connection.idle_since = clock_.mono();
    if (stopping_ || connection.displaced) break;
    Received received = co_await connection.receive(parser, clock_);
    if (received.kind == Received::Kind::over) co_return;
    Response response = std::move(received.refusal);
    unsigned version = 11;
    keep_alive = received.kind == Received::Kind::request;
    if (keep_alive) {
      const auto& message = parser.get();
      Request request{std::string(message.method_string()), std::string(message.target())};
      version = message.version();
      keep_alive = message.keep_alive();
      const bool changes = request.method != "GET";
      const std::string method = request.method, target = request.target;
      response = co_await handle(backend_, std::move(request));
      log_.write(
          changes ? log::Level::info : log::Level::debug, "control",
          std::initializer_list<log::Field>{{"method", method}, {"target", target}, {"status", response.status}});
    }
    keep_alive = keep_alive && !stopping_;
    const std::string answer = serialize(response, version, keep_alive);
    const auto written = co_await net::write_all(*connection.stream, answer, clock_.mono() + write_timeout);
    if (!written) co_return;
  }
  connection.stream->shutdown();
}

void Server::stop() {
  stopping_ = true;
  for (Connection* connection : connections_)
    if (connection->idle) connection->stream->cancel();
}

}  // namespace godwit::control
