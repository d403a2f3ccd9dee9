// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/http_client.hpp"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "godwit/base/text.hpp"

namespace godwit::net {
namespace {

namespace http = boost::beast::http;
using boost::asio::awaitable;
using Step = HttpFailure::Step;

constexpr std::size_t most_addresses = 6;
constexpr std::uint32_t most_header = 16U << 10U;
constexpr std::size_t piece_size = 8U << 10U;

std::unexpected<HttpFailure> failed(Step step, std::string_view why) {
  return std::unexpected(HttpFailure{.step = step, .why = base::printable(why)});
}

std::string text_of(const HttpRequest& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: godwit\r\nConnection: close\r\n",
                                 request.method, request.url.target, authority(request.url));
  if (!request.accept.empty()) text += "Accept: " + request.accept + "\r\n";
  if (!request.content_type.empty()) text += "Content-Type: " + request.content_type + "\r\n";
  if (request.method != "GET") text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

// Reads the answer to its end.
awaitable<HttpClient::Outcome> read_answer(Stream& stream, HttpLimits limits) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(limits.body);
  parser.header_limit(most_header);
  parser.eager(true);
  std::string piece(piece_size, '\0');
  std::string unread;
  boost::system::error_code error;
  while (!parser.is_done()) {
    auto got = co_await read_some(stream, piece, limits.deadline);
    // Over TLS an end without close_notify may be an attacker's cut: it has an error of the system.
    const bool ended = !got && got.error().kind == base::ErrorKind::closed && got.error().os_error == 0;
    if (!got && !ended) co_return failed(Step::exchange, got.error().message);
    if (ended) {
      parser.put_eof(error);
      if (error) co_return failed(Step::exchange, "the answer was cut off");
      break;
    }
    unread.append(piece, 0, *got);
    const std::size_t used = parser.put(boost::asio::buffer(unread), error);
    unread.erase(0, used);
    if (error == http::error::body_limit) co_return failed(Step::exchange, "the answer is too long");
    if (error && error != http::error::need_more)
      co_return failed(Step::exchange, "the answer is no HTTP: " + error.message());
    if (unread.size() > most_header) co_return failed(Step::exchange, "the answer is no HTTP: too long a line");
  }
  const auto& message = parser.get();
  HttpAnswer answer;
  answer.status = message.result_int();
  answer.content_type = std::string(message[http::field::content_type]);
  answer.body = message.body();
  co_return answer;
}

}  // namespace

awaitable<std::expected<std::vector<base::Endpoint>, HttpFailure>> HttpClient::addresses_of(Url url) {
  std::vector<base::Endpoint> found;
  if (const auto literal = base::IpAddress::parse(url.host)) {
    found.push_back({.address = *literal, .port = url.port, .unix_path = {}});
    co_return found;
  }
  std::string why;
  for (const auto family : {dns::Family::v6, dns::Family::v4}) {
    const auto answer = co_await resolver_.addresses(url.host, family);
    for (const auto& address : answer.records)
      if (found.size() < most_addresses && !address.is_unspecified())
        found.push_back({.address = address, .port = url.port, .unix_path = {}});
    if (answer.status != dns::Status::found && (why.empty() || !answer.why.empty()))
      why = answer.why.empty() ? dns::to_string(answer.status) : answer.why;
  }
  if (found.empty()) co_return failed(Step::address, fmt::format("{} has no address: {}", url.host, why));
  co_return found;
}

awaitable<HttpClient::Connected> HttpClient::connect(Url url, HttpLimits limits) {
  auto addresses = co_await addresses_of(url);
  if (!addresses) co_return std::unexpected(std::move(addresses.error()));
  std::string why;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    // An address that does not answer leaves the others their share of the time.
    ConnectOptions options;
    options.deadline = limits.deadline;
    if (limits.deadline != base::no_deadline) {
      const auto now = network_.now();
      options.deadline = now + (limits.deadline - now) / static_cast<int>(addresses->size() - i);
    }
    options.canceller = limits.canceller;
    auto stream = co_await network_.connect((*addresses)[i], options);
    if (stream) co_return std::move(*stream);
    why = stream.error().message;
  }
  co_return failed(Step::connect, why);
}

awaitable<HttpClient::Connected> HttpClient::secure(std::unique_ptr<Stream> stream, std::string host,
                                                    std::shared_ptr<const TlsClientContext> tls, HttpLimits limits) {
  TlsClientOptions options{.server_name = host, .names = {host}};
  Stream* const lower = stream.get();
  const Canceller::Hook when_cancelled(limits.canceller, [lower] { lower->cancel(); });
  auto secured = co_await tls_connect(std::move(stream), std::move(tls), std::move(options), limits.deadline);
  if (secured) co_return std::move(*secured);
  const auto& why = secured.error().message;
  co_return failed(why.starts_with("certificate verify failed") ? Step::certificate : Step::tls, why);
}

awaitable<HttpClient::Outcome> HttpClient::exchange(HttpRequest request, std::shared_ptr<const TlsClientContext> tls,
                                                    HttpLimits limits) {
  auto stream = co_await connect(request.url, limits);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  if (request.url.tls) {
    auto secured = co_await secure(std::move(*stream), request.url.host, std::move(tls), limits);
    if (!secured) co_return std::unexpected(std::move(secured.error()));
    stream = std::move(secured);
  }
  Stream* const open = stream->get();
  const Canceller::Hook when_cancelled(limits.canceller, [open] { open->cancel(); });
  const std::string text = text_of(request);
  auto sent = co_await write_all(*open, text, limits.deadline);
  if (!sent) co_return failed(Step::exchange, sent.error().message);
  auto answer = co_await read_answer(*open, limits);
  open->shutdown();
  co_return answer;
}

}  // namespace godwit::net
