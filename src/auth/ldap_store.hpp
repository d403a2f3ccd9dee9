// SPDX-License-Identifier: Apache-2.0
// An LDAP directory (RFC 4511): the user's entry is searched for, then its password is tried by a bind as that entry. A
// connection each login.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "blocking_store.hpp"
#include "watchdog.hpp"

typedef struct ldap LDAP;

namespace godwit::auth {

// As a value in a search filter (RFC 4515 section 3): what could be more than a value is escaped.
std::string escape_filter_value(std::string_view value);
// {user}, {local} and {domain} in `pattern` become the escaped parts of the user's name.
std::string fill_filter(std::string_view pattern, std::string_view user);

class LdapStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;

 private:
  struct Connection {
    LDAP* handle = nullptr;
    std::optional<Watchdog> watchdog = {};  // libldap 2.5 with GnuTLS waits for a handshake without an end
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();
  };
  struct Entry {
    std::string dn;    // empty: there is none
    std::string name;  // of name_attribute; empty: it has none, or none was wanted
  };
  // Connected, with TLS where it is wanted, bound as bind_dn.
  base::Result<std::unique_ptr<Connection>> open(base::MonoTime deadline) const;
  base::Result<> connect(Connection& connection, base::MonoTime deadline) const;
  base::Result<> secure(LDAP* handle) const;
  base::Result<> set_options(LDAP* handle, base::MonoTime deadline) const;
  base::Result<Entry> search(LDAP* handle, const std::string& user, base::MonoTime deadline) const;
};

}  // namespace godwit::auth
