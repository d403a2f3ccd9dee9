// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/lockouts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/kept_time.hpp"
#include "godwit/base/text.hpp"

namespace godwit::auth {
namespace {

constexpr std::size_t longest_name = 320;  // no account has a longer one
constexpr unsigned most_doublings = 3;     // of the delay

}  // namespace

void Lockouts::change_settings(LockoutSettings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
}

bool Lockouts::is_exempt(const base::IpAddress& client) const {
  return std::ranges::any_of(settings_.exempt, [&](const auto& network) { return network.contains(client); });
}

bool Lockouts::is_locked(std::string_view account, const base::IpAddress& client, base::WallTime now) {
  const std::lock_guard lock(mutex_);
  if (is_exempt(client)) return false;
  const auto network = base::client_network(client);
  const Count* of_network = networks_.find(network);
  if (of_network != nullptr && is_locked(*of_network, now)) return true;
  const std::string name(account);
  const Count* of_account = accounts_.find(name);
  return of_account != nullptr && is_locked(*of_account, now) && at_home_.find({name, network}) == nullptr;
}

// One that ends later than any may end was made before the clock was set back.
bool Lockouts::is_locked(const Count& count, base::WallTime now) const {
  return count.locked_until > now && count.locked_until - now <= settings_.lockout;
}

// One more failure; true: now it is locked, and was not.
bool Lockouts::count(Count& count, std::size_t bound, base::WallTime now) const {
  if (count.failures == 0 || now - count.first > settings_.window || now < count.first) {
    count.failures = 0;
    count.first = now;
  }
  ++count.failures;
  if (bound == 0 || count.failures < bound || is_locked(count, now)) return false;
  count.locked_until = now + settings_.lockout;
  count.first = now;
  return true;
}

Lockouts::Failure Lockouts::failed(std::string_view account, const base::IpAddress& client, std::uint64_t mark,
                                   base::WallTime now) {
  const std::lock_guard lock(mutex_);
  Failure failure{.delay = settings_.delay};
  if (is_exempt(client)) return failure;
  const auto network = base::client_network(client);
  Count& of_network = networks_.touch(network);
  const bool again = mark != 0 && of_network.mark == mark;
  of_network.mark = mark;
  if (!again) {
    failure.locked_network = count(of_network, settings_.failures, now);
    const std::string name(account);
    const bool counts = !name.empty() && name.size() <= longest_name && at_home_.find({name, network}) == nullptr;
    if (counts) failure.locked_account = count(accounts_.touch(name), settings_.account_failures, now);
  }
  failure.failures = of_network.failures;
  failure.delay *= 1U << std::min<std::size_t>(of_network.failures > 0 ? of_network.failures - 1 : 0, most_doublings);
  return failure;
}

base::Duration Lockouts::delay() {
  const std::lock_guard lock(mutex_);
  return settings_.delay;
}

void Lockouts::succeeded(std::string_view account, const base::IpAddress& client) {
  const std::lock_guard lock(mutex_);
  at_home_.touch({std::string(account), base::client_network(client)});
}

std::vector<Lockouts::Lockout> Lockouts::list(base::WallTime now, std::size_t most, std::string_view after) {
  const std::lock_guard lock(mutex_);
  std::vector<Lockout> all;
  for (const auto& [network, count] : networks_.values())
    if (is_locked(count, now))
      all.push_back({.name = base::to_string(network),
                     .is_account = false,
                     .failures = count.failures,
                     .until = count.locked_until});
  for (const auto& [account, count] : accounts_.values())
    if (is_locked(count, now))
      all.push_back({.name = account, .is_account = true, .failures = count.failures, .until = count.locked_until});
  std::erase_if(all, [after](const Lockout& one) { return one.name <= after; });
  std::ranges::sort(all, {}, &Lockout::name);
  if (all.size() > most) all.resize(most);
  return all;
}

// "locked SECONDS FAILURES NAME", where a name with a "/" is a network, and "home NETWORK ACCOUNT".
std::string Lockouts::encode(base::WallTime now, std::size_t longest) {
  const std::lock_guard lock(mutex_);
  std::string text;
  const auto put = [&](const std::string& line) {
    if (text.size() + line.size() < longest && !line.contains('\n')) text += line + '\n';
  };
  const auto put_locked = [&](const Count& count, const std::string& name) {
    if (!is_locked(count, now)) return;
    const auto until = std::chrono::duration_cast<std::chrono::seconds>(count.locked_until.time_since_epoch()).count();
    put(fmt::format("locked {} {} {}", until, count.failures, name));
  };
  for (const auto& [network, count] : networks_.values()) put_locked(count, base::to_string(network));
  for (const auto& [account, count] : accounts_.values()) put_locked(count, account);
  for (const auto& [where, _] : at_home_.values()) put("home " + base::to_string(where.second) + ' ' + where.first);
  return text;
}

void Lockouts::decode(std::string_view text) {
  const std::lock_guard lock(mutex_);
  auto lines = base::split(text, '\n');
  std::ranges::reverse(lines);  // the last to be touched is the youngest
  for (const std::string_view line : lines) {
    const auto words = base::split(line, ' ');
    if (words.size() == 3 && words[0] == "home") {
      const auto network = base::IpNetwork::parse(words[1]);
      if (network && !words[2].empty()) at_home_.touch({std::string(words[2]), *network});
    } else if (words.size() == 4 && words[0] == "locked") {
      const auto until = base::parse_unsigned(words[1]), failures = base::parse_unsigned(words[2]);
      const auto locked_until = until ? base::possible_second(*until) : std::nullopt;
      if (!locked_until || !failures || words[3].empty()) continue;
      const auto network = base::IpNetwork::parse(words[3]);
      Count& count = network ? networks_.touch(*network) : accounts_.touch(std::string(words[3]));
      count.failures = *failures;
      count.locked_until = *locked_until;
    }
  }
}

bool Lockouts::unlock(std::string_view name, base::WallTime now) {
  const std::lock_guard lock(mutex_);
  bool was = false;
  auto network = base::IpNetwork::parse(name);
  if (const auto address = base::IpAddress::parse(name)) network = base::client_network(*address);
  if (network) {
    if (const Count* count = networks_.find(*network)) was = is_locked(*count, now);
    networks_.erase(*network);
  }
  const std::string account(name);
  if (const Count* count = accounts_.find(account)) was = was || is_locked(*count, now);
  accounts_.erase(account);
  return was;
}

}  // namespace godwit::auth
