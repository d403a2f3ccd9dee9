// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/greylist.hpp"

#include <utility>

namespace godwit::state {
namespace {

// So often the file learns that a group was seen again.
constexpr base::Duration noted_again = std::chrono::hours(1);
constexpr std::size_t longest_key = 600;  // a network and an address

std::string bounded(const std::string& key) {
  return key.substr(0, longest_key);
}

}  // namespace

Greylist::Greylist(const Settings& settings, boost::asio::any_io_executor pool, const base::Clock& clock,
                   log::Logger& log)
    : clock_(clock),
      settings_(settings.greylist),
      entries_({.path = settings.directory + "/greylist.sqlite",
                .table = "greylist",
                .tables = 2,
                .most = settings.greylist.entries,
                .rebuilt = "greylist_rebuilt",
                .not_saved = "greylist_not_saved"},
               std::move(pool), log) {}

void Greylist::open() {
  const auto now = clock_.wall();
  entries_.open([&](std::size_t table, const Times& times) { return is_current(table, times, now); });
}

void Greylist::change_settings(const GreylistSettings& settings) {
  const auto lock = entries_.lock();
  settings_ = settings;
}

bool Greylist::is_current(std::size_t table, const Times& times, base::WallTime now) const {
  // A clock that was set back makes what it did in the future worthless.
  if (times.first > now + noted_again) return false;
  return table == groups ? now - times.last < settings_.keep : now - times.first < settings_.window;
}

Greylist::Answer Greylist::ask(const std::string& group, const std::string& attempt) {
  const auto lock = entries_.lock();
  return ask_under_lock(bounded(group), bounded(group + " " + attempt), clock_.wall());
}

Greylist::Answer Greylist::ask_under_lock(const std::string& group, const std::string& attempt, base::WallTime now) {
  if (const auto* known = entries_.find(groups, group); known != nullptr && is_current(groups, *known, now)) {
    if (now - known->last >= noted_again)
      entries_.put(groups, group, {.first = known->first, .last = now});
    else
      entries_.touch(groups, group);
    return {.kind = Answer::Kind::known, .time = {}};
  }
  const auto* tried = entries_.find(attempts, attempt);
  if (tried == nullptr || !is_current(attempts, *tried, now)) {
    entries_.put(attempts, attempt, {.first = now, .last = now});
    return {.kind = Answer::Kind::early, .time = settings_.delay};
  }
  const auto since = now - tried->first;
  if (since < settings_.delay) return {.kind = Answer::Kind::early, .time = settings_.delay - since};
  entries_.forget(attempts, attempt);
  entries_.put(groups, group, {.first = now, .last = now});
  return {.kind = Answer::Kind::now_known, .time = since};
}

std::size_t Greylist::known() const {
  const auto lock = entries_.lock();
  return entries_.size(groups);
}

std::size_t Greylist::waiting() const {
  const auto lock = entries_.lock();
  return entries_.size(attempts);
}

}  // namespace godwit::state
