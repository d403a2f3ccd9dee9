// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/limits.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "known_destinations.hpp"
#include "limit_table.hpp"

namespace godwit::policy {
namespace {

constexpr std::size_t longest_key = 320;  // of an address

std::string_view words_for(LimitBy by) {
  switch (by) {
    case LimitBy::client:
      return "from your address";
    case LimitBy::hello:
      return "from hosts of your HELO name";
    case LimitBy::sender:
      return "from this sender";
    case LimitBy::recipient:
      return "for this recipient";
    case LimitBy::account:
      break;
  }
  return "from your account";
}

// A second's fractions say nothing to who waits.
std::string wait_text(base::Duration wait) {
  return base::format_duration(std::chrono::ceil<std::chrono::seconds>(wait));
}

bool is_in(const std::vector<base::IpNetwork>& networks, const std::optional<base::IpAddress>& client) {
  return client && std::ranges::any_of(networks, [&](const auto& network) { return network.contains(*client); });
}

LimitRule rule_of_clients(const Settings& settings) {
  LimitRule rule{.by = LimitBy::client};
  for (std::size_t i = 0; i < limited_kinds; ++i)
    if (settings.rates[i].count > 0) rule.rates[i].push_back(settings.rates[i]);
  return rule;
}

}  // namespace

bool Limits::Counter::is_as(const Counter& other) const {
  return by == other.by && what == other.what && exempt == other.exempt && ipv4_prefix == other.ipv4_prefix &&
         ipv6_prefix == other.ipv6_prefix && table->rate() == other.table->rate();
}

Limits::Limits(const Settings& settings, const Limits* before)
    : destinations_(before != nullptr ? before->destinations_ : std::make_shared<KnownDestinations>()) {
  add(rule_of_clients(settings), before);
  add({.by = LimitBy::account, .rates = settings.account_rates}, before);
  for (const auto& rule : settings.limits) add(rule, before);
}

Limits::~Limits() = default;

void Limits::add(const LimitRule& rule, const Limits* before) {
  for (std::size_t i = 0; i < limited_kinds; ++i)
    for (const auto& rate : rule.rates[i]) {
      Counter counter{.by = rule.by,
                      .what = static_cast<Limited>(i),
                      .exempt = rule.exempt,
                      .ipv4_prefix = rule.ipv4_prefix,
                      .ipv6_prefix = rule.ipv6_prefix,
                      .table = std::make_shared<LimitTable>(rate)};
      const auto is_same = [&](const Counter& other) { return other.is_as(counter); };
      const bool is_double = std::ranges::any_of(counters_, is_same);  // or it would count everything twice
      if (is_double) continue;
      if (before != nullptr)
        if (const auto old = std::ranges::find_if(before->counters_, is_same); old != before->counters_.end())
          counter.table = old->table;
      counters_.push_back(std::move(counter));
      counted_[i] = true;
    }
}

// Empty: it does not count.
std::string Limits::key_of(const Counter& counter, const Who& who) {
  if (who.trusted && counter.by != LimitBy::account) return {};
  if (who.recipient.empty() == (counter.by == LimitBy::recipient)) return {};
  if (is_in(counter.exempt, who.client)) return {};
  switch (counter.by) {
    case LimitBy::client:
      if (!who.client) return {};
      return base::to_string(
          base::IpNetwork(*who.client, who.client->is_v4() ? counter.ipv4_prefix : counter.ipv6_prefix));
    case LimitBy::hello:
      return base::to_lower(std::string_view(who.hello).substr(0, longest_key));
    case LimitBy::sender:
      return base::to_lower(std::string_view(who.sender).substr(0, longest_key));
    case LimitBy::recipient:
      return base::to_lower(std::string_view(who.recipient).substr(0, longest_key));
    case LimitBy::account:
      break;
  }
  return who.account.substr(0, longest_key);
}

Limits::Refusal Limits::refuse(const Counter& counter, base::Duration wait) {
  counter.table->note_refusal();
  return {.by = counter.by, .what = counter.what, .rate = counter.table->rate(), .wait = wait};
}

std::optional<Limits::Refusal> Limits::take(std::initializer_list<Limited> what, const Who& who, base::MonoTime now) {
  std::vector<Taken> taken;
  for (const auto& counter : counters_) {
    if (std::ranges::find(what, counter.what) == what.end()) continue;
    auto key = key_of(counter, who);
    if (key.empty()) continue;
    if (const auto wait = counter.table->take(key, now); wait > base::Duration::zero()) {
      for (const auto& one : taken) one.table->give_back(one.key);
      return refuse(counter, wait);
    }
    taken.push_back({.table = counter.table.get(), .key = std::move(key)});
  }
  return {};
}

std::optional<Limits::Refusal> Limits::take_recipient(const Who& who, const std::string& domain, base::MonoTime now) {
  if (!count(Limited::recipients) && !count(Limited::new_destinations)) return {};
  const bool watched = count(Limited::new_destinations) && !who.account.empty();
  if (!watched || destinations_->knows(who.account, domain)) return take({Limited::recipients}, who, now);
  auto refusal = take({Limited::recipients, Limited::new_destinations}, who, now);
  if (!refusal) destinations_->remember(who.account, domain);
  return refusal;
}

std::optional<Limits::Refusal> Limits::exhausted(Limited what, const Who& who, base::MonoTime now) {
  for (const auto& counter : counters_) {
    if (counter.what != what) continue;
    const auto key = key_of(counter, who);
    if (key.empty()) continue;
    if (const auto wait = counter.table->wait(key, now); wait > base::Duration::zero()) return refuse(counter, wait);
  }
  return {};
}

base::Duration Limits::owe(Limited what, std::uint64_t count, const Who& who, base::MonoTime now) {
  base::Duration longest{};
  for (const auto& counter : counters_) {
    if (counter.what != what) continue;
    if (const auto key = key_of(counter, who); !key.empty())
      longest = std::max(longest, counter.table->owe(key, count, now));
  }
  return longest;
}

std::vector<Limits::Used> Limits::fullest(std::size_t most, base::MonoTime now, std::size_t skipped) const {
  std::vector<Used> all;
  for (const auto& counter : counters_)
    for (auto& one : counter.table->fullest(skipped + most, now))
      all.push_back({.by = counter.by,
                     .what = counter.what,
                     .rate = counter.table->rate(),
                     .key = std::move(one.key),
                     .used = one.used,
                     .wait = one.wait,
                     .until_free = one.until_free});
  const auto share = [](const Used& one) {
    return static_cast<double>(one.used) / static_cast<double>(one.rate.count);
  };
  std::ranges::stable_sort(all, std::greater(), share);
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(skipped, all.size())));
  if (all.size() > most) all.resize(most);
  return all;
}

