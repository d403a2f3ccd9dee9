// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/recipient_answers.hpp"

#include <algorithm>
#include <utility>

namespace godwit::state {
namespace {

constexpr base::Duration clock_skew = std::chrono::hours(1);

}  // namespace

RecipientAnswers::RecipientAnswers(const Settings& settings, boost::asio::any_io_executor pool,
                                   const base::Clock& clock, log::Logger& log)
    : clock_(clock),
      settings_(settings.callout),
      entries_({.path = settings.directory + "/callouts.sqlite",
                .table = "callouts",
                .tables = tables,
                .most = settings.callout.entries,
                .rebuilt = "callouts_rebuilt",
                .not_saved = "callouts_not_saved"},
               std::move(pool), log) {}

void RecipientAnswers::open() {
  const auto now = clock_.wall();
  entries_.open([&](std::size_t table, const KeptMap::Times& times) {
    const auto age = table == absent    ? settings_.absent
                     : table == present ? std::max(settings_.keep, settings_.present)
                                        : settings_.present;
    return times.last <= now + clock_skew && now - times.last < age;
  });
}

void RecipientAnswers::change_settings(const CalloutCacheSettings& settings) {
  const auto lock = entries_.lock();
  settings_ = settings;
}

bool RecipientAnswers::is_younger(std::size_t table, const std::string& key, base::Duration age) {
  const auto* times = entries_.find(table, key);
  if (times == nullptr) return false;
  const auto now = clock_.wall();
  // A clock that was set back makes what it did in the future worthless.
  const bool is_so = times->last <= now + clock_skew && now - times->last < age;
  if (is_so) entries_.touch(table, key);
  return is_so;
}

std::optional<bool> RecipientAnswers::recall(const std::string& address) {
  const auto lock = entries_.lock();
  if (is_younger(present, address, settings_.present)) return true;
  if (is_younger(absent, address, settings_.absent)) return false;
  return {};
}

bool RecipientAnswers::was_there(const std::string& address) {
  const auto lock = entries_.lock();
  return is_younger(present, address, settings_.keep);
}

void RecipientAnswers::move(const std::string& key, Table from, Table to) {
  const auto lock = entries_.lock();
  const auto now = clock_.wall();
  entries_.forget(from, key);
  entries_.put(to, key, {.first = now, .last = now});
}

void RecipientAnswers::remember(const std::string& address, bool there) {
  move(address, there ? absent : present, there ? present : absent);
}

std::optional<bool> RecipientAnswers::takes_all(const std::string& domain) {
  const auto lock = entries_.lock();
  if (is_younger(takers_of_all, domain, settings_.present)) return true;
  if (is_younger(others, domain, settings_.present)) return false;
  return {};
}

void RecipientAnswers::remember_domain(const std::string& domain, bool takes_all) {
  move(domain, takes_all ? others : takers_of_all, takes_all ? takers_of_all : others);
}

}  // namespace godwit::state
