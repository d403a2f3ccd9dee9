// SPDX-License-Identifier: Apache-2.0
#include "lookups.hpp"

#include <utility>

#include "godwit/net/signal.hpp"

namespace godwit::policy {
namespace {

// Owned by those who wait and by each look-up, whoever is last.
struct Gathering {
  Gathering(const CheckSurroundings& around, std::size_t count)
      : arrived(around.executor, around.deadlines), answers(count), open(count) {
    for (auto& answer : answers) answer.why = "timed out";
  }
  net::Signal arrived;
  std::vector<AddressAnswer> answers;
  std::size_t open;
};

boost::asio::awaitable<void> look_up_one(std::shared_ptr<Gathering> gathering, std::size_t index,
                                         dns::Resolver& resolver, std::string name) {
  auto answer = co_await resolver.addresses(std::move(name), dns::Family::v4);
  gathering->answers[index] = std::move(answer);
  if (--gathering->open == 0) gathering->arrived.notify();
}

}  // namespace

boost::asio::awaitable<std::vector<AddressAnswer>> look_up_all(const CheckSurroundings& around,
                                                               std::vector<std::string> names,
                                                               base::MonoTime deadline) {
  if (names.empty()) co_return std::vector<AddressAnswer>();
  const auto gathering = std::make_shared<Gathering>(around, names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto looking = look_up_one(gathering, i, around.resolver, std::move(names[i]));
    if (!around.tasks.spawn(std::move(looking))) --gathering->open;
  }
  if (gathering->open > 0) {
    auto waiting = gathering->arrived.wait(deadline);
    static_cast<void>(co_await std::move(waiting));
  }
  co_return gathering->answers;  // copied: those that are late write theirs all the same
}

}  // namespace godwit::policy
