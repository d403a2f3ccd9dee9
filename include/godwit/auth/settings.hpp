// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/lookup/settings.hpp"

namespace godwit::auth {

struct LockoutSettings {
  std::size_t failures = 10;                          // of one client network in `window`; 0: none is locked out
  std::size_t account_failures = 50;                  // of one account from networks unknown to it; 0: none is locked
  base::Duration window = std::chrono::minutes(10);   // from the first failure that counts
  base::Duration lockout = std::chrono::minutes(15);  // how long
  base::Duration delay = std::chrono::seconds(1);     // of the first answer; doubles with each failure, up to 8 times
  std::vector<base::IpNetwork> exempt = {{base::IpAddress::v4({127, 0, 0, 0}), 8},
                                         {base::IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), 128}};
};

enum class StoreType { file, dovecot, saslauthd, sqlite, postgresql, ldap };
constexpr std::string_view to_string(StoreType type) {
  switch (type) {
    case StoreType::file:
      return "file";
    case StoreType::dovecot:
      return "dovecot";
    case StoreType::saslauthd:
      return "saslauthd";
    case StoreType::sqlite:
      return "sqlite";
    case StoreType::postgresql:
      return "postgresql";
    case StoreType::ldap:
      break;
  }
  return "ldap";
}

// Where accounts are kept.  What a type does not name means nothing to it.  path: of file, sqlite: the file; of
// dovecot, saslauthd: the socket.  query: with one parameter, the user.  filter: with {user}, {local}, {domain}.
struct StoreSettings : lookup::SourceSettings {
  StoreType type = StoreType::file;
  std::string service = "smtp";     // dovecot, saslauthd: for its rules, PAM's service
  std::string userdb = {};          // dovecot: socket that tells which users exist; empty: it is not asked
  std::string domain = {};          // saslauthd: users of this domain only, without it
  bool scram = false;               // sqlite, postgresql: whoever can log in has keys
  std::string name_attribute = {};  // ldap: has the account's address; empty: as the client gave it
};
// Whether it can tell which addresses exist, for `recipients: accounts`.
inline bool tells_names(const StoreSettings& store) {
  return store.type != StoreType::saslauthd && (store.type != StoreType::dovecot || !store.userdb.empty());
}

// Who vouches for bearer tokens.
struct IntrospectionSettings {
  std::string url = {};  // empty: nobody
  std::string client_id = {};
  std::string client_secret_file = {};
  std::string client_secret = {};  // what stands in that file
  std::string ca_file = {};        // empty: the system's
  std::string user_claim = "username";
  std::string scope = {};                            // that a token must have; empty: any will do
  base::Duration timeout = std::chrono::seconds(5);  // of one question
  base::Duration cache = std::chrono::minutes(1);    // how long a good token is not asked about again
};

struct Settings {
  std::vector<StoreSettings> stores = {};  // asked in order
  std::size_t threads = 2;                 // password verification
  std::size_t waiting = 200;               // verifications waiting for a thread; more: 454 4.7.0
  std::size_t lookup_threads = 8;          // for stores whose look-ups block
  LockoutSettings lockouts = {};
  IntrospectionSettings introspection = {};
};

}  // namespace godwit::auth
