// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::base {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool same_prefix(std::string_view a, std::string_view b, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFF00U >> static_cast<unsigned>(rest));
  return (static_cast<unsigned char>(a[whole]) & mask) == (static_cast<unsigned char>(b[whole]) & mask);
}

// Several times for each message: inet_ntop() goes through printf().
std::string to_dotted(std::string_view bytes) {
  std::array<char, INET_ADDRSTRLEN> buffer{};
  char* end = buffer.data();
  for (const char byte : bytes) {
    if (end != buffer.data()) *end++ = '.';
    end =
        std::to_chars(end, buffer.data() + buffer.size(), static_cast<unsigned>(static_cast<unsigned char>(byte))).ptr;
  }
  return {buffer.data(), end};
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress result;
  std::ranges::copy(bytes, result.bytes_.begin());
  return result;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes) {
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin()))
    return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  IpAddress result;
  result.v4_ = false;
  result.bytes_ = bytes;
  return result;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  if (copy.find('\0') != std::string::npos) return {};
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, copy.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen{};
  if (::inet_pton(AF_INET6, copy.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return {};
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) && bytes_[15] == 1;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes_, [](auto b) { return b == 0; });
}

std::string_view IpAddress::bytes() const {
  return {reinterpret_cast<const char*>(bytes_.data()), v4_ ? std::size_t{4} : std::size_t{16}};
}

std::string to_string(const IpAddress& address) {
  if (address.is_v4()) return to_dotted(address.bytes());
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  ::inet_ntop(AF_INET6, address.bytes().data(), buffer.data(), buffer.size());
  return buffer.data();
}

IpNetwork::IpNetwork(const IpAddress& address, int prefix) : prefix_(prefix) {
  std::array<std::uint8_t, 16> bytes{};
  const auto source = address.bytes();
  for (std::size_t i = 0; i < source.size(); ++i) {
    const int keep = std::clamp(prefix - static_cast<int>(i) * 8, 0, 8);
    bytes[i] =
        static_cast<std::uint8_t>(static_cast<unsigned char>(source[i]) & (0xFF00U >> static_cast<unsigned>(keep)));
  }
  address_ = address.is_v4() ? IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}) : IpAddress::v6(bytes);
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return {};
  int width = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return IpNetwork(*address, width);
  auto prefix = parse_unsigned(text.substr(slash + 1));
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8
  if (prefix && address->is_v4() && text.find(':') != std::string_view::npos) {
    if (*prefix < 96) return {};
    *prefix -= 96;
  }
  if (!prefix || *prefix > static_cast<std::uint64_t>(width)) return {};
  return IpNetwork(*address, static_cast<int>(*prefix));
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.is_v4() == address_.is_v4() && same_prefix(address.bytes(), address_.bytes(), prefix_);
}

std::string to_string(const IpNetwork& network) {
  return fmt::format("{}/{}", to_string(network.address()), network.prefix());
}

IpNetwork client_network(const IpAddress& client) {
  return {client, client.is_v4() ? 32 : 64};
}

std::optional<Endpoint> Endpoint::parse(std::string_view text, std::optional<std::uint16_t> default_port) {
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    if (path.empty() || path.find('\0') != std::string_view::npos) return {};
    return Endpoint{.address = {}, .port = 0, .unix_path = std::string(path)};
  }
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    host = text.substr(1, close - 1);
    auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return {};
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return {};
  } else if (std::ranges::count(text, ':') == 1) {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return {};
  }
  const auto address = IpAddress::parse(host);
  if (!address) return {};
  if (port.empty()) {
    if (!default_port) return {};
    return Endpoint{.address = *address, .port = *default_port, .unix_path = {}};
  }
  const auto number = parse_unsigned(port);
  if (!number || *number > 65535) return {};
  return Endpoint{.address = *address, .port = static_cast<std::uint16_t>(*number), .unix_path = {}};
}

std::string to_string(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return "unix:" + endpoint.unix_path;
  if (endpoint.address.is_v6()) return fmt::format("[{}]:{}", to_string(endpoint.address), endpoint.port);
  return fmt::format("{}:{}", to_string(endpoint.address), endpoint.port);
}

}  // namespace godwit::base
