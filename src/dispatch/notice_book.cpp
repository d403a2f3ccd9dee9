// SPDX-License-Identifier: Apache-2.0
#include "notice_book.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::dispatch {
namespace {

constexpr std::uint64_t latest_told = 9'000'000'000'000;  // milliseconds: 2255; what a WallTime can hold

std::uint64_t as_milliseconds(base::WallTime time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count());
}

}  // namespace

bool NoticeBook::has_room() {
  if (entries_.size() >= most_recipients && !all_wait_)
    all_wait_ = std::erase_if(entries_, [](const auto& one) { return !one.second.waits(); }) == 0;
  return entries_.size() < most_recipients;
}

bool NoticeBook::was_told_since(const std::string& recipient, base::WallTime time) const {
  const auto found = entries_.find(recipient);
  return found != entries_.end() && found->second.told >= time;
}

bool NoticeBook::add(const std::string& recipient, base::MessageId id) {
  youngest_ = std::max(youngest_, id);
  if (!entries_.contains(recipient) && !has_room()) return false;
  auto& entry = entries_[recipient];
  if (std::ranges::find(entry.ids, id) != entry.ids.end()) return true;
  if (entry.ids.size() < most_listed)
    entry.ids.push_back(id);
  else
    ++entry.more;
  return true;
}

std::vector<NoticeBook::Notice> NoticeBook::take_due(base::WallTime now, base::Duration interval) {
  all_wait_ = false;
  std::vector<Notice> due;
  for (auto at = entries_.begin(); at != entries_.end();) {
    auto& [recipient, entry] = *at;
    if (entry.told > now) entry.told = now;  // the clock was set back
    const bool is_over = now - entry.told >= interval;
    if (is_over && !entry.waits()) {
      at = entries_.erase(at);
      continue;
    }
    if (is_over) {
      due.push_back({.recipient = recipient,
                     .ids = std::exchange(entry.ids, {}),
                     .more = std::exchange(entry.more, std::size_t{0})});
      entry.told = now;
    }
    ++at;
  }
  return due;
}

void NoticeBook::put_back(const Notice& notice) {
  for (const auto id : notice.ids) add(notice.recipient, id);
  if (const auto found = entries_.find(notice.recipient); found != entries_.end()) found->second.more += notice.more;
}

std::optional<base::WallTime> NoticeBook::next_due(base::Duration interval) const {
  std::optional<base::WallTime> next;
  for (const auto& [recipient, entry] : entries_)
    if (entry.waits()) next = std::min(next.value_or(entry.told + interval), entry.told + interval);
  return next;
}

// "youngest ID", then "RECIPIENT TOLD MORE ID ID ...".
std::string NoticeBook::encode(base::MessageId youngest) const {
  auto text = fmt::format("youngest {}\n", base::to_string(youngest));
  for (const auto& [recipient, entry] : entries_) {
    text += fmt::format("{} {} {}", base::percent_encode(recipient), as_milliseconds(entry.told), entry.more);
    for (const auto id : entry.ids) text += " " + base::to_string(id);
    text += '\n';
  }
  return text;
}

void NoticeBook::decode(std::string_view text) {
  for (const auto line : base::split(text, '\n')) {
    const auto words = base::split(line, ' ');
    if (words.size() == 2 && words[0] == "youngest") {
      if (const auto id = base::parse_message_id(words[1])) youngest_ = std::max(youngest_, *id);
      continue;
    }
    if (words.size() < 3 || entries_.size() >= most_recipients) continue;
    const auto recipient = base::percent_decode(words[0]);
    const auto told = base::parse_unsigned(words[1]);
    const auto more = base::parse_unsigned(words[2]);
    if (!recipient || !told || *told > latest_told || !more) continue;
    for (std::size_t i = 3; i < words.size(); ++i)
      if (const auto id = base::parse_message_id(words[i])) add(*recipient, *id);
    auto& entry = entries_[*recipient];
    entry.told = base::WallTime(std::chrono::milliseconds(*told));
    entry.more += *more;
  }
}

}  // namespace godwit::dispatch
