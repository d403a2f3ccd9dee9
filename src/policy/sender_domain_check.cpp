// SPDX-License-Identifier: Apache-2.0
#include "sender_domain_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace godwit::policy {
namespace {

enum class MailDomain : std::uint8_t { takes_mail, null_mx, nowhere, unknown };

class SenderDomainCheck final : public Check {
 public:
  SenderDomainCheck(const SenderDomainSettings& settings, dns::Resolver& resolver)
      : settings_(settings), resolver_(resolver) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::mail; }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    if (!facts->sender || facts->sender->has_literal_domain()) co_return no_opinion();
    const auto domain = facts->sender->domain;
    auto finding = find(domain);
    const auto found = co_await std::move(finding);
    switch (found) {
      case MailDomain::takes_mail:
        co_return no_opinion(domain);
      case MailDomain::unknown:
        co_return no_opinion(domain + " cannot be looked up");
      case MailDomain::null_mx:  // RFC 7505 section 4.2
        co_return judged(settings_.null_mx, {5, 7, 27},
                         fmt::format("{} takes no mail (null MX), so it sends none", domain), domain + " null MX");
      case MailDomain::nowhere:
        break;
    }
    co_return judged(settings_.missing, {5, 1, 8},
                     fmt::format("The domain {} of the sender has no MX and no address", domain),
                     domain + " does not exist");
  }

 private:
  // RFC 5321 section 5.1: without an MX the address of the domain itself counts.
  boost::asio::awaitable<MailDomain> find(std::string domain) {
    const auto exchanges = co_await resolver_.mx(domain);
    if (exchanges.status == dns::Status::temporary) co_return MailDomain::unknown;
    if (exchanges.status == dns::Status::no_name) co_return MailDomain::nowhere;
    if (exchanges.status == dns::Status::found) {
      const bool null_mx =
          std::ranges::all_of(exchanges.records, [](const dns::Mx& mx) { return mx.exchange.empty(); });
      co_return null_mx ? MailDomain::null_mx : MailDomain::takes_mail;
    }
    bool unknown = false;
    for (const auto family : {dns::Family::v4, dns::Family::v6}) {
      const auto addresses = co_await resolver_.addresses(domain, family);
      if (addresses.status == dns::Status::found) co_return MailDomain::takes_mail;
      unknown = unknown || addresses.status == dns::Status::temporary;
    }
    co_return unknown ? MailDomain::unknown : MailDomain::nowhere;
  }

  const SenderDomainSettings settings_;
  dns::Resolver& resolver_;
};

}  // namespace

CheckEntry sender_domain_entry(const Settings& settings, const CheckStores&) {
  return {.make = [settings = settings.sender_domain](const CheckSurroundings& around) {
    return std::make_shared<SenderDomainCheck>(settings, around.resolver);
  }};
}

}  // namespace godwit::policy
