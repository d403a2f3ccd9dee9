// SPDX-License-Identifier: Apache-2.0
// The keys of the certificate that the daemon gets for itself.
#include <algorithm>
#include <chrono>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using acme::ChallengeKind, acme::KeyType;

// RFC 8555 section 6.1.
Type<std::string> directory_url() {
  return scalar<std::string>(
      "https:// URL",
      [](const std::string& text) -> base::Result<std::string> {
        const bool is_clean = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"'; });
        if (!text.starts_with("https://") || text.size() < 10 || !is_clean)
          return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is no https:// URL", base::printable(text)));
        return text;
      },
      show_text);
}

}  // namespace

Fields<Document> acme_part() {
  return {
      field(
          "tls.acme.terms_of_service_agreed", [](auto& d) -> auto& { return d.settings.acme.terms_of_service_agreed; },
          boolean(),
          "`yes`: the daemon gets its certificate itself, and a new one in time, from an authority that speaks ACME, "
          "whose terms of service you have read and agree to. Until the first one is there, STARTTLS is not offered "
          "and submission listeners let nobody log in"),
      field(
          "tls.acme.directory", [](auto& d) -> auto& { return d.settings.acme.directory; }, directory_url(),
          "URL of the authority's directory. To try things out, Let's Encrypt has "
          "`https://acme-staging-v02.api.letsencrypt.org/directory`"),
      field(
          "tls.acme.contact", [](auto& d) -> auto& { return d.settings.acme.contact; },
          list_of(mail_address(), Single::accept), "Addresses to which the authority may write"),
      field(
          "tls.acme.names", [](auto& d) -> auto& { return d.settings.acme.names; },
          list_of(host_name(), Single::accept), "What the certificate is for. Left out: `hostname`"),
      field(
          "tls.acme.challenge", [](auto& d) -> auto& { return d.settings.acme.challenge; },
          word<ChallengeKind>({{"http-01", ChallengeKind::http_01}, {"tls-alpn-01", ChallengeKind::tls_alpn_01}}),
          "How the authority sees that the names are ours: by a connection to port 80, or to port 443, of each"),
      field(
          "tls.acme.listen", [](auto& d) -> auto& { return d.settings.acme.listen; },
          optional_of(tcp_endpoint({}), "[::]:80, with tls-alpn-01 [::]:443"),
          "Where that connection is taken, while an order is under way and only then. A port below 1024 takes a "
          "restart where the daemon began without one: it has given up the right"),
      field(
          "tls.acme.webroot", [](auto& d) -> auto& { return d.settings.acme.webroot; },
          or_empty(absolute_path(), "none"),
          "Folder of a web server that has port 80 (http-01): the answer is put into `.well-known/acme-challenge` in "
          "it, and nothing is listened on"),
      field(
          "tls.acme.key_type", [](auto& d) -> auto& { return d.settings.acme.key_type; },
          word<KeyType>({{"ecdsa-p256", KeyType::ecdsa_p256}, {"rsa2048", KeyType::rsa2048}}),
          "Of the certificate's key"),
      field(
          "tls.acme.reuse_key", [](auto& d) -> auto& { return d.settings.acme.reuse_key; }, boolean(),
          "A renewal keeps the key, so that TLSA records (`3 1 1`) stay right; `false`: each has a new one"),
      field(
          "tls.acme.renew_before", [](auto& d) -> auto& { return d.settings.acme.renew_before; },
          duration(0s, 366 * 24h),
          "How long before its end a new certificate is ordered; 0s: a third of its lifetime. Never in the first third "
          "of it"),
      field(
          "tls.acme.ca_file", [](auto& d) -> auto& { return d.settings.acme.ca_file; },
          or_empty(absolute_path(), "tls.ca_file"),
          "Authorities trusted when the certificate of the directory's host is verified"),
      field(
          "tls.acme.external_account.key_id", [](auto& d) -> auto& { return d.settings.acme.external_key_id; }, text(),
          "For authorities that serve their customers only: what they call your account"),
      field(
          "tls.acme.external_account.hmac_key_file", [](auto& d) -> auto& { return d.settings.acme.external_key_file; },
          or_empty(absolute_path(), "none"),
          "File with the secret that goes with it, in base64url, as they hand it out"),
  };
}

}  // namespace godwit::config
