// SPDX-License-Identifier: Apache-2.0
#include "reverse_dns_check.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

class ReverseDnsCheck final : public Check {
 public:
  explicit ReverseDnsCheck(const ReverseDnsSettings& settings) : settings_(settings) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::connect; }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    const auto& name = facts->client_name;
    auto evidence = std::string(to_string(name.status));
    if (!name.name.empty()) evidence += " " + base::printable(name.name, 255);
    const bool wrong =
        name.status == ClientName::Status::none ||
        (name.status == ClientName::Status::mismatch && settings_.require == ReverseDnsSettings::Required::verified);
    if (!wrong) co_return no_opinion(std::move(evidence));
    // RFC 7372 section 3.3 for a name that does not lead back; it fits one that is missing, too.
    const auto text = fmt::format("Your address {} has no name in reverse DNS{}", base::to_string(facts->client),
                                  name.name.empty() ? "" : " that leads back to it");
    co_return judged(settings_.action, {5, 7, 25}, text, std::move(evidence));
  }

 private:
  const ReverseDnsSettings settings_;
};

}  // namespace

CheckEntry reverse_dns_entry(const Settings& settings, const CheckStores&) {
  return {.make = [settings = settings.reverse_dns](const CheckSurroundings&) {
    return std::make_shared<ReverseDnsCheck>(settings);
  }};
}

}  // namespace godwit::policy
