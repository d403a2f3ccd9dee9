// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check_list.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "dns_lists_check.hpp"
#include "greylist_check.hpp"
#include "header_check.hpp"
#include "hello_check.hpp"
#include "mime_check.hpp"
#include "reverse_dns_check.hpp"
#include "sender_domain_check.hpp"
#include "service_checks.hpp"

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

// Of the log.  Apart from all fields that an event has without checks.
std::string field_of(std::string_view name) {
  auto field = fmt::format("check_{}", name);
  std::ranges::replace(field, ':', '_');
  return field;
}

}  // namespace

std::shared_ptr<const CheckList> make_check_list(const std::vector<std::string>& names, const Settings& settings,
                                                 const CheckStores& stores) {
  auto list = std::make_shared<CheckList>();
  for (const auto& name : names) {
    auto entry = service_entry(name, settings, stores);
    if (const auto* const found = std::ranges::find(named, name, &Named::name); found != named.end()) {
      entry = found->make(settings, stores);
      entry->patience = settings.checks.timeout;
    }
    if (!entry) continue;
    entry->name = name;
    entry->field = field_of(name);
    list->push_back(std::move(*entry));
  }
  return list;
}

}  // namespace godwit::policy
