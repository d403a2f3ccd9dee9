// SPDX-License-Identifier: Apache-2.0
// A PROXY header is found with its exact length, however much of it has come: what follows it is never touched, and
// nobody waits for bytes that may not come.
#include <variant>

#include "fuzz/fuzz.hpp"
#include "godwit/net/proxy_protocol.hpp"

namespace godwit::fuzz {
namespace {

using namespace net;

bool is_same(const ProxyHeader& a, const ProxyHeader& b) {
  return a.version == b.version && a.local == b.local && a.source == b.source && a.destination == b.destination;
}

// Version 1 says all that is known of a client.
void check_written(const ProxyHeader& header) {
  if (!header.source || !header.destination) return;
  const auto &from = *header.source, &to = *header.destination;
  if (from.address.is_v4() != to.address.is_v4()) return;
  const auto text = std::string("PROXY ") + (from.address.is_v4() ? "TCP4 " : "TCP6 ") + to_string(from.address) + " " +
                    to_string(to.address) + " " + std::to_string(from.port) + " " + std::to_string(to.port) + "\r\n";
  const auto again = parse_proxy_header(text);
  const auto* done = std::get_if<ProxyDone>(&again);
  require(done != nullptr && done->length == text.size());
  require(done->header.source == header.source && done->header.destination == header.destination);
}

}  // namespace

void fuzz_proxy_header(std::string_view input) {
  const auto parsed = parse_proxy_header(input);
  if (const auto* wrong = std::get_if<ProxyInvalid>(&parsed)) return require(is_printable(wrong->reason));
  if (const auto* more = std::get_if<ProxyMore>(&parsed))
    return require(more->bytes > 0 && input.size() + more->bytes <= proxy_header_limit);
  const auto& done = std::get<ProxyDone>(parsed);
  require(done.length <= input.size() && done.length <= proxy_header_limit);
  for (std::size_t have = 0; have < done.length; ++have) {
    const auto part = parse_proxy_header(input.substr(0, have));
    const auto* more = std::get_if<ProxyMore>(&part);
    require(more != nullptr && more->bytes > 0 && have + more->bytes <= done.length);
  }
  const auto exact = parse_proxy_header(input.substr(0, done.length));
  require(std::holds_alternative<ProxyDone>(exact) && is_same(std::get<ProxyDone>(exact).header, done.header));
  check_written(done.header);
}

}  // namespace godwit::fuzz
