// SPDX-License-Identifier: Apache-2.0
#include "http_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace godwit::control {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_limit = 16U << 10U;
constexpr std::uint64_t body_limit = 64U << 10U;                   // of what nobody reads
constexpr std::uint64_t message_limit = 4ULL << 30U;               // with its envelope; the spool's own is below
constexpr base::Duration idle_timeout = std::chrono::seconds(60);  // until the first byte of a request
constexpr std::uint64_t lingering_limit = 64U << 20U;
constexpr base::Duration lingering_time = std::chrono::seconds(10);
constexpr base::Duration request_timeout = std::chrono::seconds(10);  // from then to its end

Response refusal_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return error_response(431, "the header is longer than 16 KiB");
  return error_response(400, "this is no HTTP request: " + error.message());
}

}  // namespace

void Server::Connection::begin() {
  parser.emplace();
  parser->header_limit(header_limit);
  parser->body_limit(boost::none);  // next_piece() has the bounds
  parser->eager(true);
  body_size = 0;
  takes_body = false;
  pace = {least_rate, piece_timeout};
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
    const auto began = clock.mono();
    const auto before = pending.size();
    if (takes_body) deadline = std::min(began + piece_timeout, pace.deadline(began));
    auto read = co_await read_more();
    if (!read) co_return std::unexpected(std::move(read.error()));
    pace.count(clock.mono() - began, pending.size() - before);
  }
  piece = std::exchange(arrived, {});
  body_size += piece.size();
  if (body_size > (takes_body ? message_limit : body_limit))
    co_return base::fail(base::ErrorKind::exhausted, "the body is too long");
  co_return std::string_view(piece);
}

boost::asio::awaitable<Received> Server::Connection::finish() {
  if (takes_body) {
    takes_body = false;
    body_size = 0;
    deadline = clock.mono() + request_timeout;
  }
  for (;;) {
    const auto left = co_await next_piece();
    if (left && left->empty()) co_return Received{Received::Kind::request};
    if (left) continue;
    const auto kind = left.error().kind;
    if (kind == base::ErrorKind::exhausted)
      co_return Received{Received::Kind::broken, error_response(413, left.error().message)};
    if (kind == base::ErrorKind::invalid)
      co_return Received{Received::Kind::broken, error_response(400, left.error().message)};
    if (kind == base::ErrorKind::timed_out)
      co_return Received{Received::Kind::broken, error_response(408, "the body comes too slowly")};
    co_return Received{};
  }
}

boost::asio::awaitable<void> Server::Connection::linger() {
  idle = true;
  idle_since = clock.mono();
  const auto end = idle_since + lingering_time;
  std::array<char, 16384> bytes;
  for (std::uint64_t passed = 0; passed < lingering_limit && !displaced;) {
    const auto got = co_await net::read_some(*stream, bytes, end);
    if (!got) co_return;
    passed += *got;
  }
}

}  // namespace godwit::control
