// SPDX-License-Identifier: Apache-2.0
// IP addresses and networks as values; parsing and comparing only, no socket.  IPv4-mapped IPv6 counts as IPv4
// everywhere.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::base {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(std::array<std::uint8_t, 16> bytes);  // a mapped address becomes IPv4
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return v4_; }
  bool is_v6() const { return !v4_; }
  bool is_loopback() const;
  bool is_unspecified() const;
  // 4 or 16 significant bytes, network order.
  std::string_view bytes() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
};

std::string to_string(const IpAddress& address);

// 10.0.0.0/8, 2001:db8::/32, or a single address.
class IpNetwork {
 public:
  IpNetwork() = default;
  IpNetwork(const IpAddress& address, int prefix);
  static std::optional<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  int prefix() const { return prefix_; }
  auto operator<=>(const IpNetwork&) const = default;

 private:
  IpAddress address_;  // host bits are zero
  int prefix_ = 32;
};

std::string to_string(const IpNetwork& network);

// By what clients are told apart and counted: an IPv4 address, or the /64 that an IPv6 host has for itself.
IpNetwork client_network(const IpAddress& client);

// An address and a port, or the path of a Unix socket.  "127.0.0.1:25", "[::1]:25", "unix:/run/x.sock".
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  std::string unix_path;  // not empty: a Unix socket; address and port mean nothing
  auto operator<=>(const Endpoint&) const = default;

  // `default_port` serves where the text has none.
  static std::optional<Endpoint> parse(std::string_view text, std::optional<std::uint16_t> default_port = {});
};

std::string to_string(const Endpoint& endpoint);

}  // namespace godwit::base
