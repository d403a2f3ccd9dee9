// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"

namespace godwit::acme {

enum class ChallengeKind { http_01, tls_alpn_01 };
enum class KeyType { ecdsa_p256, rsa2048 };

struct Settings {
  bool terms_of_service_agreed = false;  // of the authority, by the administrator: this turns the client on
  std::string directory = "https://acme-v02.api.letsencrypt.org/directory";
  std::vector<std::string> contact;  // addresses
  std::vector<std::string> names;    // empty: the hostname
  ChallengeKind challenge = ChallengeKind::http_01;
  std::optional<base::Endpoint> listen;  // while an order is under way; unset: port 80 or 443 of all addresses
  std::string webroot;                   // of a web server that has port 80; empty: we answer ourselves
  KeyType key_type = KeyType::ecdsa_p256;
  bool reuse_key = true;          // a renewal keeps the key, and so TLSA records stay right
  std::string ca_file;            // who vouches for the directory's host; empty: as for outgoing TLS
  base::Duration renew_before{};  // the end; zero: a third of its lifetime
  std::string external_key_id;    // RFC 8555 section 7.3.4; empty: none
  std::string external_key_file;  // base64url, as the authority hands it out

  bool operator==(const Settings&) const = default;
};

// Where the authority's question is waited for, while an order is under way; empty: nowhere (a web server answers).
inline std::optional<base::Endpoint> listening_place(const Settings& settings) {
  if (!settings.webroot.empty()) return {};
  if (settings.listen) return settings.listen;
  const bool is_http = settings.challenge == ChallengeKind::http_01;
  return base::Endpoint::parse(is_http ? "[::]:80" : "[::]:443");
}

}  // namespace godwit::acme
