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

}  // namespace

json::value to_json(const std::vector<state::DmarcCounts::Waiting>& waiting) {
  json::array array;
  for (const auto& one : waiting)
    array.emplace_back(json::object{
        {"day", date_text(one.day)}, {"domain", text(one.domain)}, {"rows", one.rows}, {"messages", one.messages}});
  return json::object{{"reports", std::move(array)}};
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
