// SPDX-License-Identifier: Apache-2.0
// How services outside are asked what they think of mail: over HTTP (docs/http-hook.md), or in the words in which
// Postfix asks its policy servers (SMTPD_POLICY_README).  Included by settings.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::policy {

enum class Stage : std::uint8_t { connect, helo, mail, rcpt, data, end };

// What becomes of mail when who is asked about it cannot be reached, is too slow or talks nonsense.
enum class OnFailure : std::uint8_t { accept, defer, reject };

// Whose mail a service is asked about.
enum class Clients : std::uint8_t { all, strangers };  // see Facts::stranger

struct ServerAddress {
  std::string host = {};  // a name or an address
  std::uint16_t port = 0;
  std::string unix_path = {};  // not empty: a Unix socket; host and port mean nothing
  bool operator==(const ServerAddress&) const = default;
};
// As the configuration has it: "inet:[::1]:10023", "unix:/run/x".
inline std::string to_string(const ServerAddress& address) {
  if (!address.unix_path.empty()) return "unix:" + address.unix_path;
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return "inet:" + (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

// What both kinds have.
struct ServiceSettings {
  std::string name;  // in lists of checks, behind the kind: "http:NAME"
  std::vector<Stage> stages = {Stage::rcpt};
  Clients clients = Clients::all;
  OnFailure on_failure = OnFailure::defer;
  base::Duration timeout = std::chrono::seconds(10);  // of each answer, with what it takes to connect
  std::size_t connections = 8;                        // at most, on each reactor; kept for the next question
};

struct HttpHookSettings : ServiceSettings {
  std::string url;
  std::string token_file = {};
  std::string token = {};           // what was in it
  std::string ca_file = {};         // empty: those of tls.ca_file
  std::size_t headers = 64U << 10;  // bytes of the message's header that are told at end
  std::size_t body = 0;             // bytes of its body, likewise
};

struct DelegateSettings : ServiceSettings {
  ServerAddress address;
  std::string context = {};  // told as policy_context
};

inline constexpr std::string_view http_prefix = "http:";
inline constexpr std::string_view delegate_prefix = "delegate:";

}  // namespace godwit::policy
