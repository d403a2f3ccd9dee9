// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/account_breaker.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/kept_time.hpp"
#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

constexpr base::Duration hour = std::chrono::hours(1);
constexpr base::Duration day = std::chrono::hours(24);
// What is learned halves in a month without use.
constexpr double half_life_days = 30;
constexpr std::uint32_t highest_percent = 90;  // no account may have more refused, whatever it did before
constexpr std::uint32_t enough_to_learn = 20;  // recipients, for their refused share to say something
constexpr std::size_t longest_name = 320;
constexpr std::size_t longest_reason = 512;  // that is read again

std::int64_t day_of(base::WallTime time) {
  return time.time_since_epoch() / day;
}

// FNV-1a, as letters count the same in either case.
std::uint64_t hash_of(std::string_view address) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : base::to_lower(address)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash ^ hash >> 32U;
}

// Lines of the file hold a name each, to their end.
bool can_be_written(std::string_view name) {
  return !name.empty() && name.size() <= longest_name &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < ' '; });
}

std::uint32_t fade(std::uint32_t value, double factor) {
  return static_cast<std::uint32_t>(value * factor);
}

std::optional<std::uint64_t> take_number(std::string_view& line) {
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return base::parse_unsigned(word);
}

}  // namespace

std::uint32_t AccountBreaker::Hour::different() const {
  const double bits = 64.0 * static_cast<double>(seen.size());
  int set = 0;
  for (const auto word : seen) set += std::popcount(word);
  const double clear = std::max(1.0, bits - set);
  return static_cast<std::uint32_t>(std::lround(-bits * std::log(clear / bits)));  // linear counting
}

AccountBreaker::Measure AccountBreaker::Hour::measure() const {
  const auto all = std::max(recipients, refused);
  return {.recipients = recipients,
          .different = std::min(different(), recipients),
          .refused_percent = all < enough_to_learn ? 0 : static_cast<std::uint32_t>(100ULL * refused / all)};
}

void AccountBreaker::raise(Measure& known, const Measure& other) {
  known.recipients = std::max(known.recipients, other.recipients);
  known.different = std::max(known.different, other.different);
  known.refused_percent = std::max(known.refused_percent, other.refused_percent);
}

std::string AccountBreaker::line_of(std::string_view kind, std::int64_t day, const Measure& measure,
                                    std::string_view name) {
  if (measure == Measure{}) return {};
  return fmt::format("{} {} {} {} {} {}\n", kind, day, measure.recipients, measure.different, measure.refused_percent,
                     name);
}

void AccountBreaker::change_settings(BreakerSettings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
}

void AccountBreaker::close_hour(Known& known) {
  raise(known.today, known.hour.measure());
  known.hour = {};
}

// Once a day, so that nobody teaches it a flood within one.
void AccountBreaker::turn_day(Known& known, base::WallTime now) {
  const auto today = day_of(now);
  if (known.day != 0 && today > known.day) {
    const double factor = std::exp2(-static_cast<double>(today - known.day) / half_life_days);
    known.learned = {.recipients = fade(known.learned.recipients, factor),
                     .different = fade(known.learned.different, factor),
                     .refused_percent = fade(known.learned.refused_percent, factor)};
    raise(known.learned, known.today);
    known.today = {};
  }
  known.day = today;
}

AccountBreaker::Known& AccountBreaker::touch(const std::string& account, base::WallTime now) {
  auto& known = accounts_.touch(account);
  if (known.hour.since != base::WallTime{} && (now - known.hour.since >= hour || now < known.hour.since)) {
    close_hour(known);
    ++changes_;
  }
  turn_day(known, now);
  if (known.hour.since == base::WallTime{}) known.hour.since = now;
  return known;
}

// What is beyond both what everybody may and what this account is used to; empty: nothing.
std::optional<std::string> AccountBreaker::excess(const Known& known) const {
  const auto now = known.hour.measure();
  const auto bound = [this](std::uint32_t floor, std::uint32_t learned) {
    return std::max<std::uint64_t>(floor, static_cast<std::uint64_t>(settings_.factor) * learned);
  };
  if (now.recipients > bound(settings_.recipients, known.learned.recipients))
    return fmt::format("{} recipients in an hour; the most before were {}", now.recipients, known.learned.recipients);
  if (now.different > bound(settings_.different_recipients, known.learned.different))
    return fmt::format("some {} different recipients in an hour; the most before were {}", now.different,
                       known.learned.different);
  const auto percent =
      std::min<std::uint64_t>(highest_percent, bound(settings_.refused_percent, known.learned.refused_percent));
  if (known.hour.refused > settings_.refused && now.refused_percent > percent)
    return fmt::format("{} recipients refused in an hour, {} % of all; before it was {} %", known.hour.refused,
                       now.refused_percent, known.learned.refused_percent);
  return {};
}

