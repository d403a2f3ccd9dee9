// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

// What is counted for each client network.
enum class Rated : std::uint8_t { connections, handshakes, commands, messages, recipients };
inline constexpr std::size_t rated_kinds = 5;

// What is counted for each account.
enum class AccountRated : std::uint8_t { messages, recipients, new_destinations };
inline constexpr std::size_t account_rated_kinds = 3;

// When an account sends so unlike itself that it is stopped; see account_breaker.hpp.  All in an hour.
struct BreakerSettings {
  bool enabled = true;
  std::uint32_t recipients = 1000;           // that every account may have
  std::uint32_t different_recipients = 500;  // likewise
  std::uint32_t refused = 50;                // likewise, whatever share of all they are
  std::uint32_t refused_percent = 30;        // of all recipients, likewise
  std::uint32_t factor = 5;                  // or so many times what the account's busiest hour was
  std::vector<std::string> exempt = {};      // accounts
};

struct MilterAddress {
  std::string host = {};  // a name or an address
  std::uint16_t port = 0;
  std::string unix_path = {};  // not empty: a Unix socket; host and port mean nothing
  bool operator==(const MilterAddress&) const = default;
};

// A filter that speaks the milter protocol.
struct MilterSettings {
  enum class Failure { accept, defer, reject };

  std::string name;  // in the log
  MilterAddress address;
  std::vector<smtp::Service> services = {smtp::Service::mx, smtp::Service::submission};
  Failure on_failure = Failure::defer;
  base::Duration connect_timeout = std::chrono::seconds(30);   // until it has agreed on the protocol
  base::Duration command_timeout = std::chrono::seconds(30);   // of each answer
  base::Duration message_timeout = std::chrono::seconds(300);  // of the answer to a whole message
  std::size_t idle_connections = 0;                            // kept for the next client, on each reactor
};

struct Settings {
  std::vector<MilterSettings> milters = {};
  std::vector<base::IpNetwork> trusted_networks = {*base::IpNetwork::parse("127.0.0.0/8"),
                                                   *base::IpNetwork::parse("::1/128")};
  std::array<base::Rate, rated_kinds> rates{};                               // by Rated
  std::array<std::vector<base::Rate>, account_rated_kinds> account_rates{};  // by AccountRated; all of them count
  BreakerSettings breaker = {};
  std::size_t connections = 10000;
  std::size_t connections_per_client = 50;  // per IPv4 address or IPv6 /64; trusted_networks are exempt
  // Users of this machine who may submit under any sender address; "*": all of them.
  std::vector<std::string> trusted_users = {"root", "www-data"};
};

}  // namespace godwit::policy
