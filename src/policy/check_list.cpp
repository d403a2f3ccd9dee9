// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "dns_lists_check.hpp"
#include "greylist_check.hpp"
#include "header_check.hpp"
#include "hello_check.hpp"
#include "mime_check.hpp"
#include "reverse_dns_check.hpp"
#include "sender_domain_check.hpp"

namespace godwit::policy {
namespace {

struct Named {
  std::string_view name;
  CheckEntry (*make)(const Settings&, const CheckStores&);
};

constexpr std::array named{
    Named{"reverse_dns", reverse_dns_entry},
    Named{"hello", hello_entry},
    Named{"sender_domain", sender_domain_entry},
    Named{"dns_lists", dns_lists_entry},
    Named{"greylist", greylist_entry},
    Named{"header", header_entry},
    Named{"mime", mime_entry},
};
static_assert(std::ranges::equal(named, check_names, {}, &Named::name));

}  // namespace

std::shared_ptr<const CheckList> make_check_list(const std::vector<std::string>& names, const Settings& settings,
                                                 const CheckStores& stores) {
  auto list = std::make_shared<CheckList>();
  for (const auto& name : names) {
    const auto* const found = std::ranges::find(named, name, &Named::name);
    if (found == named.end()) continue;
    auto entry = found->make(settings, stores);
    entry.name = name;
    entry.patience = settings.checks.timeout;
    list->push_back(std::move(entry));
  }
  return list;
}

}  // namespace godwit::policy