std::optional<StoppedAccount> AccountBreaker::check(const std::string& account, const Known& known,
                                                    base::WallTime now) {
  auto reason = excess(known);
  if (!reason || stopped_.size() >= most_stopped) return {};
  StoppedAccount stopped{.name = account, .since = now, .reason = *std::move(reason)};
  stopped_.emplace(account, stopped);
  ++changes_;
  return stopped;
}

bool AccountBreaker::is_exempt(const std::string& account) const {
  return !settings_.enabled || account.empty() ||
         std::ranges::find(settings_.exempt, account) != settings_.exempt.end();
}

bool AccountBreaker::is_stopped(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  return stopped_.contains(account);
}

bool AccountBreaker::recipient(const std::string& account, std::string_view address, base::WallTime now) {
  std::optional<StoppedAccount> stopped;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.contains(account)) return false;
    if (is_exempt(account)) return true;
    auto& known = touch(account, now);
    ++known.hour.recipients;
    const auto hash = hash_of(address);
    auto& seen = known.hour.seen;
    seen[hash / 64 % seen.size()] |= std::uint64_t{1} << hash % 64;
    stopped = check(account, known, now);
  }
  if (stopped && on_stop_) on_stop_(*stopped);
  return !stopped;
}

void AccountBreaker::refused(const std::string& account, std::size_t recipients, base::WallTime now) {
  std::optional<StoppedAccount> stopped;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.contains(account) || is_exempt(account)) return;
    auto& known = touch(account, now);
    known.hour.refused += static_cast<std::uint32_t>(recipients);
    stopped = check(account, known, now);
  }
  if (stopped && on_stop_) on_stop_(*stopped);
}

std::vector<StoppedAccount> AccountBreaker::stopped() const {
  const std::lock_guard lock(mutex_);
  std::vector<StoppedAccount> all;
  all.reserve(stopped_.size());
  for (const auto& [name, account] : stopped_) all.push_back(account);
  return all;
}

bool AccountBreaker::release(const std::string& account, base::WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = stopped_.find(account);
  if (found == stopped_.end()) return false;
  auto& known = touch(account, now);
  if (!found->second.purged) {
    close_hour(known);
    raise(known.learned, known.today);
  }
  known.hour = {};
  known.today = {};
  stopped_.erase(found);
  ++changes_;
  return true;
}

bool AccountBreaker::mark_purged(const std::string& account) {
  const std::lock_guard lock(mutex_);
  const auto found = stopped_.find(account);
  if (found == stopped_.end()) return false;
  found->second.purged = true;
  auto& known = accounts_.touch(account);
  known.hour = {};
  known.today = {};
  ++changes_;
  return true;
}

// "known DAY RECIPIENTS DIFFERENT PERCENT NAME", "today …" with the same words of what is learned tomorrow, and
// "stopped SECONDS PURGED NAME<TAB>REASON".
std::string AccountBreaker::encode(std::size_t longest) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [name, account] : stopped_) {
    const auto since = std::chrono::duration_cast<std::chrono::seconds>(account.since.time_since_epoch()).count();
    text += fmt::format("stopped {} {} {}\t{}\n", since, account.purged ? 1 : 0, name, account.reason);
  }
  for (const auto& [name, known] : accounts_.values()) {
    if (!can_be_written(name)) continue;
    auto today = known.today;
    raise(today, known.hour.measure());
    const auto lines = line_of("known", known.day, known.learned, name) + line_of("today", known.day, today, name);
    if (text.size() + lines.size() > longest) break;
    text += lines;
  }
  return text;
}

void AccountBreaker::decode(std::string_view text) {
  const std::lock_guard lock(mutex_);
  auto lines = base::split(text, '\n');
  std::ranges::reverse(lines);  // the last to be touched is the youngest
  for (std::string_view line : lines) {
    const auto kind = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), kind.size() + 1));
    const auto first = take_number(line), second = take_number(line);
    const auto since = first ? base::possible_second(*first) : std::nullopt;  // or a day, which is less
    if (!since || !second) continue;
    if (kind == "stopped") {
      const auto name = line.substr(0, line.find('\t'));
      const auto reason = line.substr(std::min(line.size(), name.size() + 1));
      if (!can_be_written(name) || reason.size() > longest_reason || stopped_.size() >= most_stopped) continue;
      stopped_[std::string(name)] = {
          .name = std::string(name), .since = *since, .reason = std::string(reason), .purged = *second != 0};
    } else if (kind == "known" || kind == "today") {
      const auto different = take_number(line), percent = take_number(line);
      if (!different || !percent || !can_be_written(line)) continue;
      auto& known = accounts_.touch(std::string(line));
      (kind == "known" ? known.learned : known.today) = {.recipients = static_cast<std::uint32_t>(*second),
                                                         .different = static_cast<std::uint32_t>(*different),
                                                         .refused_percent = static_cast<std::uint32_t>(*percent)};
      known.day = static_cast<std::int64_t>(*first);
    }
  }
}

std::uint64_t AccountBreaker::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

}  // namespace godwit::policy
