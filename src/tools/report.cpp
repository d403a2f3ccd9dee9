// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/clock.hpp"
#include "json_words.hpp"
#include "table.hpp"
#include "top_report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr std::size_t recipients_in_a_line = 3;

std::string sender(const json::value& message) {
  const json::value& found = at(message, "/sender");
  return found.is_string() && found.get_string().empty() ? "<>" : word(found);
}

std::string size(const json::value& message) {
  return size_text(number(message, "/size"));
}

std::string recipients(const json::value& message) {
  const json::array& listed = list(message, "/recipients");
  std::string out;
  for (std::size_t i = 0; i < listed.size() && i < recipients_in_a_line; ++i)
    out += (i == 0 ? "" : " ") + word(listed[i]);
  const std::uint64_t all = std::max<std::uint64_t>(number(message, "/recipients_waiting"), listed.size());
  if (all > recipients_in_a_line) out += fmt::format(" +{}", all - recipients_in_a_line);
  return out.empty() ? unknown : out;
}

std::string certificate_text(const json::value& certificate) {
  std::string out = word(certificate, "/subject") + ", until " + time(certificate, "/expires");
  if (!at(certificate, "/out_of_date").is_null()) out += "; OUT OF DATE: " + word(certificate, "/out_of_date");
  if (!at(certificate, "/error").is_null()) out += "; NOT RELOADED: " + word(certificate, "/error");
  return out;
}

// Since the start.
std::string times_text(const json::value& status, std::string_view histogram) {
  return fmt::format("{} (half), {} (99 of 100)", milliseconds(done_within({}, status, histogram, 0.5)),
                     milliseconds(done_within({}, status, histogram, 0.99)));
}

// Where mail waits for something else than its turn, and for what.
std::string slow_text(const json::value& destination) {
  return fmt::format("{}: {} due, {} waiting; {}: {}", word(destination, "/name"), word(destination, "/due"),
                     word(destination, "/waiting"), word(destination, "/state"), word(destination, "/reason"));
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string status_text(const json::value& status) {
  const auto count = [&](std::string_view pointer) { return number(status, pointer); };
  const bool healthy = at(status, "/healthy") != json::value(false);
  const auto uptime = std::chrono::seconds(count("/uptime"));
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"godwitd", fmt::format("{}, up {}, {}", word(status, "/version"), base::format_duration(uptime),
                                         healthy ? "healthy" : "NOT HEALTHY: it acknowledges no mail; see the log")});
  rows.push_back({"queue", fmt::format("{} messages; deliveries: {} waiting, {} due, {} active, {} held",
                                       count("/queue/messages"), count("/queue/waiting"), count("/queue/due"),
                                       count("/queue/active"), count("/queue/held"))});
  rows.push_back({"connections", fmt::format("{} in, {} out", count("/connections/in"), count("/connections/out"))});
  const std::uint64_t quarantined = count("/spool/quarantined");
  rows.push_back(
      {"spool", fmt::format("{} live in {} segments{}", size_text(count("/spool/bytes_live")), count("/spool/segments"),
                            quarantined == 0 ? "" : fmt::format(", {} damaged in quarantine", quarantined))});
  if (!done_within({}, status, "/accept_time", 1).is_null()) {
    rows.push_back({"accepted in", times_text(status, "/accept_time")});
    rows.push_back({"of it synced in", times_text(status, "/commit_time")});
  }
  for (const json::value& one : list(status, "/slow")) rows.push_back({"SLOW", slow_text(one)});
  rows.push_back({"listening", joined(list(status, "/listeners"))});
  if (const auto validation = word(status, "/dns/validation"); validation == "missing" || validation == "untrusted")
    rows.push_back({"dns", validation == "missing"
                               ? "the servers do not validate (DNSSEC): no DANE"
                               : "the servers are not trusted to validate (dns.trust_ad): no DANE"});
  for (const json::value& one : list(status, "/dns_lists"))
    if (!at(one, "/reason").is_null()) rows.push_back({"LIST OFF", word(one, "/zone") + ": " + word(one, "/reason")});
  for (const json::value& account : list(status, "/accounts/stopped"))
    rows.push_back({"STOPPED", word(account, "/name") + ": " + word(account, "/reason")});
  for (const json::value& certificate : list(status, "/tls/certificates"))
    rows.push_back({"certificate", certificate_text(certificate)});
  return table(rows);
}

std::string list_text(const json::value& page) {
  const json::array& messages = list(page, "/messages");
  if (messages.empty()) return {};
  std::vector<std::vector<std::string>> rows{
      {"ID", "STATE", "SIZE", "ACCEPTED", "TRIES", "NEXT", "SENDER", "RECIPIENTS", "LAST REPLY"}};
  for (const json::value& message : messages)
    rows.push_back({word(message, "/id"), word(message, "/state"), size(message), time(message, "/accepted"),
                    word(message, "/attempts"), time(message, "/next_attempt"), sender(message), recipients(message),
                    word(message, "/last_reply")});
  return table(rows);
}

