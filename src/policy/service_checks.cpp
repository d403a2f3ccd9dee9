// SPDX-License-Identifier: Apache-2.0
#include "service_checks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "delegate_check.hpp"
#include "godwit/net/url.hpp"
#include "http_hook_check.hpp"
#include "service_reply.hpp"

namespace godwit::policy {
namespace {

// The check itself says earlier what it waited for.
constexpr base::Duration beyond_timeout = std::chrono::seconds(1);

CheckEntry entry_of(const ServiceSettings& settings) {
  CheckEntry entry;
  entry.only_strangers = settings.clients == Clients::strangers;
  entry.patience = settings.timeout + beyond_timeout;
  if (auto reply = failure_reply(settings.on_failure)) {
    const auto kind = reply->permanent() ? Verdict::Kind::reject : Verdict::Kind::defer;
    entry.on_failure = {.kind = kind, .reply = std::move(reply)};
  }
  return entry;
}

template <class S>
const S* named_one(const std::vector<S>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &S::name);
  return found == all.end() ? nullptr : &*found;
}

CheckEntry hook_entry(std::shared_ptr<const HttpHookSettings> settings, net::Url url, const CheckStores& stores) {
  auto entry = entry_of(*settings);
  const auto trust = stores.trust.find(settings->ca_file);
  auto tls = trust == stores.trust.end() ? nullptr : trust->second;
  entry.make = [settings = std::move(settings), url = std::move(url), tls = std::move(tls)](
                   const CheckSurroundings& around) { return make_http_hook_check(settings, url, tls, around); };
  return entry;
}

CheckEntry delegate_entry(std::shared_ptr<const DelegateSettings> settings) {
  auto entry = entry_of(*settings);
  entry.make = [settings = std::move(settings)](const CheckSurroundings& around) {
    return make_delegate_check(settings, around);
  };
  return entry;
}

}  // namespace

std::optional<CheckEntry> service_entry(const std::string& name, const Settings& settings, const CheckStores& stores) {
  const std::string_view full = name;
  if (full.starts_with(http_prefix)) {
    const auto* const hook = named_one(settings.http_hooks, full.substr(http_prefix.size()));
    auto url = net::parse_url(hook == nullptr ? std::string_view() : std::string_view(hook->url));
    if (url) return hook_entry(std::make_shared<const HttpHookSettings>(*hook), std::move(*url), stores);
  }
  if (full.starts_with(delegate_prefix))
    if (const auto* const delegate = named_one(settings.delegates, full.substr(delegate_prefix.size())))
      return delegate_entry(std::make_shared<const DelegateSettings>(*delegate));
  return std::nullopt;
}

}  // namespace godwit::policy
