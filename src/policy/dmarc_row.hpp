// SPDX-License-Identifier: Apache-2.0
// What is told of a message to the domain of its author (RFC 9990), as it is counted.  Pure; private to policy/.
#pragma once

#include <string>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "godwit/mailauth/spf.hpp"
#include "godwit/state/dmarc_counts.hpp"

namespace godwit::policy {

struct DmarcObserved {
  base::IpAddress client;
  std::string envelope_from;  // empty: <>
  std::string spf_domain;
  mailauth::SpfResult spf = mailauth::SpfResult::none;
  std::vector<mailauth::DkimVerdict> dkim;
  mailauth::DmarcVerdict dmarc;
  bool by_public_suffix_list = false;
  bool vouched_for = false;  // by a trusted sealer
  bool applied = false;      // what the policy asks for is done
};

// Somebody wants to be told.
bool is_reported(const mailauth::DmarcVerdict& verdict);
// Requires: is_reported(observed.dmarc).
state::DmarcCounts::Row row_of(const DmarcObserved& observed);

}  // namespace godwit::policy