std::string message_text(const json::value& message) {
  std::vector<std::vector<std::string>> head;
  head.push_back({"message", word(message, "/id")});
  head.push_back({"state", word(message, "/state")});
  head.push_back({"sender", sender(message)});
  head.push_back({"size", size(message)});
  head.push_back({"accepted", time(message, "/accepted")});
  head.push_back(
      {"from", fmt::format("{} ({}), account {}, {}", word(message, "/client/address"), word(message, "/client/hello"),
                           word(message, "/client/account"), word(message, "/client/protocol"))});
  if (at(message, "/tls").is_string()) head.push_back({"TLS", word(message, "/tls")});
  std::vector<std::vector<std::string>> recipients{{"RECIPIENT", "STATE", "ORIGINAL", "CLASS", "LAST REPLY"}};
  for (const json::value& each : list(message, "/recipients"))
    recipients.push_back({word(each, "/address"), word(each, "/state"), word(each, "/original"), word(each, "/class"),
                          word(each, "/last_reply")});
  const auto destinations = waiting_text(message);
  return table(head) + "\n" + (destinations.empty() ? "" : destinations + "\n") + table(recipients);
}

std::string waiting_text(const json::value& message) {
  std::vector<std::vector<std::string>> destinations{{"DESTINATION", "STATE", "TRIES", "NEXT", "WHY"}};
  for (const json::value& each : list(message, "/destinations"))
    destinations.push_back({word(each, "/name"), word(each, "/state"), word(each, "/attempts"),
                            time(each, "/next_attempt"), word(each, "/reason")});
  return destinations.size() > 1 ? table(destinations) : std::string();
}

std::string destinations_text(const json::value& page) {
  std::string out;
  if (const json::array& sites = list(page, "/destinations"); !sites.empty()) {
    std::vector<std::vector<std::string>> rows{
        {"DESTINATION", "STATE", "DUE", "WAITING", "HELD", "CONNECTIONS", "RATE", "DOMAINS", "WHY"}};
    for (const json::value& site : sites) {
      const auto connections = fmt::format("{} of {}, at most {}", word(site, "/connections"),
                                           word(site, "/connections_now"), word(site, "/connections_limit"));
      const auto& domains = list(site, "/domains");
      const std::uint64_t more = number(site, "/domain_count");
      std::string names = domains.empty() ? unknown : word(domains[0]);
      if (more > 1) names += fmt::format(" +{}", more - 1);
      rows.push_back({word(site, "/name"), word(site, "/state"), word(site, "/due"), word(site, "/waiting"),
                      word(site, "/held"), connections, word(site, "/rate"), names, word(site, "/reason")});
    }
    out += table(rows);
  }
  for (const json::value& suspension : list(page, "/suspensions")) {
    const auto& name = at(suspension, "/destination");
    const auto until = at(suspension, "/until").is_null() ? "it is resumed" : time(suspension, "/until");
    out += fmt::format("Suspended until {}: {}{}\n", until, name.is_null() ? "all delivery" : word(name),
                       at(suspension, "/reason").is_null() ? "" : " (" + word(suspension, "/reason") + ")");
  }
  return out;
}

std::string limits_text(const json::value& page) {
  std::vector<std::vector<std::string>> rows{{"BY", "KEY", "USED", "OF", "AGAIN", "UNUSED"}};
  for (const json::value& one : list(page, "/limits"))
    rows.push_back({word(one, "/by"), word(one, "/key"),
                    fmt::format("{}/{}", word(one, "/used"), word(one, "/allowed")),
                    fmt::format("{} {}", word(one, "/of"), word(one, "/rate")),
                    at(one, "/next").is_null() ? "now" : time(one, "/next"), time(one, "/unused")});
  return rows.size() == 1 ? "Nobody has used anything of a limit.\n" : table(rows);
}

std::string lockouts_text(const json::value& page) {
  std::vector<std::vector<std::string>> rows{{"LOCKED OUT", "KIND", "FAILURES", "UNTIL"}};
  for (const json::value& one : list(page, "/lockouts"))
    rows.push_back({word(one, "/name"), word(one, "/kind"), word(one, "/failures"), time(one, "/until")});
  return rows.size() == 1 ? "Nobody is locked out.\n" : table(rows);
}

std::string suppressions_text(const json::value& page) {
  std::vector<std::vector<std::string>> rows{{"ADDRESS", "CLASS", "SOURCE", "UNTIL", "REASON"}};
  for (const json::value& one : list(page, "/suppressions"))
    rows.push_back({word(one, "/address"), word(one, "/class"), word(one, "/source"), time(one, "/expires"),
                    word(one, "/reason")});
  return rows.size() == 1 ? "No address is suppressed.\n" : table(rows);
}

std::string stopped_text(const json::value& status) {
  std::vector<std::vector<std::string>> rows{{"STOPPED", "SINCE", "WHY"}};
  for (const json::value& one : list(status, "/accounts/stopped"))
    rows.push_back({word(one, "/name"), time(one, "/since"), word(one, "/reason")});
  return rows.size() == 1 ? "No account is stopped.\n" : table(rows);
}

std::string reload_text(const json::value& result) {
  if (at(result, "/applied") != json::value(true)) {
    std::string out;
    for (const json::value& error : list(result, "/errors"))
      out += (error.is_string() ? std::string(error.get_string()) : word(error)) + "\n";
    return out + "The configuration was refused; the present one stays.\n";
  }
  std::string out = "The configuration is in force.\n";
  if (const json::array& restart = list(result, "/restart_needed"); !restart.empty())
    out += "Only after a restart: " + joined(restart) + "\n";
  return out;
}

}  // namespace godwit::tools
