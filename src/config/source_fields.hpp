// SPDX-License-Identifier: Apache-2.0
// The keys that say how something outside is reached, which stores of accounts and tables share.
#pragma once

#include <chrono>

#include "record.hpp"

namespace godwit::config {

// S is a lookup::SourceSettings.
template <class S>
Fields<S> source_fields() {
  using namespace std::chrono_literals;
  return {
      make_field<S>(
          "connection", [](auto& s) -> auto& { return s.connection; }, text(),
          "postgresql: connection string, such as `host=/run/postgresql dbname=mail user=godwit`"),
      make_field<S>(
          "url", [](auto& s) -> auto& { return s.url; }, text(), "ldap: `ldaps://host`, `ldap://host` or `ldapi://…`"),
      make_field<S>(
          "start_tls", [](auto& s) -> auto& { return s.start_tls; }, boolean(), "ldap: TLS before anything else"),
      make_field<S>(
          "ca_file", [](auto& s) -> auto& { return s.ca_file; }, or_empty(absolute_path(), "the system's"),
          "ldap: authorities trusted for the server's certificate"),
      make_field<S>(
          "base", [](auto& s) -> auto& { return s.base; }, text(), "ldap: where the search begins"),
      make_field<S>(
          "bind_dn", [](auto& s) -> auto& { return s.bind_dn; }, text(), "ldap: who searches; empty: anonymous"),
      make_field<S>(
          "bind_password_file", [](auto& s) -> auto& { return s.bind_password_file; },
          or_empty(absolute_path(), "none"), "ldap: file with its password"),
      make_field<S>(
          "timeout", [](auto& s) -> auto& { return s.timeout; }, duration(100ms, 1min), "Of one look-up"),
  };
}

}  // namespace godwit::config
