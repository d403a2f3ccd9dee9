// SPDX-License-Identifier: Apache-2.0
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), the server's side: what is stored instead of a password,
// and the exchange as a machine of two steps.  Pure: the nonce and the keys come in.  Any thread; an exchange belongs
// to one.
//
//   client_first(message) → user name → the caller looks the keys up → server_first(keys) → client_final(message)
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/random.hpp"

namespace godwit::smtp {

struct ScramKeys {
  std::string salt;  // bytes
  std::uint32_t iterations = 0;
  std::string stored_key;  // 32 bytes
  std::string server_key;  // 32 bytes
  bool operator==(const ScramKeys&) const = default;
};

// RFC 7677 section 4 asks for 4096 at least.  The client works for them, and so does nobody who has no keys to try.
inline constexpr std::uint32_t scram_iterations = 10000;
inline constexpr std::size_t scram_salt_size = 16;

// `password` in the form of saslprep().  Takes milliseconds: never on a reactor.
ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint32_t iterations);
// "SCRAM-SHA-256$10000:c2FsdA==$StoredKey:ServerKey", base 64: the form of RFC 5803, and of PostgreSQL.
std::string to_string(const ScramKeys& keys);
std::optional<ScramKeys> parse_scram_keys(std::string_view text);  // empty: not of that form, or weak beyond use
// Keys that no password has, always the same for the same name and secret, so that a name that nobody has gets a salt
// like any other's.  The shape (size of the salt, iterations) is that of `like`.
ScramKeys decoy_scram_keys(std::string_view name, std::string_view secret, const ScramKeys& like);

// Of either side: 24 random bytes, printable (RFC 5802 section 5.1).
std::string make_scram_nonce(base::Random& random);

// What a TLS session offers to bind to; empty: that kind is not there.
struct ChannelBindings {
  std::string exporter;   // tls-exporter (RFC 9266)
  std::string end_point;  // tls-server-end-point (RFC 5929)
  bool any() const { return !exporter.empty() || !end_point.empty(); }
};

class ScramServer {
 public:
  enum class Variant { plain, plus };
  enum class Failure {
    malformed,  // what the client sent is no SCRAM
    rejected,   // wrong proof, binding to another channel, or a mechanism was hidden from the client
  };

  // `nonce`: printable ASCII without commas, 18 random bytes at least.  `plus_offered`: the client was told of -PLUS.
  ScramServer(Variant variant, bool plus_offered, ChannelBindings bindings, std::string nonce);

  // The user name, prepared by saslprep().
  std::expected<std::string, Failure> client_first(std::string_view message);
  // The challenge.  Requires: client_first succeeded.
  std::string server_first(ScramKeys keys);
  // server-final-message, to be sent before success.  Requires: server_first.
  std::expected<std::string, Failure> client_final(std::string_view message);

 private:
  std::expected<std::string_view, Failure> read_gs2_header(std::string_view message);
  bool binds(std::string_view channel_binding) const;

  Variant variant_;
  bool plus_offered_;
  ChannelBindings bindings_;
  std::string nonce_;  // the client's and ours, after client_first
  std::string gs2_header_;
  std::optional<std::string> binding_;  // the bytes that the client chose to bind to; empty: none
  std::string authzid_;
  std::string first_bare_;
  std::string server_first_;
  ScramKeys keys_;
};

}  // namespace godwit::smtp
