// SPDX-License-Identifier: Apache-2.0
#include "sts_cache.hpp"

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/kept_time.hpp"
#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

using std::chrono::days;

std::uint64_t seconds_of(base::WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// domain id fetched used mode max_age mx,mx,…
std::string line_of(const std::string& domain, const StsEntry& entry) {
  const auto& policy = *entry.policy;
  return fmt::format("{} {} {} {} {} {} {}\n", domain, entry.id, seconds_of(entry.fetched), seconds_of(entry.used),
                     to_string(policy.mode), policy.max_age.count(), base::join(policy.mx, ","));
}

std::optional<base::WallTime> time_of(std::string_view text) {
  const auto seconds = base::parse_unsigned(text);
  return seconds ? base::possible_second(*seconds) : std::nullopt;
}

// The file is ours, but may have been edited: what it says goes through the parser of policies.
std::optional<std::pair<std::string, StsEntry>> entry_of(std::string_view line) {
  const auto words = base::split(line, ' ');
  if (words.size() != 7 || words[0].empty()) return {};
  std::string text = fmt::format("version: STSv1\nmode: {}\nmax_age: {}\n", words[4], words[5]);
  if (!words[6].empty())
    for (const auto mx : base::split(words[6], ',')) text += fmt::format("mx: {}\n", mx);
  auto policy = parse_sts_policy(text);
  const auto fetched = time_of(words[2]);
  const auto used = time_of(words[3]);
  if (!policy || !fetched || !used) return {};
  return std::pair{std::string(words[0]), StsEntry{.policy = std::make_shared<const StsPolicy>(std::move(*policy)),
                                                   .id = std::string(words[1]),
                                                   .fetched = *fetched,
                                                   .used = *used}};
}

}  // namespace

bool StsCache::is_stale(const StsEntry& entry, base::WallTime now) {
  const base::Duration half = entry.policy->max_age / 2;
  return now >= entry.fetched + std::min(refresh_after, half);
}

void StsCache::drop(const std::string& domain) {
  const auto* entry = entries_.find(domain);
  if (entry == nullptr) return;
  bytes_ -= line_of(domain, *entry).size();
  entries_.erase(domain);
}

const StsEntry* StsCache::find(const std::string& domain, base::WallTime now) {
  const auto* entry = entries_.find(domain);
  if (entry == nullptr) return nullptr;
  // A clock that was wrong and was set back must not make a policy live longer than it may.
  if (now < entry->fetched + entry->policy->max_age && entry->fetched <= now + refresh_after) return entry;
  drop(domain);
  changed_ = true;
  return nullptr;
}

const StsEntry* StsCache::use(const std::string& domain, base::WallTime now) {
  if (find(domain, now) == nullptr) return nullptr;
  auto& entry = entries_.touch(domain);
  const auto today = std::chrono::floor<days>(now);
  if (entry.used != today) {
    bytes_ -= line_of(domain, entry).size();
    entry.used = today;
    bytes_ += line_of(domain, entry).size();
    changed_ = true;
  }
  return &entry;
}

void StsCache::make_room(std::size_t bytes) {
  while (size() > 0 && (size() >= most_policies || bytes_ + bytes > most_bytes)) {
    const std::string oldest = entries_.values().back().first;
    drop(oldest);
  }
}

void StsCache::put(const std::string& domain, StsEntry entry) {
  drop(domain);
  const auto bytes = line_of(domain, entry).size();
  make_room(bytes);
  entries_.touch(domain) = std::move(entry);
  bytes_ += bytes;
  changed_ = true;
}

std::vector<std::string> StsCache::stale(base::WallTime now) const {
  std::vector<std::string> result;
  for (const auto& [domain, entry] : entries_.values())
    if (is_stale(entry, now) && now < entry.used + unused_after) result.push_back(domain);
  return result;
}

std::string StsCache::text() {
  std::string result;
  result.reserve(bytes_);
  for (const auto& [domain, entry] : entries_.values()) result += line_of(domain, entry);
  changed_ = false;
  return result;
}

std::size_t StsCache::read(std::string_view text) {
  std::size_t bad = 0;
  const auto lines = base::split(text, '\n');
  for (const auto line : lines | std::views::reverse) {
    if (line.empty()) continue;
    auto entry = entry_of(line);
    if (entry)
      put(entry->first, std::move(entry->second));
    else
      ++bad;
  }
  changed_ = bad > 0;
  return bad;
}

}  // namespace godwit::route
