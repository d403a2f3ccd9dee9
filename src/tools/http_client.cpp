// SPDX-License-Identifier: Apache-2.0
#include "http_client.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "unix_socket.hpp"

namespace godwit::tools {
namespace {

namespace http = boost::beast::http;

constexpr std::uint64_t greatest_answer = 64U << 20U;

base::Result<> send_body(UnixSocket& socket, const HttpBody& body) {
  for (std::uint64_t sent = 0; sent < body.size;) {
    const auto piece = body.next();
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty() || piece->size() > body.size - sent)
      return base::fail(base::ErrorKind::corrupt, "its size is not what it should be");
    if (auto done = socket.send(*piece); !done) return done;
    sent += piece->size();
  }
  return {};
}

using Each = std::function<bool(std::string_view)>;

// each: takes the body of an answer 200, where it is not empty.
base::Result<HttpAnswer> receive(UnixSocket& socket, const Each& each = {}) {
  http::response_parser<http::string_body> parser;
  if (each)
    parser.body_limit(boost::none);
  else
    parser.body_limit(greatest_answer);
  parser.eager(true);
  std::string pending;
  std::array<char, 16384> piece{};
  while (!parser.is_done()) {
    const auto got = socket.receive(piece);
    if (!got) return std::unexpected(got.error());
    const bool streams = each && parser.is_header_done() && parser.get().result_int() == 200;
    if (*got == 0 && streams) break;
    if (*got == 0) return base::fail(base::ErrorKind::closed, "the connection was closed before an answer came");
    pending.append(piece.data(), *got);
    boost::system::error_code error;
    pending.erase(0, parser.put(boost::asio::buffer(pending), error));
    if (error && error != http::error::need_more)
      return base::fail(base::ErrorKind::corrupt, "the answer is no HTTP: " + error.message());
    if (!each || !parser.is_header_done() || parser.get().result_int() != 200) continue;
    const bool goes_on = each(parser.get().body());
    parser.get().body().clear();
    if (!goes_on) break;
  }
  auto message = parser.release();
  return HttpAnswer{message.result_int(), std::move(message.body())};
}

}  // namespace

base::Result<HttpAnswer> http_request(const std::string& socket, const std::string& method, const std::string& target,
                                      const HttpBody& body, std::chrono::seconds patience) {
  auto connected = UnixSocket::connect(socket);
  if (!connected) return std::unexpected(connected.error());
  connected->set_patience(patience);
  std::string request = method + " " + target + " HTTP/1.1\r\nHost: godwitd\r\nConnection: close\r\n";
  if (body.size > 0) request += "Content-Length: " + std::to_string(body.size) + "\r\n";
  if (auto sent = connected->send(request + "\r\n"); !sent) return std::unexpected(sent.error());
  if (auto sent = send_body(*connected, body); !sent) return std::unexpected(sent.error());
  return receive(*connected);
}

base::Result<HttpAnswer> http_stream(const std::string& socket, const std::string& target, const Each& each) {
  auto connected = UnixSocket::connect(socket);
  if (!connected) return std::unexpected(connected.error());
  connected->set_patience(usual_patience);
  auto sent = connected->send("GET " + target + " HTTP/1.1\r\nHost: godwitd\r\nConnection: close\r\n\r\n");
  if (!sent) return std::unexpected(sent.error());
  return receive(*connected, each);
}

}  // namespace godwit::tools
