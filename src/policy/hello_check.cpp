// SPDX-License-Identifier: Apache-2.0
#include "hello_check.hpp"

#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

class HelloCheck final : public Check {
 public:
  HelloCheck(HelloSettings settings, const CheckSurroundings& around)
      : settings_(std::move(settings)), resolver_(around.resolver) {}

  bool is_asked_at(Stage stage) const override { return stage == Stage::helo; }

  boost::asio::awaitable<Verdict> ask(Stage, std::shared_ptr<const Facts> facts) override {
    const auto& name = facts->hello.name;
    auto evidence = base::printable(name, 255);
    if (base::iequals(name, facts->hostname))
      co_return judged(settings_.own_name, {5, 7, 1}, "You call yourself by our own name", evidence + " is ours");
    if (auto fault = hello_fault(name, facts->client); !fault.empty())
      co_return judged(settings_.bad_name, {5, 5, 2}, fmt::format("The name {} that you say {}", evidence, fault),
                       fmt::format("{} {}", evidence, fault));
    if (settings_.unknown_name == CheckAction::none || name.starts_with('[')) co_return no_opinion(std::move(evidence));
    auto looking = exists(name);
    const bool known = co_await std::move(looking);
    if (known) co_return no_opinion(std::move(evidence));
    co_return judged(settings_.unknown_name, {5, 7, 1},
                     fmt::format("The name {} that you say does not exist", evidence), evidence + " does not exist");
  }

 private:
  // What cannot be found out counts as there.
  boost::asio::awaitable<bool> exists(std::string name) {
    for (const auto family : {dns::Family::v4, dns::Family::v6}) {
      const auto answer = co_await resolver_.addresses(name, family);
      if (answer.status == dns::Status::found || answer.status == dns::Status::temporary) co_return true;
    }
    const auto exchanges = co_await resolver_.mx(name);
    co_return exchanges.status == dns::Status::found || exchanges.status == dns::Status::temporary;
  }

  const HelloSettings settings_;
  dns::Resolver& resolver_;
};

}  // namespace

std::string hello_fault(std::string_view name, const base::IpAddress& client) {
  if (base::IpAddress::parse(name)) return "is an address without brackets";
  if (!smtp::parse_domain(name)) return "is no name of a host";
  if (name.starts_with('[')) {
    auto inner = name.substr(1, name.size() - 2);
    if (base::istarts_with(inner, "IPv6:")) inner.remove_prefix(5);
    const auto address = base::IpAddress::parse(inner);
    return address && *address == client ? "" : "is not your address";
  }
  if (name.find('.') == std::string_view::npos) return "is not the full name of a host";
  return {};
}

CheckEntry hello_entry(const Settings& settings, const CheckStores&) {
  return {.make = [settings = settings.hello](const CheckSurroundings& around) {
    return std::make_shared<HelloCheck>(settings, around);
  }};
}

}  // namespace godwit::policy
