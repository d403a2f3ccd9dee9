// SPDX-License-Identifier: Apache-2.0
#include "spool_report.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/text.hpp"
#include "report.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr std::size_t names_shown = 10;

std::vector<spool::Fault> all_faults(const spool::SpoolReport& report) {
  std::vector<spool::Fault> faults;
  for (const spool::SegmentReport& segment : report.segments)
    faults.insert(faults.end(), segment.faults.begin(), segment.faults.end());
  faults.insert(faults.end(), report.body_faults.begin(), report.body_faults.end());
  return faults;
}

json::value to_json(const spool::Fault& fault) {
  return json::object{{"file", json::string(fault.file)},
                      {"offset", fault.offset},
                      {"size", fault.size},
                      {"salvaged", fault.salvaged},
                      {"id", fault.id ? json::value(json::string(base::to_string(*fault.id))) : json::value()},
                      {"what", json::string(fault.what)}};
}

json::value to_json(const spool::SegmentReport& segment) {
  return json::object{{"file", json::string(segment.file)}, {"size", segment.size},         {"groups", segment.groups},
                      {"records", segment.records},         {"messages", segment.messages}, {"live", segment.live},
                      {"bytes_live", segment.bytes_live},   {"sealed", segment.sealed},     {"torn", segment.torn},
                      {"damaged", segment.faults.size()}};
}

// A name in a folder may be anything.
json::array to_json(const std::vector<std::string>& names) {
  json::array array;
  for (const std::string& name : names) array.emplace_back(json::string(base::printable(name)));
  return array;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out = fmt::format("{}", names.size());
  for (std::size_t i = 0; i < names.size() && i < names_shown; ++i)
    out += (i == 0 ? ": " : ", ") + base::printable(names[i]);
  return names.size() > names_shown ? out + ", ..." : out;
}

std::string segments_text(const spool::SpoolReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"SEGMENT", "SIZE", "GROUPS", "RECORDS", "MESSAGES", "LIVE", "LIVE SIZE", "DAMAGE", "END"}};
  for (const spool::SegmentReport& segment : report.segments)
    rows.push_back({segment.file, size_text(segment.size), std::to_string(segment.groups),
                    std::to_string(segment.records), std::to_string(segment.messages), std::to_string(segment.live),
                    size_text(segment.bytes_live), std::to_string(segment.faults.size()),
                    segment.sealed ? "sealed"
                    : segment.torn ? "torn"
                                   : "open"});
  return table(rows);
}

}  // namespace

json::value to_json(const spool::SpoolReport& report, const std::string& directory) {
  json::array segments, damages, quarantine;
  for (const spool::SegmentReport& segment : report.segments) segments.emplace_back(to_json(segment));
  for (const spool::Fault& fault : all_faults(report)) damages.emplace_back(to_json(fault));
  for (const disk::Entry& entry : report.quarantine)
    quarantine.emplace_back(json::object{{"name", json::string(base::printable(entry.name))}, {"size", entry.size}});
  return json::object{{"directory", json::string(base::printable(directory))},
                      {"sound", report.damaged() == 0},
                      {"messages", report.live},
                      {"large", report.large},
                      {"bytes_live", report.bytes_live},
                      {"bytes_used", report.bytes_used},
                      {"segments", std::move(segments)},
                      {"damages", std::move(damages)},
                      {"orphans", to_json(report.orphans)},
                      {"unknown", to_json(report.unknown)},
                      {"quarantine", std::move(quarantine)}};
}

std::string to_text(const spool::Fault& fault) {
  std::string out = "damaged: " + fault.file;
  if (fault.id) out += ", message " + base::to_string(*fault.id);
  if (fault.offset > 0) out += fmt::format(", at {}", fault.offset);
  if (fault.size > 0) out += fmt::format(", {} bytes", fault.size);
  out += ": " + base::printable(fault.what);
  if (fault.salvaged > 0) out += fmt::format("; {} records in it can still be read", fault.salvaged);
  return out + "\n";
}

std::string to_text(const spool::SpoolReport& report, const std::string& directory) {
  std::string out = report.segments.empty() ? std::string() : segments_text(report) + "\n";
  for (const spool::Fault& fault : all_faults(report)) out += to_text(fault);
  std::vector<std::string> quarantine;
  for (const disk::Entry& entry : report.quarantine) quarantine.push_back(entry.name);
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"spool", base::printable(directory)});
  rows.push_back({"live", fmt::format("{} messages, {} of them with a file in large/, {}", report.live, report.large,
                                      size_text(report.bytes_live))});
  rows.push_back({"used", size_text(report.bytes_used)});
  rows.push_back({"damage", report.damaged() == 0 ? "none" : fmt::format("in {} places", report.damaged())});
  if (!report.orphans.empty()) rows.push_back({"bodies that no live message names", listed(report.orphans)});
  if (!report.unknown.empty()) rows.push_back({"unknown names in journal/", listed(report.unknown)});
  if (!quarantine.empty()) rows.push_back({"in quarantine", listed(quarantine)});
  return out + table(rows);
}

}  // namespace godwit::tools
