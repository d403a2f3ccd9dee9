// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"

namespace godwit::control {

// What a token opens; the bits of Scopes.
enum class Scope : std::uint8_t {
  read = 1,    // everything that changes nothing, and the metrics
  queue = 2,   // messages and deliveries: retry, hold, release, bounce, delete, suspend, resume
  admin = 4,   // all
  submit = 8,  // to hand in messages, as the account of the token
};
using Scopes = std::uint8_t;

struct TokenSettings {
  std::string file;
  Scopes scopes = static_cast<Scopes>(Scope::read);
  std::string account = {};               // as whom it hands in messages; empty: it cannot
  std::vector<std::string> senders = {};  // that it may use beside the account's address; empty: as the account
  std::vector<base::Rate> messages = {}, recipients = {};  // that it may hand in
  std::string secret = {};                                 // what the file holds
};

struct Settings {
  std::string socket = "/run/godwit/control.sock";  // 0660, group godwit
  std::string submit_socket;                        // 0666; empty: beside `socket`, see config::submit_socket
  std::optional<base::Endpoint> http;               // nothing: there is no such listener
  bool http_tls = false;                            // with the certificates of `tls`
  std::vector<TokenSettings> tokens;
  // A reload that would have refused more percent of the mail accepted last is not applied; nothing: it is.
  std::optional<double> refuse_newly_rejected = {};
};

}  // namespace godwit::control
