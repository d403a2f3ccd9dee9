// SPDX-License-Identifier: Apache-2.0
// The keys of who may log in.
#include <algorithm>
#include <chrono>

#include "schema.hpp"
#include "source_fields.hpp"

namespace godwit::config {

namespace {

using namespace std::chrono_literals;
using auth::StoreSettings, auth::StoreType;

Fields<StoreSettings> store_fields() {
  Fields<StoreSettings> fields = {
      make_field<StoreSettings>(
          "type", [](auto& s) -> auto& { return s.type; },
          word<StoreType>({{"file", StoreType::file},
                           {"dovecot", StoreType::dovecot},
                           {"saslauthd", StoreType::saslauthd},
                           {"sqlite", StoreType::sqlite},
                           {"postgresql", StoreType::postgresql},
                           {"ldap", StoreType::ldap}}),
          "What it is", Reload::yes, Need::required),
      make_field<StoreSettings>(
          "path", [](auto& s) -> auto& { return s.path; }, absolute_path(),
          "Of the accounts file, the SQLite file, or the socket of Dovecot (its client socket of service auth) or "
          "saslauthd"),
      make_field<StoreSettings>(
          "service", [](auto& s) -> auto& { return s.service; }, text(),
          "dovecot, saslauthd: name of the service, for their rules and PAM's"),
      make_field<StoreSettings>(
          "userdb", [](auto& s) -> auto& { return s.userdb; }, or_empty(absolute_path(), "it is not asked"),
          "dovecot: its socket auth-userdb, which tells which users exist, for `recipients: accounts`"),
      make_field<StoreSettings>(
          "domain", [](auto& s) -> auto& { return s.domain; }, or_empty(domain_name(), "user and realm"),
          "saslauthd: only users of this domain are asked about, and without it, as PAM knows them"),
      make_field<StoreSettings>(
          "query", [](auto& s) -> auto& { return s.query; }, text(),
          "sqlite, postgresql: gives one row with the columns `password` (crypt(3) hash), `scram`, `senders`, "
          "`account`, "
          "or some of them; its one parameter, `$1`, is the user's address in lower case"),
      make_field<StoreSettings>(
          "scram", [](auto& s) -> auto& { return s.scram; }, boolean(),
          "sqlite, postgresql: whoever can log in has keys in column `scram`, so that SCRAM may be offered"),
      make_field<StoreSettings>(
          "filter", [](auto& s) -> auto& { return s.filter; }, text(),
          "ldap: finds the user's entry, such as `(mail={user})`; also `{local}` and `{domain}`"),
      make_field<StoreSettings>(
          "name_attribute", [](auto& s) -> auto& { return s.name_attribute; }, text(),
          "ldap: attribute with the account's address; empty: the address that the client gave"),
  };
  for (auto& field : source_fields<StoreSettings>()) fields.push_back(std::move(field));
  return fields;
}

Type<std::string> url() {
  return scalar<std::string>(
      "URL",
      [](const std::string& text) -> base::Result<std::string> {
        const bool is_local =
            text.starts_with("http://127.") || text.starts_with("http://[::1]") || text.starts_with("http://localhost");
        if (!text.starts_with("https://") && !is_local)
          return base::fail(
              base::ErrorKind::invalid,
              fmt::format("\"{}\" is no https:// URL, and tokens are secret (http:// is for this machine)",
                          base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

// scope-token of RFC 6749 section 3.3.
Type<std::string> scope() {
  return scalar<std::string>(
      "scope",
      [](const std::string& text) -> base::Result<std::string> {
        const bool good =
            std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
        if (!good)
          return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is no scope", base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

// The path of an accounts file alone, or a map.
Type<StoreSettings> store() {
  const auto path = absolute_path();
  const auto map = record(store_fields());
  return {.name = path.name + " of an accounts file, or a map",
          .read =
              [=](StoreSettings& target, const YAML::Node& node, Reader& reader) {
                if (node.IsMap())
                  map.read(target, node, reader);
                else
                  path.read(target.path, node, reader);
              },
          .show = map.show,
          .rows = rows_below(map.rows, "[].")};
}

}  // namespace

Fields<Document> authentication_part() {
  return {
      field(
          "accounts", [](auto& d) -> auto& { return d.settings.auth.stores; }, list_of(store(), Single::accept),
          "Who may log in: stores, asked in order; the first that has a name decides. Those that can tell which "
          "names they have (all but saslauthd, and Dovecot only by its userdb) also say who receives (see "
          "conf/accounts.yaml.example)"),
      field(
          "authentication.channel_binding", [](auto& d) -> auto& { return d.settings.server.channel_binding; },
          boolean(),
          "Offer SCRAM-SHA-256-PLUS, which nobody between user and host can pass on. false where users have programs "
          "that take it and cannot do it, such as the mutt of Debian 12 with TLS 1.3"),
      field(
          "authentication.failures", [](auto& d) -> auto& { return d.settings.auth.lockouts.failures; },
          number<std::size_t>(0, 100000),
          "Failed logins of one client network (an IPv4 address or an IPv6 /64) within `window` after which it is "
          "locked "
          "out: `454 4.7.0`, whatever the password. The same wrong password again counts once; 0: nobody is locked "
          "out"),
      field(
          "authentication.account_failures", [](auto& d) -> auto& { return d.settings.auth.lockouts.account_failures; },
          number<std::size_t>(0, 1000000),
          "The same of one account, from networks from which it has not logged in since the start; it is locked out "
          "for "
          "such networks only. 0: no account is"),
      field(
          "authentication.window", [](auto& d) -> auto& { return d.settings.auth.lockouts.window; }, duration(1s, 24h),
          "From the first failure that counts"),
      field(
          "authentication.lockout", [](auto& d) -> auto& { return d.settings.auth.lockouts.lockout; },
          duration(1s, 24h * 30), "How long somebody is locked out"),
      field(
          "authentication.delay", [](auto& d) -> auto& { return d.settings.auth.lockouts.delay; }, duration(0s, 10s),
          "From a failed login to its answer; doubles with each failure of a network, up to eight times as much"),
      field(
          "authentication.exempt", [](auto& d) -> auto& { return d.settings.auth.lockouts.exempt; },
          list_of(ip_network()), "Networks whose failures are not counted, such as that of a webmail"),
      field(
          "authentication.introspection.url", [](auto& d) -> auto& { return d.settings.auth.introspection.url; },
          or_empty(url(), "nobody: no OAUTHBEARER, no XOAUTH2"),
          "Token introspection (RFC 7662) of the authorization server that vouches for bearer tokens"),
      field(
          "authentication.introspection.client_id",
          [](auto& d) -> auto& { return d.settings.auth.introspection.client_id; }, text(),
          "As whom to ask (HTTP Basic); empty: as nobody"),
      field(
          "authentication.introspection.client_secret_file",
          [](auto& d) -> auto& { return d.settings.auth.introspection.client_secret_file; },
          or_empty(absolute_path(), "none"), "File with its secret"),
      field(
          "authentication.introspection.ca_file",
          [](auto& d) -> auto& { return d.settings.auth.introspection.ca_file; },
          or_empty(absolute_path(), "the system's"), "Authorities trusted for the server's certificate"),
      field(
          "authentication.introspection.user_claim",
          [](auto& d) -> auto& { return d.settings.auth.introspection.user_claim; }, text(),
          "What of the answer is the account: `username`, `email`, `sub`, …"),
      field(
          "authentication.introspection.scope", [](auto& d) -> auto& { return d.settings.auth.introspection.scope; },
          scope(), "That a token must have; empty: any token will do"),
      field(
          "authentication.introspection.timeout",
          [](auto& d) -> auto& { return d.settings.auth.introspection.timeout; }, duration(100ms, 1min),
          "Of one question"),
      field(
          "authentication.introspection.cache", [](auto& d) -> auto& { return d.settings.auth.introspection.cache; },
          duration(0s, 5min), "How long a good token is not asked about again; never beyond its end"),
  };
}

}  // namespace godwit::config
