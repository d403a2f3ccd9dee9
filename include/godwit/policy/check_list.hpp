// SPDX-License-Identifier: Apache-2.0
// What the names stand for by which the configuration lists checks (settings.hpp has them).  Called by daemon/ at start
// and at each reload.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "godwit/net/tls.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/list_health.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/state/greylist.hpp"

namespace godwit::policy {

// Whose certificates are believed, by HttpHookSettings::ca_file.
using TrustByFile = std::map<std::string, std::shared_ptr<const net::TlsClientContext>>;

// What all checks share; it outlives them.
struct CheckStores {
  ListHealth* list_health = nullptr;
  state::Greylist* greylist = nullptr;
  TrustByFile trust = {};  // of HTTP hooks
};

// In the order of the names; those that are none of a check were refused by config/.
std::shared_ptr<const CheckList> make_check_list(const std::vector<std::string>& names, const Settings& settings,
                                                 const CheckStores& stores);

}  // namespace godwit::policy
