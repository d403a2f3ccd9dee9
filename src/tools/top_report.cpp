// SPDX-License-Identifier: Apache-2.0
#include "top_report.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/clock.hpp"
#include "json_words.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

// After a restart of the daemon its sums begin anew.
std::uint64_t grown(const json::value& before, const json::value& now, const std::string& pointer) {
  const auto first = number(before, pointer), second = number(now, pointer);
  const bool began_anew = second < first || number(now, "/uptime") < number(before, "/uptime");
  return began_anew ? second : second - first;
}

std::string rate(const json::value& summary, std::string_view name) {
  const json::value& found = at(summary, "/per_second/" + std::string(name));
  return found.is_double() ? fmt::format("{:.1f}", found.get_double()) : unknown;
}

}  // namespace

json::value done_within(const json::value& before, const json::value& now, std::string_view histogram, double part) {
  const auto& bounds = list(now, fmt::format("{}/bounds", histogram));
  std::vector<std::uint64_t> counts;
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < list(now, fmt::format("{}/counts", histogram)).size(); ++i)
    all += counts.emplace_back(grown(before, now, fmt::format("{}/counts/{}", histogram, i)));
  if (all == 0 || bounds.empty()) return {};
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (static_cast<double>(seen) >= static_cast<double>(all) * part) return bounds[std::min(i, bounds.size() - 1)];
  }
  return bounds.back();
}

std::string milliseconds(const json::value& seconds) {
  boost::system::error_code error;
  const auto value = seconds.to_number<double>(error);
  return seconds.is_null() || error ? unknown : fmt::format("{:g} ms", value * 1000);
}

json::value top_summary(const json::value& before, const json::value& now, double seconds, const json::value& busiest) {
  json::object rates;
  for (const char* name : {"accepted", "delivered", "deferred", "bounced", "expired", "rejected", "put_off"})
    rates[name] = static_cast<double>(grown(before, now, std::string("/totals/") + name)) / seconds;
  return json::object{{"version", at(now, "/version")},
                      {"uptime", at(now, "/uptime")},
                      {"healthy", at(now, "/healthy")},
                      {"seconds", seconds},
                      {"per_second", std::move(rates)},
                      {"accepted_within", json::object{{"half", done_within(before, now, "/accept_time", 0.5)},
                                                       {"99_percent", done_within(before, now, "/accept_time", 0.99)}}},
                      {"queue", at(now, "/queue")},
                      {"connections", at(now, "/connections")},
                      {"destinations", list(busiest, "/destinations")},
                      {"down", at(busiest, "/down")}};
}

std::string top_text(const json::value& summary) {
  const auto count = [&](std::string_view pointer) { return word(summary, pointer); };
  const bool healthy = at(summary, "/healthy") != json::value(false);
  const auto uptime = base::format_duration(std::chrono::seconds(number(summary, "/uptime")));
  const std::vector<std::vector<std::string>> head{
      {"godwitd", fmt::format("{}, up {}, {}", count("/version"), uptime, healthy ? "healthy" : "NOT HEALTHY")},
      {"queue",
       fmt::format("{} messages; deliveries: {} waiting, {} due, {} active, {} held", count("/queue/messages"),
                   count("/queue/waiting"), count("/queue/due"), count("/queue/active"), count("/queue/held"))},
      {"connections", fmt::format("{} in, {} out", count("/connections/in"), count("/connections/out"))},
      {"accepted in", fmt::format("{} (half), {} (99 of 100)", milliseconds(at(summary, "/accepted_within/half")),
                                  milliseconds(at(summary, "/accepted_within/99_percent")))}};
  const std::vector<std::vector<std::string>> rates{
      {"PER SECOND", "IN", "OUT", "DEFERRED", "BOUNCED", "EXPIRED", "REFUSED", "PUT OFF"},
      {"", rate(summary, "accepted"), rate(summary, "delivered"), rate(summary, "deferred"), rate(summary, "bounced"),
       rate(summary, "expired"), rate(summary, "rejected"), rate(summary, "put_off")}};
  std::vector<std::vector<std::string>> destinations{
      {"DESTINATION", "DUE", "ACTIVE", "WAITING", "HELD", "CONNECTIONS", "STATE"}};
  for (const json::value& one : list(summary, "/destinations"))
    destinations.push_back({word(one, "/name"), word(one, "/due"), word(one, "/active"), word(one, "/waiting"),
                            word(one, "/held"), word(one, "/connections"),
                            at(one, "/down") == json::value(true) ? "down" : ""});
  return table(head) + "\n" + table(rates) + "\n" +
         (destinations.size() == 1 ? "Nothing is queued.\n" : table(destinations));
}

}  // namespace godwit::tools
