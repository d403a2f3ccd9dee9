// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/back_ends.hpp"

#include <stdexcept>

#include "dovecot_store.hpp"
#include "ldap_store.hpp"
#include "saslauthd_store.hpp"
#include "sql_store.hpp"

namespace godwit::auth {

std::shared_ptr<BackEnd> make_back_end(const StoreSettings& settings, const BackEndParts& parts) {
  switch (settings.type) {
    case StoreType::dovecot:
      return std::make_shared<DovecotStore>(settings, parts);
    case StoreType::saslauthd:
      return std::make_shared<SaslauthdStore>(settings, parts);
    case StoreType::sqlite:
    case StoreType::postgresql:
      return std::make_shared<SqlStore>(settings, parts);
    case StoreType::ldap:
      return std::make_shared<LdapStore>(settings, parts);
    case StoreType::file:
      break;
  }
  throw std::logic_error("an accounts file is no back end");
}

}  // namespace godwit::auth
