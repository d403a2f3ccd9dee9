// SPDX-License-Identifier: Apache-2.0
// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), the client's side, as a machine of three steps.  Pure: the
// nonce comes in, and so do the keys, which cost milliseconds to make.  An exchange belongs to one thread.
//
//   client_first() → the challenge → question(challenge) → the caller makes the keys → client_final(keys)
//   → the server's last word → is_genuine(word)
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace godwit::smtp {

// What a client proves and checks with, instead of the password.
struct ScramClientKeys {
  std::string client_key;  // 32 bytes
  std::string server_key;  // 32 bytes
};
// `password` in the form of saslprep().  Never on a reactor.
ScramClientKeys make_scram_client_keys(std::string_view password, std::string_view salt, std::uint32_t iterations);

// Of the TLS session, and whether the server is told of it (RFC 5802 section 6).
struct ScramChannel {
  enum class Use {
    none,         // the client has none to bind to, or was told not to
    not_offered,  // it has, but heard of no -PLUS: a server that did offer it then knows that somebody removed it
    bound,
  } use = Use::none;
  std::string type{};  // "tls-exporter", "tls-server-end-point"
  std::string bytes{};
};

class ScramClient {
 public:
  // What a server may ask of us: fewer are weak (RFC 7677 section 4), more would be work for nothing.
  static constexpr std::uint32_t fewest_iterations = 4096;
  static constexpr std::uint32_t most_iterations = 1'000'000;

  struct Question {
    std::string salt;  // bytes
    std::uint32_t iterations = 0;
  };

  // `user` in the form of saslprep(); `nonce`: printable ASCII without commas, 18 random bytes at least.
  ScramClient(std::string_view user, std::string nonce, ScramChannel channel);

  std::string client_first() const { return gs2_header_ + first_bare_; }
  // Error: why nobody can answer this.
  std::expected<Question, std::string> question(std::string_view server_first);
  // Requires: question() succeeded.
  std::string client_final(const ScramClientKeys& keys);
  // Whether the server knows the password's keys too.  Requires: client_final().
  bool is_genuine(std::string_view server_final) const;

 private:
  std::string gs2_header_;
  std::string binding_;
  std::string nonce_;  // ours, then ours and the server's
  std::string first_bare_;
  std::string server_first_;
  std::string server_signature_;
};

}  // namespace godwit::smtp
