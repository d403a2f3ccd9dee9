// SPDX-License-Identifier: Apache-2.0
#include "greylist_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

constexpr int neighbours_v4 = 24;  // hosts of one sender, mostly
constexpr int neighbours_v6 = 64;

class GreylistCheck final : public Check {
 public:
  GreylistCheck(GreylistSettings settings, state::Greylist& list) : settings_(std::move(settings)), list_(list) {}

  bool is_asked_at(Stage stage) const override {
    return stage == (settings_.at == GreylistSettings::At::envelope ? Stage::mail : Stage::end);
  }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    using Good = GreylistSettings::Good;
    if (facts->vouched && passes(Good::vouched)) co_return no_opinion("pass: vouched for");
    if (facts->identity.spf_passed() && passes(Good::spf)) co_return no_opinion("pass: spf");
    const auto& signers = facts->identity.dkim_domains;
    if (!signers.empty() && passes(Good::dkim)) co_return no_opinion("pass: dkim " + signers.front());
    const auto group = greylist_group(*facts);
    const auto answer = list_.ask(group, base::to_lower(smtp::to_string(facts->sender)));
    const auto time = base::format_duration(std::chrono::ceil<std::chrono::seconds>(answer.time));
    switch (answer.kind) {
      case state::Greylist::Answer::Kind::known:
        co_return no_opinion("known " + group);
      case state::Greylist::Answer::Kind::now_known:
        co_return no_opinion(fmt::format("{} tried again after {}", group, time));
      case state::Greylist::Answer::Kind::early:
        break;
    }
    auto reply = smtp::make_reply(451, {4, 7, 1}, fmt::format("Greylisted, try again in {}", time));
    co_return defer(std::move(reply), fmt::format("{} must wait {}", group, time));
  }

 private:
  bool passes(GreylistSettings::Good good) const {
    return std::ranges::find(settings_.pass, good) != settings_.pass.end();
  }

  const GreylistSettings settings_;
  state::Greylist& list_;
};

}  // namespace

std::string greylist_group(const Facts& facts) {
  if (facts.identity.spf_passed()) return "spf:" + facts.identity.spf_domain;
  return base::to_string(base::IpNetwork(facts.client, facts.client.is_v4() ? neighbours_v4 : neighbours_v6));
}

CheckEntry greylist_entry(const Settings& settings, const CheckStores& stores) {
  return {.make = [settings = settings.greylist, &list = *stores.greylist](const CheckSurroundings&) {
    return std::make_shared<GreylistCheck>(settings, list);
  }};
}

}  // namespace godwit::policy
