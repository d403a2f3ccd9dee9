// SPDX-License-Identifier: Apache-2.0
// A connection to an LDAP directory (RFC 4511), over TLS where that is wanted.  Blocks until the deadline it was opened
// with, so on a pool; one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/lookup/settings.hpp"

using LDAP = struct ldap;

namespace godwit::lookup {

// As a value in a search filter (RFC 4515 section 3): what could be more than a value is escaped.
std::string escape_filter_value(std::string_view value);
// {NAME} in `pattern` becomes the escaped address, {local} and {domain} its escaped parts.
std::string fill_filter(std::string_view pattern, std::string_view name, std::string_view address);

// libldap is loaded, as load_postgresql() loads libpq.
base::Result<> load_ldap();

class Watchdog;

struct LdapEntry {
  std::string dn;
  std::vector<std::string> values;  // of all attributes that were asked for
};

class LdapConnection {
 public:
  // Connected, secured, bound as settings.bind_dn.  Errors: io, timed_out, invalid.
  static base::Result<std::unique_ptr<LdapConnection>> open(const SourceSettings& settings, base::MonoTime deadline,
                                                            const base::Clock& clock);
  ~LdapConnection();
  LdapConnection(const LdapConnection&) = delete;
  LdapConnection& operator=(const LdapConnection&) = delete;

  // Below settings.base.  Errors: exhausted (more than `most` entries fit), io, timed_out.
  base::Result<std::vector<LdapEntry>> search(const std::string& filter, const std::vector<std::string>& attributes,
                                              int most, base::MonoTime deadline);
  // Whether the directory takes this password for the entry; an empty one is always refused.  Errors: io, timed_out.
  base::Result<bool> bind(const std::string& dn, const std::string& password);

 private:
  LdapConnection(const SourceSettings& settings, const base::Clock& clock);
  base::Result<> connect(base::MonoTime deadline);
  base::Result<> set_options(base::MonoTime deadline);
  base::Result<> secure();

  const SourceSettings& settings_;
  const base::Clock& clock_;
  LDAP* handle_ = nullptr;
  std::unique_ptr<Watchdog> watchdog_;  // libldap 2.5 with GnuTLS waits for a handshake without an end
};

}  // namespace godwit::lookup
