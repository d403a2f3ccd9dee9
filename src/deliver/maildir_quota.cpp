// SPDX-License-Identifier: Apache-2.0
// http://www.courier-mta.org/imap/README.maildirquota.html
#include "maildir_quota.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::deliver {
namespace {

std::optional<std::int64_t> parse_signed(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<MailboxLimits> parse_limits(std::string_view line) {
  MailboxLimits limits;
  for (const auto part : base::split(line, ',')) {
    if (part.empty()) continue;
    const auto value = parse_signed(part.substr(0, part.size() - 1));
    if (!value || *value < 0) return {};
    if (part.back() == 'S')
      limits.bytes = *value;
    else if (part.back() == 'C')
      limits.messages = *value;
  }
  return limits;
}

std::optional<MailboxUsage> parse_change(std::string_view line) {
  const auto blank = line.find(' ');
  if (blank == std::string_view::npos) return {};
  const auto bytes = parse_signed(line.substr(0, blank));
  const auto messages = parse_signed(base::trim(line.substr(blank)));
  if (!bytes || !messages) return {};
  return MailboxUsage{.bytes = *bytes, .messages = *messages};
}

bool fits(std::int64_t limit, std::int64_t present, std::uint64_t more) {
  if (limit == 0) return true;
  const auto left = limit - present;
  return left > 0 && static_cast<std::uint64_t>(left) >= more;
}

}  // namespace

bool MailboxLimits::have_room(const MailboxUsage& usage, std::uint64_t size) const {
  return fits(bytes, usage.bytes, size) && fits(messages, usage.messages, 1);
}

std::optional<MaildirSize> parse_maildirsize(std::string_view text) {
  const auto lines = base::split(text, '\n');
  const auto limits = parse_limits(base::trim(lines.front()));
  if (!limits) return {};
  MaildirSize size;
  size.limits = *limits;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto line = base::trim(lines[i]);
    if (line.empty()) continue;
    const auto change = parse_change(line);
    if (!change) return {};
    size.usage.bytes += change->bytes;
    size.usage.messages += change->messages;
    size.is_counted = true;
  }
  return size;
}

std::string to_string(const MailboxLimits& limits) {
  std::string text;
  if (limits.bytes > 0) text += fmt::format("{}S", limits.bytes);
  if (limits.messages > 0) text += fmt::format("{}{}C", text.empty() ? "" : ",", limits.messages);
  return text;
}

std::optional<std::uint64_t> size_in_name(std::string_view name) {
  const auto at = name.find(",S=");
  if (at == std::string_view::npos) return {};
  const auto rest = name.substr(at + 3);
  return base::parse_unsigned(rest.substr(0, rest.find_first_not_of("0123456789")));
}

MaildirQuota::MaildirQuota(disk::Disk& disk, base::Random& random, const MaildirSettings& settings, std::string mailbox)
    : disk_(disk), random_(random), settings_(settings), mailbox_(std::move(mailbox)) {
  limits_.bytes = static_cast<std::int64_t>(settings.quota);
  limits_.messages = static_cast<std::int64_t>(settings.quota_messages);
}

boost::asio::awaitable<base::Result<std::string>> MaildirQuota::read() {
  auto opened = co_await disk_.open(mailbox_ + "/maildirsize", disk::OpenMode::read);
  if (!opened) co_return std::unexpected(opened.error());
  std::string text(longest + 1, '\0');
  auto got = co_await (*opened)->read(0, text);
  if (!got) co_return std::unexpected(got.error());
  text.resize(*got);
  co_return text;
}

boost::asio::awaitable<base::Result<bool>> MaildirQuota::has_room(std::uint64_t size) {
  auto text = co_await read();
  if (!text && text.error().kind != base::ErrorKind::not_found) co_return std::unexpected(text.error());
  const bool whole = text && text->size() <= longest;
  const auto kept = whole ? parse_maildirsize(*text) : std::nullopt;
  if (!limits_.any()) {
    // What others have set there for this mailbox.
    const auto first = text ? parse_maildirsize(text->substr(0, text->find('\n'))) : std::nullopt;
    if (first) limits_ = first->limits;
    if (!limits_.any()) co_return true;
  }
  if (kept && kept->is_counted && kept->limits == limits_ && limits_.have_room(kept->usage, size)) co_return true;
  auto counted = co_await count();
  if (!counted) co_return std::unexpected(counted.error());
  auto written = co_await write(*counted);
  // A mailbox that is not there yet gets its file with the first message.
  if (!written && written.error().kind != base::ErrorKind::not_found) co_return std::unexpected(written.error());
  co_return limits_.have_room(*counted, size);
}

boost::asio::awaitable<base::Result<>> MaildirQuota::count_folder(std::string folder, MailboxUsage& usage) {
  for (const char* name : {"/new", "/cur"}) {
    auto listed = co_await disk_.list(folder + name);
    if (!listed && listed.error().kind == base::ErrorKind::not_found) continue;
    if (!listed) co_return std::unexpected(listed.error());
    for (const auto& entry : *listed) {
      if (entry.is_directory || entry.name.starts_with('.')) continue;
      usage.bytes += static_cast<std::int64_t>(size_in_name(entry.name).value_or(entry.size));
      ++usage.messages;
    }
  }
  co_return base::Result<>();
}

boost::asio::awaitable<base::Result<MailboxUsage>> MaildirQuota::count() {
  MailboxUsage usage;
  auto counted = co_await count_folder(mailbox_, usage);
  if (!counted) co_return std::unexpected(counted.error());
  auto listed = co_await disk_.list(mailbox_);
  if (!listed && listed.error().kind == base::ErrorKind::not_found) co_return usage;
  if (!listed) co_return std::unexpected(listed.error());
  for (const auto& entry : *listed) {
    if (!entry.is_directory || !entry.name.starts_with('.') || entry.name == "." || entry.name == "..") continue;
    if (entry.name == ".Trash" || entry.name.starts_with(".Trash.")) continue;
    counted = co_await count_folder(mailbox_ + "/" + entry.name, usage);
    if (!counted) co_return std::unexpected(counted.error());
  }
  co_return usage;
}

// Beside the old one, then in its place: who reads it sees one or the other.
boost::asio::awaitable<base::Result<>> MaildirQuota::write(const MailboxUsage& usage) {
  const auto temporary = fmt::format("{}/tmp/maildirsize.{:016x}", mailbox_, random_.next());
  auto opened = co_await disk_.open(temporary, disk::OpenMode::create_new, settings_.file_mode);
  if (!opened) co_return std::unexpected(opened.error());
  const auto text = fmt::format("{}\n{} {}\n", to_string(limits_), usage.bytes, usage.messages);
  base::Result<> result = co_await (*opened)->write(0, text);
  opened->reset();
  if (result && !settings_.group.empty())
    result = co_await disk_.set_permissions(temporary, settings_.file_mode, settings_.group);
  if (result) result = co_await disk_.rename(temporary, mailbox_ + "/maildirsize");
  if (!result) {
    auto removed = co_await disk_.remove(temporary);
  }
  co_return result;
}

boost::asio::awaitable<void> MaildirQuota::note(std::uint64_t size) {
  auto opened = co_await disk_.open(mailbox_ + "/maildirsize", disk::OpenMode::read_write);
  if (!opened) {
    auto counted = co_await count();
    if (counted) co_await write(*counted);
    co_return;
  }
  auto end = co_await (*opened)->size();
  if (!end) co_return;
  const auto line = fmt::format("{} 1\n", size);
  co_await (*opened)->write(*end, line);
}

}  // namespace godwit::deliver