std::size_t Limits::reset(const std::string& key) {
  const auto address = base::IpAddress::parse(key);
  const auto lower = base::to_lower(key);
  std::size_t count = 0;
  for (const auto& counter : counters_) {
    const bool is_network = address && counter.by == LimitBy::client;
    const auto network = is_network ? key_of(counter, {.client = address}) : std::string();
    // Accounts may tell cases apart.
    for (const auto& name : {key, lower, network})
      if (!name.empty() && counter.table->forget(name)) ++count;
  }
  return count;
}

std::vector<Limits::Counted> Limits::counted() const {
  std::vector<Counted> all;
  all.reserve(counters_.size());
  for (const auto& counter : counters_)
    all.push_back({.by = counter.by,
                   .what = counter.what,
                   .rate = counter.table->rate(),
                   .keys = counter.table->keys(),
                   .refusals = counter.table->refusals()});
  return all;
}

std::string rate_text(Limited what, const base::Rate& rate) {
  return what == Limited::bytes ? base::byte_rate_text(rate) : base::to_string(rate);
}

smtp::Reply reply_to(const Limits::Refusal& refusal) {
  const auto what =
      refusal.what == Limited::new_destinations ? std::string_view("new destinations") : to_string(refusal.what);
  const auto text = fmt::format("Too many {} {}: {} at most, try again in {}", what, words_for(refusal.by),
                                rate_text(refusal.what, refusal.rate), wait_text(refusal.wait));
  // And the connection is over.
  if (refusal.what == Limited::connections || refusal.what == Limited::handshakes)
    return smtp::make_reply(421, {4, 7, 0}, text);
  return smtp::make_reply(450, {4, 7, 1}, text);
}

}  // namespace godwit::policy
