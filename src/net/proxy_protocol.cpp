// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/proxy_protocol.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::net {
namespace {

constexpr std::string_view v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view v1_signature = "PROXY ";
constexpr std::size_t v1_limit = 107;  // with CRLF, section 2.1
constexpr std::size_t v2_fixed = 16;   // signature, version and command, family, length

ProxyInvalid invalid(std::string reason) {
  return {"PROXY header: " + std::move(reason)};
}

// The port without sign or leading zero, section 2.1.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.size() > 5 || (text.size() > 1 && text.front() == '0')) return {};
  const auto number = base::parse_unsigned(text);
  if (!number || *number > 65535) return {};
  return static_cast<std::uint16_t>(*number);
}

ProxyParse parse_v1_line(std::string_view line) {
  ProxyDone unknown{.header = {.version = 1, .local = false, .source = {}, .destination = {}},
                    .length = line.size() + 2};
  const auto words = base::split(line, ' ');
  if (words.size() >= 2 && words[1] == "UNKNOWN") return unknown;  // the rest must be ignored
  const bool v4 = words.size() >= 2 && words[1] == "TCP4";
  const bool v6 = words.size() >= 2 && words[1] == "TCP6";
  if (words.size() != 6 || (!v4 && !v6)) return invalid(fmt::format("\"{}\"", base::printable(line)));
  const auto source = base::IpAddress::parse(words[2]);
  const auto destination = base::IpAddress::parse(words[3]);
  const auto source_port = parse_port(words[4]);
  const auto destination_port = parse_port(words[5]);
  // Whether the text is of the family; a mapped IPv6 address counts as IPv4 once it is parsed.
  const auto right_family = [v6](std::string_view text) { return text.contains(':') == v6; };
  if (!source || !destination || !right_family(words[2]) || !right_family(words[3]))
    return invalid(fmt::format("bad address in \"{}\"", base::printable(line)));
  if (!source_port || !destination_port) return invalid(fmt::format("bad port in \"{}\"", base::printable(line)));
  ProxyDone done = unknown;
  done.header.source = base::Endpoint{.address = *source, .port = *source_port, .unix_path = {}};
  done.header.destination = base::Endpoint{.address = *destination, .port = *destination_port, .unix_path = {}};
  return done;
}

ProxyParse parse_v1(std::string_view bytes) {
  const auto end = bytes.find("\r\n");
  if (end != std::string_view::npos && end + 2 <= v1_limit) return parse_v1_line(bytes.substr(0, end));
  if (bytes.size() >= v1_limit || end != std::string_view::npos) return invalid("the line is too long");
  // What is surely still to come: the shortest line of its kind, or else the end of the line.
  constexpr std::string_view shortest_unknown = "PROXY UNKNOWN\r\n";
  constexpr std::string_view shortest_tcp4 = "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n";
  constexpr std::string_view shortest_tcp6 = "PROXY TCP6 :: :: 1 1\r\n";
  std::size_t least = shortest_unknown.size();
  if (bytes.starts_with("PROXY TCP4")) least = shortest_tcp4.size();
  if (bytes.starts_with("PROXY TCP6")) least = shortest_tcp6.size();
  if (bytes.size() < least) return ProxyMore{least - bytes.size()};
  return ProxyMore{bytes.back() == '\r' ? std::size_t{1} : std::size_t{2}};
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}
std::uint16_t word_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

template <std::size_t N>
base::IpAddress address_at(std::string_view bytes, std::size_t at) {
  std::array<std::uint8_t, N> raw{};
  std::memcpy(raw.data(), bytes.data() + at, N);
  if constexpr (N == 4)
    return base::IpAddress::v4(raw);
  else
    return base::IpAddress::v6(raw);
}

// Source and destination address, then the two ports.
template <std::size_t N>
void read_addresses(std::string_view body, ProxyHeader& header) {
  header.source = base::Endpoint{.address = address_at<N>(body, 0), .port = word_at(body, 2 * N), .unix_path = {}};
  header.destination =
      base::Endpoint{.address = address_at<N>(body, N), .port = word_at(body, 2 * N + 2), .unix_path = {}};
}

ProxyParse parse_v2(std::string_view bytes) {
  if (bytes.size() < v2_fixed) return ProxyMore{v2_fixed - bytes.size()};
  const unsigned version = byte_at(bytes, 12) >> 4U;
  const unsigned command = byte_at(bytes, 12) & 0xFU;
  const std::size_t length = v2_fixed + word_at(bytes, 14);
  if (version != 2) return invalid(fmt::format("unknown version {}", version));
  if (command > 1) return invalid(fmt::format("unknown command {}", command));
  if (length > proxy_header_limit) return invalid(fmt::format("{} bytes are too many", length));
  if (bytes.size() < length) return ProxyMore{length - bytes.size()};

  ProxyDone done{.header = {.version = 2, .local = command == 0, .source = {}, .destination = {}}, .length = length};
  if (done.header.local) return done;
  const auto body = bytes.substr(v2_fixed, length - v2_fixed);  // TLVs after the addresses are not wanted
  constexpr unsigned tcp_over_ipv4 = 0x11;
  constexpr unsigned tcp_over_ipv6 = 0x21;
  const unsigned family = byte_at(bytes, 13);
  if (family == tcp_over_ipv4) {
    if (body.size() < 12) return invalid("too short for IPv4");
    read_addresses<4>(body, done.header);
  } else if (family == tcp_over_ipv6) {
    if (body.size() < 36) return invalid("too short for IPv6");
    read_addresses<16>(body, done.header);
  } else if (family >> 4U > 3 || (family & 0xFU) > 2) {
    return invalid(fmt::format("unknown family 0x{:02x}", family));
  }
  return done;
}

// Whether `bytes` is `signature` as far as it goes.
bool may_be(std::string_view bytes, std::string_view signature) {
  return bytes.starts_with(signature.substr(0, bytes.size()));
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view bytes) {
  if (bytes.starts_with(v2_signature)) return parse_v2(bytes);
  if (bytes.starts_with(v1_signature)) return parse_v1(bytes);
  if (may_be(bytes, v2_signature)) return ProxyMore{bytes.empty() ? 6 : v2_fixed - bytes.size()};
  if (may_be(bytes, v1_signature)) return ProxyMore{v1_signature.size() - bytes.size()};
  return invalid(fmt::format("none, but \"{}\"", base::printable(bytes.substr(0, 16))));
}

Task<ProxyHeader> read_proxy_header(Stream& stream, base::MonoTime deadline) {
  std::vector<char> buffer;
  for (;;) {
    const auto parsed = parse_proxy_header({buffer.data(), buffer.size()});
    if (const auto* done = std::get_if<ProxyDone>(&parsed)) co_return done->header;
    if (const auto* wrong = std::get_if<ProxyInvalid>(&parsed))
      co_return base::fail(base::ErrorKind::invalid, wrong->reason);
    const std::size_t have = buffer.size();
    buffer.resize(have + std::get<ProxyMore>(parsed).bytes);
    auto got = co_await read_some(stream, std::span(buffer).subspan(have), deadline);
    if (!got) co_return std::unexpected(std::move(got.error()));
    buffer.resize(have + *got);
  }
}

}  // namespace godwit::net
