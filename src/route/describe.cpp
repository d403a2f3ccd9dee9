// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "godwit/base/text.hpp"
#include "godwit/route/router.hpp"

namespace godwit::route {
namespace {

struct Describe {
  std::string operator()(const MaildirHop&) const { return "maildir"; }
  std::string operator()(const DiscardHop&) const { return "discard"; }
  std::string operator()(const LmtpHop& hop) const { return "lmtp:" + to_string(hop.endpoint); }
  std::string operator()(const SmtpHop& hop) const { return "smtp:" + base::join(names(hop), ","); }
  std::string operator()(const HoldHop& hop) const { return "hold: " + hop.why; }
  std::string operator()(const NoRoute& none) const { return "none: " + to_line(none.reply); }

  static std::vector<std::string> names(const SmtpHop& hop) {
    std::vector<std::string> names;
    names.reserve(hop.hosts.size());
    for (const auto& host : hop.hosts) names.push_back(host.name);
    return names;
  }
};

}  // namespace

std::string describe(const Hop& hop) {
  return std::visit(Describe{}, hop);
}

std::string site_of(const Hop& hop) {
  const auto* smtp = std::get_if<SmtpHop>(&hop);
  if (smtp == nullptr) return describe(hop);
  if (!smtp->next_hop.empty()) return smtp->next_hop;
  auto names = Describe::names(*smtp);
  names.insert(names.end(), smtp->absent.begin(), smtp->absent.end());
  std::ranges::sort(names);
  return base::join(names, ",");
}

}  // namespace godwit::route
