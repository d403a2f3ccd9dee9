// SPDX-License-Identifier: Apache-2.0
#include "dmarc_report_text.hpp"

#include <vector>

#include "json_words.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

std::vector<std::string> summary_row(std::string name, const json::value& counts) {
  return {std::move(name),      word(counts, "/messages"),    word(counts, "/passed"),  word(counts, "/dkim"),
          word(counts, "/spf"), word(counts, "/quarantined"), word(counts, "/rejected")};
}

std::vector<std::string> summary_heading(const char* first) {
  return {first, "MESSAGES", "PASSED", "DKIM", "SPF", "QUARANTINED", "REJECTED"};
}

std::string sources_text(const json::value& domain) {
  const auto& sources = list(domain, "/sources");
  if (sources.empty()) return {};
  std::vector<std::vector<std::string>> rows{summary_heading("CLIENT")};
  for (const auto& source : sources) rows.push_back(summary_row(word(source, "/address"), source));
  return "\n" + table(rows) + "\nReported by " + joined(list(domain, "/organizations")) + "\n";
}

}  // namespace

std::string dmarc_waiting_text(const json::value& waiting) {
  const auto& reports = list(waiting, "/reports");
  if (reports.empty()) return "Nothing was counted since the last reports.\n";
  std::vector<std::vector<std::string>> rows{{"DAY", "DOMAIN", "MESSAGES", "ROWS"}};
  for (const auto& one : reports)
    rows.push_back({word(one, "/day"), word(one, "/domain"), word(one, "/messages"), word(one, "/rows")});
  return table(rows);
}

std::string dmarc_summary_text(const json::value& summary) {
  const auto& domains = list(summary, "/domains");
  if (domains.empty()) return "Nobody has reported anything.\n";
  std::vector<std::vector<std::string>> rows{summary_heading("DOMAIN")};
  std::string sources;
  for (const auto& domain : domains) {
    rows.push_back(summary_row(word(domain, "/domain"), domain));
    sources += sources_text(domain);
  }
  return table(rows) + sources;
}

}  // namespace godwit::tools
