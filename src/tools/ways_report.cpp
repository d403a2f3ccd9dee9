// SPDX-License-Identifier: Apache-2.0
#include "ways_report.hpp"

#include <fmt/format.h>

#include "json_words.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;
using Rows = std::vector<std::vector<std::string>>;

std::string rule_text(const json::value& way) {
  const auto rule = word(way, "/rule");
  if (rule == "dns") return "the domain's MX";
  const auto& next_hop = at(way, "/next_hop");
  return next_hop.is_null() ? rule : fmt::format("{}: next hop {}", rule, word(next_hop));
}

// "verify mx.example.net (route)".
std::string tls_text(const json::value& host) {
  const auto& names = list(host, "/tls/names");
  const auto text = fmt::format("{}{} ({})", word(host, "/tls/level"), names.empty() ? "" : " " + joined(names),
                                word(host, "/tls/source"));
  const auto& skip = at(host, "/tls/skip");
  return skip.is_null() ? text : text + ", not used now: " + word(skip);
}

void add_host(const json::value& host, Rows& rows) {
  const auto& none = at(host, "/why_none");
  rows.push_back({"  host", fmt::format("{} {}: {}", word(host, "/preference"), word(host, "/name"),
                                        none.is_null() ? joined(list(host, "/addresses")) : word(none))});
  if (!at(host, "/remark").is_null()) rows.push_back({"    remark", word(host, "/remark")});
  if (!at(host, "/tls").is_null()) rows.push_back({"    TLS", tls_text(host)});
}

std::string limits_text(const json::value& limits) {
  auto text = fmt::format("at most {} connections", word(limits, "/connections"));
  if (!at(limits, "/rate").is_null()) text += fmt::format(", {} messages", word(limits, "/rate"));
  const auto& messages = at(limits, "/messages_per_connection");
  return messages.is_null() ? text : text + fmt::format(", {} messages a connection", word(messages));
}

std::string state_text(const json::value& way) {
  const auto& queued = at(way, "/queued");
  if (queued.is_null()) return "nothing is queued there";
  return fmt::format("{}: {} due, {} waiting, {} held; {} of {} connections", word(queued, "/state"),
                     word(queued, "/due"), word(queued, "/waiting"), word(queued, "/held"),
                     word(queued, "/connections"), word(queued, "/connections_now"));
}

std::string next_text(const json::value& way) {
  const auto& waits = at(way, "/waits");
  if (waits.is_null()) return "it is tried at once";
  const bool is_final = word(way, "/route").starts_with("none: 5");
  return (is_final ? "it goes back to its sender: " : "it waits: ") + word(waits);
}

// "  team@example.com -> ann@example.com, bob@example.net (alias)".
std::string steps_text(const json::value& ways) {
  std::string out;
  for (const auto& step : list(ways, "/steps")) {
    const auto& targets = list(step, "/targets");
    out += fmt::format("  {} -> {} ({})\n", word(step, "/address"), targets.empty() ? "nobody" : joined(targets),
                       word(step, "/by"));
  }
  return out;
}

std::string way_text(const json::value& way) {
  Rows rows{{"to", joined(list(way, "/recipients"))}, {"  rule", rule_text(way)}};
  const auto& hosts = list(way, "/hosts");
  if (hosts.empty()) rows.push_back({"  goes to", word(way, "/route")});
  for (const auto& host : hosts) add_host(host, rows);
  if (!at(way, "/maildir").is_null()) rows.push_back({"  folder", word(way, "/maildir")});
  if (!at(way, "/user").is_null()) rows.push_back({"  logs in as", word(way, "/user")});
  if (!at(way, "/site").is_null()) {
    rows.push_back({"  destination", word(way, "/site")});
    if (const auto& limits = at(way, "/limits"); !limits.is_null()) rows.push_back({"  limits", limits_text(limits)});
    rows.push_back({"  state", state_text(way)});
  }
  rows.push_back({"  next", next_text(way)});
  return table(rows);
}

std::string reason_text(const json::value& one) {
  Rows rows{{at(one, "/destination").is_null() ? word(one, "/site") : word(one, "/destination"),
             at(one, "/reason").is_null() ? word(one, "/state") : word(one, "/reason")}};
  if (!at(one, "/last_reply").is_null()) rows.push_back({"  last reply", word(one, "/last_reply")});
  if (!at(one, "/next").is_null()) rows.push_back({"  next", time(one, "/next")});
  if (!at(one, "/site").is_null() && !at(one, "/destination").is_null())
    rows.push_back({"  destination", word(one, "/site")});
  if (number(one, "/messages") > 0) {
    const auto example = at(one, "/id").is_null() ? std::string() : ", such as " + word(one, "/id");
    rows.push_back({"  waiting", word(one, "/messages") + example});
  }
  return table(rows);
}

}  // namespace

std::string route_text(const json::value& ways) {
  const auto address = word(ways, "/address");
  if (const auto& refusal = at(ways, "/refusal"); !refusal.is_null())
    return fmt::format("{} is refused: {}\n{}", address, word(refusal), steps_text(ways));
  std::string out = fmt::format("{} is {}\n", address,
                                at(ways, "/local") == json::value(true) ? "one of ours, and stands for:" : "not ours:");
  out += steps_text(ways);
  for (const auto& missing : list(ways, "/missing"))
    out += fmt::format("An alias names {}, which does not exist: it is left out.\n", word(missing));
  for (const auto& way : list(ways, "/ways")) out += "\n" + way_text(way);
  return out;
}

std::string why_text(const json::value& waiting, const std::string& what) {
  const auto& all = list(waiting, "/waiting");
  if (all.empty()) return fmt::format("Nothing waits for {}.\n", what);
  std::string out;
  for (const auto& one : all) out += reason_text(one);
  return out;
}

}  // namespace godwit::tools
