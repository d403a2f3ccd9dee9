// SPDX-License-Identifier: Apache-2.0
#include "dmarc_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

// "2026-11-29"
std::string date_text(state::DmarcCounts::Day day) {
  return base::format_rfc3339(base::WallTime(day)).substr(0, 10);
}

json::object counts_json(const state::DmarcSums::Counts& counts) {
  return {{"messages", counts.messages}, {"passed", counts.passed},           {"dkim", counts.dkim},
          {"spf", counts.spf},           {"quarantined", counts.quarantined}, {"rejected", counts.rejected}};
}

json::array sources_json(const std::vector<state::DmarcSums::Source>& sources) {
  json::array array;
  for (const auto& source : sources) {
    auto object = counts_json(source.counts);
    object["address"] = text(source.address);
    array.emplace_back(std::move(object));
  }
  return array;
}

// "2026-11-29 example.com"
std::string place_of(const state::DmarcCounts::Waiting& waiting) {
  return date_text(waiting.day) + " " + waiting.domain;
}

}  // namespace

std::optional<DmarcPlace> parse_dmarc_place(std::string_view text) {
  constexpr std::size_t date_length = 10;
  if (text.empty()) return DmarcPlace();
  const auto time = base::parse_rfc3339(std::string(text.substr(0, date_length)) + "T00:00:00Z");
  if (!time || text.size() <= date_length || text[date_length] != ' ') return {};
  return DmarcPlace{.day = std::chrono::floor<std::chrono::days>(*time),
                    .domain = std::string(text.substr(date_length + 1))};
}

json::value to_json(const std::vector<state::DmarcCounts::Waiting>& waiting, std::size_t limit) {
  json::array array;
  for (const auto& one : waiting)
    array.emplace_back(json::object{
        {"day", date_text(one.day)}, {"domain", text(one.domain)}, {"rows", one.rows}, {"messages", one.messages}});
  const bool more = !waiting.empty() && waiting.size() == limit;
  return json::object{{"reports", std::move(array)}, {"next", more ? text(place_of(waiting.back())) : json::value()}};
}

json::value to_json(const std::vector<state::DmarcSums::Domain>& domains) {
  json::array array;
  for (const auto& domain : domains) {
    auto object = counts_json(domain.counts);
    object["domain"] = text(domain.name);
    object["reports"] = domain.reports;
    json::array organizations;
    for (const auto& name : domain.organizations) organizations.emplace_back(text(name));
    object["organizations"] = std::move(organizations);
    object["sources"] = sources_json(domain.sources);
    array.emplace_back(std::move(object));
  }
  return json::object{{"domains", std::move(array)}};
}

}  // namespace godwit::control
