// SPDX-License-Identifier: Apache-2.0
#include "history_report.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "godwit/base/text.hpp"
#include "json_words.hpp"
#include "report.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

// A reply of a peer's may have many lines.
constexpr std::size_t longest_word = 2048;

std::string long_word(const json::value& value) {
  return value.is_string() ? base::printable(value.get_string(), longest_word) : word(value);
}

// Shown elsewhere, or the same in every line.
bool is_apart(std::string_view key, std::string_view id, const json::value& value) {
  static constexpr std::array<std::string_view, 3> apart{"time", "event", "transcript"};
  return std::ranges::find(apart, key) != apart.end() || (key == "id" && value == json::value(json::string(id)));
}

std::string event_line(const json::value& event, std::string_view id) {
  auto line = fmt::format("{}  {:<10}", word(event, "/time"), word(event, "/event"));
  for (const auto& [key, value] : event.get_object())
    if (!is_apart(key, id, value) && value != json::value(json::string("")))
      line += fmt::format("  {}={}", base::printable(key), long_word(value));
  return line + "\n";
}

std::string said(const json::value& line) {
  const auto who = word(line, "/who");
  const auto* sign = who == "we" ? ">" : who == "peer" ? "<" : "*";
  return fmt::format("    {:>8.3f} {} {}\n", static_cast<double>(number(line, "/ms")) / 1000, sign,
                     long_word(at(line, "/text")));
}

std::string next_text(const json::value& message) {
  if (message.is_null()) return "Nothing more happens: every recipient is settled.\n";
  return "What happens next:\n" + waiting_text(message);
}

}  // namespace

std::string trace_text(const json::value& trace) {
  const auto id = word(trace, "/id");
  std::string out;
  for (const json::value& event : list(trace, "/events")) {
    if (!event.is_object()) continue;
    out += event_line(event, id);
    for (const json::value& line : list(event, "/transcript")) out += said(line);
  }
  if (out.empty()) out = "The history does not know this message; the queue does.\n";
  return out + "\n" + next_text(at(trace, "/message"));
}

std::string event_text(const json::value& event) {
  return event.is_object() ? event_line(event, {}) : std::string();
}

std::string history_text(const json::value& found) {
  std::vector<std::vector<std::string>> rows{{"TIME", "ID", "EVENT", "FROM", "TO", "RELAY", "REPLY"}};
  for (const json::value& one : list(found, "/messages"))
    rows.push_back({time(one, "/time"), word(one, "/id"), word(one, "/event"), word(one, "/from"), word(one, "/to"),
                    word(one, "/relay"), word(one, "/reply")});
  auto out = rows.size() == 1 ? std::string("No such message is in the history.\n") : table(rows);
  if (!at(found, "/searched_back_to").is_null())
    out += fmt::format("There may be more before {}: --until says from when on to look back.\n",
                       word(found, "/searched_back_to"));
  return out;
}

}  // namespace godwit::tools
