// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/text_table.hpp"

#include <sys/stat.h>

#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/net/plain_file.hpp"

namespace godwit::lookup {
std::shared_ptr<const TextContent> TextTable::content() const {
  const std::lock_guard lock(mutex_);
  return content_;
}

std::optional<Answer> TextTable::recall(const std::string& key) {
  const auto content = this->content();
  if (!content) return unavailable("it was never read");
  const auto found = content->entries.find(key);
  return found == content->entries.end() ? absent() : present(found->second);
}

boost::asio::awaitable<Answer> TextTable::ask(std::string key) {
  co_return *recall(key);
}

std::optional<Answer> TextTable::match(const std::string& key) {
  const auto content = this->content();
  if (!content) return std::nullopt;
  for (const auto& [pattern, values] : content->patterns)
    if (base::matches_pattern(pattern, key)) return present(values);
  return std::nullopt;
}

TextTable::Stamp TextTable::stamp_of(const std::string& path) {
  struct stat status {};
  Stamp stamp{.path = path};
  if (::stat(path.c_str(), &status) != 0) return stamp;
  stamp.size = status.st_size;
  stamp.inode = status.st_ino;
  stamp.modified = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
  return stamp;
}

bool TextTable::has_changed() const {
  if (stamps_.empty()) return true;
  for (const auto& stamp : stamps_)
    if (stamp_of(stamp.path) != stamp) return true;
  return false;
}

// Stamps are taken before the files are read: what changes meanwhile is seen at the next look.
TextTable::Refreshed TextTable::refresh() {
  Refreshed result;
  if (!has_changed()) return result;
  result.changed = true;
  std::vector<Stamp> stamps = {stamp_of(path_)};
  const auto text = net::read_plain_file(path_, most_bytes);
  if (!text) {
    result.errors.push_back(text.error().message);
    stamps_ = std::move(stamps);
    return result;
  }
  const ReadFile read = [&stamps](const std::string& path) {
    stamps.push_back(stamp_of(path));
    return net::read_plain_file(path, most_bytes);
  };
  auto content = std::make_shared<TextContent>(parse_text_table(*text, path_, read));
  stamps_ = std::move(stamps);
  result.entries = content->entries.size() + content->patterns.size();
  result.errors = std::exchange(content->errors, {});
  result.warnings = std::exchange(content->warnings, {});
  if (!result.errors.empty()) return result;
  const std::lock_guard lock(mutex_);
  content_ = std::move(content);
  return result;
}

}  // namespace godwit::lookup
