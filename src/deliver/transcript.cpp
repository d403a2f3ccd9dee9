// SPDX-License-Identifier: Apache-2.0
#include "godwit/deliver/transcript.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::deliver {
namespace {

constexpr std::string_view hidden = "[hidden]";

// "AUTH PLAIN AGFs…" → "AUTH PLAIN [hidden]"; an answer to a challenge has no such beginning.
std::string outline_of_command(std::string_view line) {
  const auto words = base::split(line, ' ');
  if (!base::iequals(words.front(), "AUTH") || words.size() < 2) return std::string(hidden);
  const auto begin = fmt::format("{} {}", words[0], words[1]);
  return words.size() == 2 ? begin : fmt::format("{} {}", begin, hidden);
}

// A challenge (334) may hold what the server derives from the password.
std::string outline_of_reply(std::string_view line) {
  return line.starts_with("334") && line.size() > 4 ? fmt::format("334 {}", hidden) : std::string(line);
}

template <class Each>
void for_each_line(std::string_view bytes, Each each) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    auto line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    each(line);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

}  // namespace

std::string Transcript::line(base::MonoTime now, char sign, std::string_view words) const {
  auto text = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now - began_).count());
  text.append({' ', sign, ' '}).append(words.substr(0, longest_line));
  text += words.size() > longest_line ? "...\n" : "\n";
  return text;
}

void Transcript::add(base::MonoTime now, char sign, std::string_view words) {
  auto added = line(now, sign, words);
  beginning_full_ = beginning_full_ || beginning_.size() + added.size() > longest_part;
  if (!beginning_full_) {
    beginning_ += added;
    return;
  }
  end_size_ += added.size();
  end_.push_back(std::move(added));
  while (end_size_ > longest_part) {
    end_size_ -= end_.front().size();
    end_.pop_front();
    ++left_out_;
  }
}

void Transcript::sent(base::MonoTime now, std::string_view bytes, Kind kind) {
  finish_line(now);
  for_each_line(bytes, [&](std::string_view line) {
    if (kind == Kind::open) return add(now, '>', line);
    add(now, '>', outline_of_command(line));
  });
}

void Transcript::add_received(base::MonoTime now, std::string_view line, Kind kind) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (kind == Kind::open) return add(now, '<', line);
  add(now, '<', outline_of_reply(line));
}

void Transcript::received(base::MonoTime now, std::string_view bytes, Kind kind) {
  unfinished_kind_ = kind;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (end != std::string_view::npos && unfinished_.empty()) {
      add_received(now, piece, kind);
    } else {
      // One byte more than is shown tells that there was more.
      unfinished_ += piece.substr(0, longest_line + 1 - std::min(longest_line + 1, unfinished_.size()));
      if (end != std::string_view::npos) finish_line(now);
    }
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

void Transcript::finish_line(base::MonoTime now) {
  if (unfinished_.empty()) return;
  const auto line = std::move(unfinished_);
  unfinished_.clear();
  add_received(now, line, unfinished_kind_);
}

void Transcript::note(base::MonoTime now, std::string_view remark) {
  finish_line(now);
  for_each_line(remark, [&](std::string_view line) { add(now, '*', line); });
}

std::string Transcript::text() const {
  std::string all = beginning_;
  // At the time of what follows.
  if (left_out_ > 0)
    all += fmt::format("{} * ({} lines left out)\n",
                       end_.empty() ? "0" : end_.front().substr(0, end_.front().find(' ')), left_out_);
  for (const auto& line : end_) all += line;
  return all;
}

std::vector<Transcript::Line> Transcript::parse(std::string_view text) {
  std::vector<Line> lines;
  for_each_line(text, [&](std::string_view line) {
    const auto space = line.find(' ');
    const auto at = base::parse_unsigned(line.substr(0, space));
    if (!at || line.size() < space + 3 || line[space + 2] != ' ') return;
    lines.push_back({.at = std::chrono::milliseconds(*at), .sign = line[space + 1], .words = line.substr(space + 3)});
  });
  return lines;
}

}  // namespace godwit::deliver
