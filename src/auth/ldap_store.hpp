// SPDX-License-Identifier: Apache-2.0
// An LDAP directory (RFC 4511): the user's entry is searched for, then its password is tried by a bind as that entry. A
// connection each look-up.
#pragma once

#include "blocking_store.hpp"
#include "godwit/lookup/ldap.hpp"

namespace godwit::auth {

class LdapStore final : public BlockingStore {
 public:
  using BlockingStore::BlockingStore;
  base::Result<> probe() override;

 protected:
  Answer look_up(const Login& login, base::MonoTime deadline) override;
  Answer find_name(const std::string& user, base::MonoTime deadline) override;

 private:
  // The user's entry; nothing: there is none.
  base::Result<std::optional<lookup::LdapEntry>> search(lookup::LdapConnection& connection, const std::string& user,
                                                        base::MonoTime deadline) const;
  Answer answer_of(const lookup::LdapEntry& entry, const std::string& user) const;
};

}  // namespace godwit::auth
