// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/http_client.hpp"

#include <algorithm>
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

enum class Afterwards : std::uint8_t { close, keep };

std::string text_of(const HttpRequest& request, Afterwards afterwards) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: godwit\r\n", request.method,
                                 request.url.target, authority(request.url));
  if (afterwards == Afterwards::close) text += "Connection: close\r\n";
  if (!request.accept.empty()) text += "Accept: " + request.accept + "\r\n";
  if (!request.content_type.empty()) text += "Content-Type: " + request.content_type + "\r\n";
  if (!request.authorization.empty()) text += "Authorization: " + request.authorization + "\r\n";
  if (request.method != "GET") text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

struct Heard {
  HttpAnswer answer;
  bool is_reusable = false;  // the connection
};
using Hearing = std::expected<Heard, HttpFailure>;

std::unexpected<HttpFailure> not_heard(const base::Error& error, bool said_something) {
  auto failure = failed(Step::exchange, error.message);
  failure.error().hung_up = !said_something && error.kind == base::ErrorKind::closed;
  return failure;
}

// Reads the answer to its end.
awaitable<Hearing> read_answer(Stream& stream, HttpLimits limits) {
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
    if (!got && (!ended || !parser.got_some())) co_return not_heard(got.error(), parser.got_some());
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
  Heard heard;
  heard.answer.status = message.result_int();
  constexpr unsigned first_status = 100;  // RFC 9110 section 15
  if (heard.answer.status < first_status) co_return failed(Step::exchange, "the answer is no HTTP: it has no status");
  heard.answer.content_type = std::string(message[http::field::content_type]);
  heard.answer.body = message.body();
  for (const auto& field : message) heard.answer.fields.emplace_back(field.name_string(), field.value());
  // What comes before the real answer (1xx) was not asked for.
  heard.is_reusable = parser.is_done() && parser.keep_alive() && unread.empty() && heard.answer.status >= 200;
  co_return heard;
}

awaitable<Hearing> converse(Stream& stream, std::string request, HttpLimits limits) {
  Stream* const open = &stream;
  const Canceller::Hook when_cancelled(limits.canceller, [open] { open->cancel(); });
  auto sent = co_await write_all(stream, request, limits.deadline);
  if (!sent) co_return not_heard(sent.error(), false);
  co_return co_await read_answer(stream, limits);
}

}  // namespace

std::string HttpAnswer::field(std::string_view name) const {
  const auto found = std::ranges::find_if(fields, [&](const auto& each) { return base::iequals(each.first, name); });
  return found == fields.end() ? std::string() : found->second;
}

awaitable<std::expected<std::vector<base::Endpoint>, HttpFailure>> HttpClient::addresses_of(Url url) {
  std::vector<base::Endpoint> found;
  if (const auto literal = base::IpAddress::parse(url.host)) {
    found.push_back({.address = *literal, .port = url.port, .unix_path = {}});
    co_return found;
  }
  if (base::iequals(url.host, "localhost")) {  // RFC 6761 section 6.3
    found.push_back({.address = base::IpAddress::v4({127, 0, 0, 1}), .port = url.port, .unix_path = {}});
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

awaitable<HttpClient::Connected> HttpClient::open(Url url, std::shared_ptr<const TlsClientContext> tls,
                                                  HttpLimits limits) {
  auto stream = co_await connect(url, limits);
  if (!stream || !url.tls) co_return stream;
  auto securing = secure(std::move(*stream), url.host, std::move(tls), limits);
  co_return co_await std::move(securing);
}

awaitable<HttpClient::Outcome> HttpClient::exchange(HttpRequest request, std::shared_ptr<const TlsClientContext> tls,
                                                    HttpLimits limits) {
  auto stream = co_await open(request.url, std::move(tls), limits);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  auto conversing = converse(**stream, text_of(request, Afterwards::close), limits);
  auto heard = co_await std::move(conversing);
  (*stream)->shutdown();
  if (!heard) co_return std::unexpected(std::move(heard.error()));
  co_return std::move(heard->answer);
}

awaitable<HttpClient::Outcome> HttpClient::exchange(HttpRequest request, std::shared_ptr<const TlsClientContext> tls,
                                                    HttpLimits limits, std::shared_ptr<StreamPool> pool) {
  auto place = co_await pool->enter(limits.deadline);
  if (!place) co_return failed(Step::connect, place.error().message);
  const std::string text = text_of(request, Afterwards::keep);
  for (;;) {
    auto stream = place->take_kept();
    const bool was_kept = stream != nullptr;
    if (!was_kept) {
      auto opened = co_await open(request.url, tls, limits);
      if (!opened) co_return std::unexpected(std::move(opened.error()));
      stream = std::move(*opened);
    }
    auto conversing = converse(*stream, text, limits);
    auto heard = co_await std::move(conversing);
    if (!heard && heard.error().hung_up && was_kept) continue;
    if (!heard) co_return std::unexpected(std::move(heard.error()));
    if (heard->is_reusable)
      place->keep(std::move(stream));
    else
      stream->shutdown();
    co_return std::move(heard->answer);
  }
}

}  // namespace godwit::net
