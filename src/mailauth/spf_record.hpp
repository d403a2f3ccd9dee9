// SPDX-License-Identifier: Apache-2.0
// An SPF record (RFC 7208 sections 4.5 to 6) as text and as terms.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mailauth/spf.hpp"

namespace godwit::mailauth {

enum class SpfMechanism { all, include, a, mx, ptr, ip, exists };

struct SpfDirective {
  SpfResult result = SpfResult::pass;  // where it matches
  SpfMechanism mechanism = SpfMechanism::all;
  std::string domain{};  // domain-spec, with macros; empty: the current domain
  int prefix4 = 32;
  int prefix6 = 128;
  base::IpNetwork network{};  // of ip
  std::string text{};         // as written
};

struct SpfRecord {
  std::vector<SpfDirective> directives;
  std::string redirect;     // domain-spec; empty: none
  std::string explanation;  // likewise
};

// Whether a TXT record is of SPF: "v=spf1", alone or before a space.
bool is_spf_record(std::string_view text);
// Error invalid: what is wrong with it.  One wrong term makes the record wrong (section 4.6).
base::Result<SpfRecord> parse_spf_record(std::string_view text);

}  // namespace godwit::mailauth
