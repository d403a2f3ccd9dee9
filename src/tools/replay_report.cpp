// SPDX-License-Identifier: Apache-2.0
#include "replay_report.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "json_words.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

struct Kind {
  std::string_view name;  // in JSON
  std::string_view words;
};
constexpr std::array kinds{Kind{"newly_rejected", "newly rejected"},
                           Kind{"newly_accepted", "newly accepted"},
                           Kind{"rejected_otherwise", "rejected otherwise"},
                           Kind{"route", "another route"},
                           Kind{"tls", "another TLS policy"},
                           Kind{"limits", "other limits"},
                           Kind{"held", "held, or no longer"},
                           Kind{"rewriting", "other addresses"}};

std::string side(const json::value& group, std::string_view pointer) {
  return at(group, pointer).is_null() ? "nothing" : word(group, pointer);
}

std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string example_text(const json::value& example) {
  const auto& id = at(example, "/id");
  const auto to = word(example, "/to");
  auto text = fmt::format("    {} from {} to {}", id.is_null() ? time(example, "/time") : word(id),
                          word(example, "/from"), to.empty() ? "nobody yet" : to);
  text += fmt::format("\n      before: {}\n      after:  {}\n", side(example, "/before"), side(example, "/after"));
  return text;
}

std::string group_text(const json::value& group) {
  auto heading = counted(number(group, "/recipients"), "recipient");
  if (!at(group, "/before").is_null() || !at(group, "/after").is_null())
    heading += fmt::format(": {} -> {}", side(group, "/before"), side(group, "/after"));
  auto out = "  " + heading + "\n";
  for (const auto& example : list(group, "/examples")) out += example_text(example);
  return out;
}

std::string kind_text(const Kind& kind, const json::value& difference) {
  auto out = fmt::format("\n{}: {}\n", kind.words, counted(number(difference, "/envelopes"), "envelope"));
  for (const auto& group : list(difference, "/groups")) out += group_text(group);
  if (const auto other = number(difference, "/other"); other > 0)
    out += fmt::format("  {} in further groups\n", counted(other, "recipient"));
  return out;
}

std::string scale_text(const json::value& report) {
  const auto accepted = number(report, "/accepted"), refused = number(report, "/refused");
  if (accepted + refused == 0) return "No envelope is recorded.\n";
  std::vector<std::vector<std::string>> rows{
      {"replayed", fmt::format("{} that were accepted, {} that were refused, since {}", counted(accepted, "envelope"),
                               refused, time(report, "/since"))}};
  for (const auto& kind : kinds)
    rows.push_back({std::string(kind.words), word(report, fmt::format("/changes/{}/envelopes", kind.name))});
  rows.push_back({"treated as before", word(report, "/unchanged")});
  if (number(report, "/unreadable") > 0) rows.push_back({"not readable", word(report, "/unreadable")});
  return table(rows);
}

}  // namespace

std::string replay_text(const json::value& report) {
  auto out = scale_text(report);
  for (const auto& kind : kinds) {
    const auto& difference = at(report, fmt::format("/changes/{}", kind.name));
    if (number(difference, "/envelopes") > 0) out += kind_text(kind, difference);
  }
  out += "\n";
  if (at(report, "/cut_short") == json::value(true)) out += "There was no time for all of them.\n";
  if (const auto& keys = list(report, "/restart_needed"); !keys.empty())
    out += fmt::format("Replayed as if they counted, which they do only after a restart: {}\n", joined(keys));
  for (const auto& sentence : list(report, "/not_replayed")) out += fmt::format("Not replayed: {}.\n", word(sentence));
  return out;
}

}  // namespace godwit::tools
