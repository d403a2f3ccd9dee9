// SPDX-License-Identifier: Apache-2.0
#include "sim/host/names.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/net/signal.hpp"
#include "support/dns_answer.hpp"

namespace godwit::sim {
namespace {

using std::chrono::milliseconds, std::chrono::seconds;

constexpr unsigned type_a = 1;
constexpr unsigned type_mx = 15;
constexpr unsigned no_name = 3;
constexpr unsigned server_failure = 2;
constexpr std::uint32_t time_to_live = 60;

}  // namespace

Names::Answer Names::answer(const std::string& query) {
  const auto name = base::to_lower(testing::asked_name(query));
  world_.note(fmt::format("dns {} {}", name, testing::asked_type(query)));
  const auto wait = world_.chance(weather_.slow) ? world_.between(milliseconds(100), seconds(8))
                                                 : world_.between(milliseconds(1), milliseconds(60));
  if (world_.chance(weather_.silent)) return {};
  if (world_.chance(weather_.failed))
    return {.bytes = testing::DnsAnswer(query).rcode(server_failure).bytes(), .after = wait};
  const bool is_trusted = std::ranges::find(trusted_, name) != trusted_.end();
  if (!is_trusted && world_.chance(weather_.absent))
    return {.bytes = testing::DnsAnswer(query).rcode(no_name).soa(name, time_to_live, time_to_live).bytes(),
            .after = wait};
  return {.bytes = answer_of(query, name, !is_trusted && world_.chance(weather_.wrong)), .after = wait};
}

template <class Value>
const Value& Names::any_of(const std::map<std::string, Value>& all) {
  return std::next(all.begin(), static_cast<std::ptrdiff_t>(world_.random().below(all.size())))->second;
}

std::string Names::answer_of(const std::string& query, const std::string& name, bool lie) {
  testing::DnsAnswer answer(query);
  const auto type = testing::asked_type(query);
  const auto mx = mx_.find(name);
  const auto address = addresses_.find(name);
  if (type == type_mx && mx != mx_.end()) {
    const auto& hosts = lie ? any_of(mx_) : mx->second;
    for (unsigned i = 0; i < hosts.size(); ++i) answer.mx(name, time_to_live, 10 * (i + 1), hosts[i]);
  } else if (type == type_a && address != addresses_.end()) {
    answer.address(name, time_to_live, to_string(lie ? any_of(addresses_) : address->second));
  } else {
    if (mx == mx_.end() && address == addresses_.end()) answer.rcode(no_name);
    answer.soa(name, time_to_live, time_to_live);
  }
  return answer.bytes();
}

boost::asio::awaitable<dns::Transport::Reply> NamesTransport::exchange(std::string query) {
  auto answer = names_.answer(query);
  const bool comes = !answer.bytes.empty() && answer.after < patience_;
  net::Signal alarm(reactor_.executor(), reactor_.deadlines());
  std::ignore = co_await alarm.wait(reactor_.deadlines().now() + (comes ? answer.after : patience_));
  if (!comes) co_return Reply{.bytes = {}, .failure = "timed out"};
  // As the transport's work, the id is its own: any will do where nobody else could answer.
  co_return Reply{.bytes = std::move(answer.bytes), .failure = {}};
}

}  // namespace godwit::sim
