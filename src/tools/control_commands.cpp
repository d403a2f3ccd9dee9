// SPDX-License-Identifier: Apache-2.0
#include "control_commands.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "control_request.hpp"
#include "dmarc_report_text.hpp"
#include "event_stream.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/text.hpp"
#include "history_report.hpp"
#include "http_client.hpp"
#include "json_words.hpp"
#include "paint.hpp"
#include "point_in_time.hpp"
#include "report.hpp"
#include "tls_report.hpp"
#include "ways_report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr std::size_t page_size = 500;     // messages listed
constexpr std::size_t change_size = 1000;  // messages changed

template <class Text>
void put_out(const ControlCommands& commands, const std::string& as_json, Text text) {
  if (commands.output == Output::json)
    commands.console.out << as_json;
  else
    show(commands.console, text());
}

// Asks once and prints the JSON or the text made of it.
template <class ToText>
int ask_and_print(const ControlCommands& commands, const std::string& method, const std::string& target,
                  const std::string& about, ToText to_text) {
  const auto answer = ask(commands, method, target);
  if (!answer) return exit_failed;
  if (!answer->good()) return fail(commands, *answer, about);
  put_out(commands, answer->body, [&] { return to_text(answer->value); });
  return exit_done;
}

std::string reports_sent_text(const json::value& sent) {
  return fmt::format("{} reports sent, {} to be tried again.\n", json::serialize(sent.at("reports")),
                     json::serialize(sent.at("failed")));
}

// A mistyped id never reaches the daemon.
bool are_ids(const ControlCommands& commands, const std::vector<std::string>& ids) {
  const auto wrong = std::ranges::find_if(ids, [](const std::string& id) { return !base::parse_message_id(id); });
  if (wrong == ids.end()) return true;
  complain(commands, fmt::format("\"{}\" is not a message id", base::printable(*wrong, 40)));
  return false;
}

std::string past_of(std::string_view verb, bool many) {
  const std::string to_be = many ? "are " : "is ";
  if (verb == "retry") return to_be + "tried now";
  if (verb == "hold") return to_be + "held";
  if (verb == "release") return to_be + "released";
  if (verb == "bounce") return to_be + "returned to the sender";
  return to_be + "deleted";
}

// "&name=value", or nothing where it was not said.
std::string parameter(std::string_view name, const std::string& value) {
  return value.empty() ? std::string() : "&" + std::string(name) + "=" + base::percent_encode(value);
}

std::string query_of(const Selectors& selectors) {
  return parameter("sender", selectors.sender) + parameter("recipient", selectors.recipient) +
         parameter("destination", selectors.destination) + parameter("state", selectors.state) +
         parameter("older", selectors.older) + (selectors.all ? "&all=true" : "");
}

// What follows a page; empty: nothing does.
std::string next_of(const json::value& page) {
  const json::value* next = page.get_object().if_contains("next");
  return next != nullptr && next->is_string() ? "&after=" + std::string(next->get_string()) : std::string();
}

std::uint64_t count_of(const json::value& page) {
  const json::value* count = page.get_object().if_contains("count");
  boost::system::error_code error;
  return count == nullptr ? 0 : count->to_number<std::uint64_t>(error);
}

// All that `list` of the pages has, as one.
template <class Text>
int print_pages(const ControlCommands& commands, const std::string& path, std::string_view list, Text text) {
  json::array all;
  std::string after;
  do {
    const auto page = ask(commands, "GET", fmt::format("{}?limit={}{}", path, page_size, after));
    if (!page) return exit_failed;
    if (!page->good()) return fail(commands, *page, "");
    const json::object& object = page->value.get_object();
    const json::value* next = object.if_contains("next");
    after = next != nullptr && next->is_string() ? parameter("after_name", std::string(next->get_string())) : "";
    const json::value* some = object.if_contains(list);
    if (some != nullptr && some->is_array()) all.insert(all.end(), some->get_array().begin(), some->get_array().end());
  } while (!after.empty());
  const json::value page = json::object{{list, std::move(all)}};
  put_out(commands, json::serialize(page) + "\n", [&] { return text(page); });
  return exit_done;
}

}  // namespace

int ControlCommands::status() const {
  const auto answer = ask(*this, "GET", "/v1/status");
  if (!answer) return exit_failed;
  if (!answer->good()) return fail(*this, *answer, "");
  const auto busiest = ask(*this, "GET", "/v1/busiest");
  if (!busiest) return exit_failed;
  auto status = answer->value;
  status.as_object()["slow"] = list(busiest->value, "/slow");
  put_out(*this, json::serialize(status) + "\n", [&] { return status_text(status); });
  return exit_done;
}

// Page by page, so that a queue of any length is listed in little memory.
int ControlCommands::queue_list(const Selectors& selectors, std::size_t limit) const {
  const std::string query = query_of(selectors);
  std::string after;
  std::size_t listed = 0;
  do {
    const std::size_t wanted = limit == 0 ? page_size : std::min(page_size, limit - listed);
    const auto page = ask(*this, "GET", fmt::format("/v1/queue?limit={}{}{}", wanted, query, after));
    if (!page) return exit_failed;
    if (!page->good()) return fail(*this, *page, "");
    const json::value* found = page->value.get_object().if_contains("messages");
    const json::array messages = found != nullptr && found->is_array() ? found->get_array() : json::array();
    if (output == Output::json) {
      if (after.empty()) console.out << "{\"messages\":[";
      for (std::size_t i = 0; i < messages.size(); ++i)
        console.out << (listed + i == 0 ? "" : ",") << json::serialize(messages[i]);
    } else {
      show(console, list_text(page->value));
    }
    listed += messages.size();
    after = next_of(page->value);
  } while (!after.empty() && (limit == 0 || listed < limit));
  if (output == Output::json)
    console.out << "]}\n";
  else if (listed == 0)
    console.out << (query.empty() ? "The queue is empty.\n" : "No such message is in the queue.\n");
  return exit_done;
}

int ControlCommands::queue_show(const std::vector<std::string>& ids) const {
  if (!are_ids(*this, ids)) return exit_usage;
  int code = exit_done;
  for (const std::string& id : ids)
    code = std::max(code, ask_and_print(*this, "GET", "/v1/queue/" + id, id + ": ", message_text));
  return code;
}

int ControlCommands::trace(const std::vector<std::string>& ids) const {
  if (!are_ids(*this, ids)) return exit_usage;
  int code = exit_done;
  for (const std::string& id : ids)
    code = std::max(code, ask_and_print(*this, "GET", "/v1/trace/" + id, id + ": ", trace_text));
  return code;
}

int ControlCommands::events(const std::string& name) const {
  EventStream stream;
  const auto print = [&](std::string_view bytes) {
    stream.add(bytes);
    while (const auto event = stream.next()) {
      boost::system::error_code error;
      const auto value = json::parse(event->data, error);
      if (event->name == "lost")
        complain(*this, "events were lost, this was read too slowly: " + base::printable(event->data, 40));
      else if (!error)
        console.out << (output == Output::json ? event->data + "\n" : event_text(value));
    }
    return static_cast<bool>(console.out.flush());
  };
  const auto target = "/v1/events" + (name.empty() ? std::string() : "?outcome=" + base::percent_encode(name));
  const auto ended = http_stream(socket, target, print);
  if (!ended) {
    complain(*this, "cannot reach godwitd: " + ended.error().message + advice(ended.error().os_error));
    return exit_failed;
  }
  if (ended->status == 200) return exit_done;
  complain(*this, fmt::format("godwitd answered {}: {}", ended->status, base::printable(ended->body, 200)));
  return exit_failed;
}

int ControlCommands::history_search(const HistorySearch& search) const {
  auto query = fmt::format("/v1/history?limit={}", search.limit) + parameter("sender", search.sender) +
               parameter("recipient", search.recipient) + parameter("destination", search.destination) +
               parameter("message_id", search.message_id) + parameter("subject", search.subject) +
               parameter("outcome", search.outcome);
  const auto now = base::SystemClock().wall();
  for (const auto& [name, said] : {std::pair("since", &search.since), std::pair("until", &search.until)}) {
    if (said->empty()) continue;
    const auto time = parse_point_in_time(*said, now);
    if (!time) {
      complain(*this, fmt::format("--{}: like 2h (ago), 2026-11-23 or \"2026-11-23 09:35\"", name));
      return exit_usage;
    }
    query += parameter(name, base::format_rfc3339(*time));
  }
  return ask_and_print(*this, "GET", query, "", history_text);
}

int ControlCommands::route(const std::string& address, const std::string& sender) const {
  const auto query = "/v1/route?address=" + base::percent_encode(address) + parameter("sender", sender);
  return ask_and_print(*this, "GET", query, "", route_text);
}

int ControlCommands::why(const std::string& what) const {
  const auto text = [&](const json::value& waiting) { return why_text(waiting, base::printable(what)); };
  return ask_and_print(*this, "GET", "/v1/why?name=" + base::percent_encode(what), "", text);
}

int ControlCommands::queue_change(const std::string& verb, const std::vector<std::string>& ids,
                                  const std::string& reason) const {
  if (!are_ids(*this, ids)) return exit_usage;
  int code = exit_done;
  for (const std::string& id : ids) {
    std::string target = "/v1/queue/" + id + "/" + verb;
    if (!reason.empty()) target += "?reason=" + base::percent_encode(reason);
    const auto text = [&](const json::value&) { return id + " " + past_of(verb, false) + ".\n"; };
    code = std::max(code, ask_and_print(*this, "POST", target, id + ": ", text));
  }
  return code;
}

// A page a request, so that no request takes long and a user who interrupts it knows how far it came.
int ControlCommands::queue_change_many(const std::string& verb, const Selectors& selectors, const std::string& reason,
                                       std::size_t limit) const {
  constexpr std::uint64_t told_every = 10'000;
  const std::string query = query_of(selectors) + parameter("reason", reason);
  std::string after;
  std::uint64_t changed = 0, told = 0;
  do {
    const auto wanted = limit == 0 ? change_size : std::min<std::uint64_t>(change_size, limit - changed);
    const auto page = ask(*this, "POST", fmt::format("/v1/queue/{}?limit={}{}{}", verb, wanted, query, after));
    if (!page) return exit_failed;
    if (!page->good()) return fail(*this, *page, changed == 0 ? "" : fmt::format("after {} messages: ", changed));
    changed += count_of(page->value);
    after = next_of(page->value);
    if (changed - told < told_every || after.empty()) continue;
    console.err << fmt::format("{} messages so far\n", changed);
    told = changed;
  } while (!after.empty() && (limit == 0 || changed < limit));
  if (output == Output::json)
    console.out << json::serialize(json::object{{"done", verb}, {"count", changed}}) << "\n";
  else
    console.out << fmt::format("{} {} {}.\n", changed, changed == 1 ? "message" : "messages",
                               past_of(verb, changed != 1));
  return exit_done;
}

int ControlCommands::destinations() const {
  json::array all;
  json::value last;
  std::string after;
  bool any = false;
  do {
    const auto page = ask(*this, "GET", fmt::format("/v1/destinations?limit={}{}", page_size, after));
    if (!page) return exit_failed;
    if (!page->good()) return fail(*this, *page, "");
    last = page->value;
    json::object& object = last.as_object();
    const json::value* next = object.if_contains("next");
    after = next != nullptr && next->is_string() ? parameter("after_name", std::string(next->get_string())) : "";
    // Of the suspensions every page tells the same: once is enough.
    if (!after.empty()) object.erase("suspensions");
    if (output == Output::text) {
      const auto text = destinations_text(last);
      any = any || !text.empty();
      show(console, text);
    } else if (const json::value* page_of = object.if_contains("destinations"); page_of && page_of->is_array()) {
      all.insert(all.end(), page_of->get_array().begin(), page_of->get_array().end());
    }
  } while (!after.empty());
  if (output == Output::text) {
    if (!any) console.out << "Nothing is queued, and nothing is suspended.\n";
    return exit_done;
  }
  json::object& object = last.as_object();
  object.erase("next");
  object["destinations"] = std::move(all);
  console.out << json::serialize(object) << "\n";
  return exit_done;
}

int ControlCommands::tls() const {
  constexpr std::size_t looked_at = 1000;
  const auto status = ask(*this, "GET", "/v1/status");
  if (!status) return exit_failed;
  if (!status->good()) return fail(*this, *status, "");
  const auto delivered = ask(*this, "GET", fmt::format("/v1/history?outcome=delivered&limit={}", looked_at));
  if (!delivered) return exit_failed;
  if (!delivered->good()) return fail(*this, *delivered, "");
  const auto summary = tls_summary(status->value, delivered->value);
  put_out(*this, json::serialize(summary) + "\n", [&] { return tls_text(summary); });
  return exit_done;
}

int ControlCommands::delivery(const std::string& verb, const std::string& destination, const std::string& wait,
                              const std::string& reason) const {
  auto query = parameter("destination", destination) + parameter("for", wait) + parameter("reason", reason);
  if (!query.empty()) query.front() = '?';
  const auto text = [&](const json::value&) {
    const auto what = destination.empty() ? "All delivery" : "Delivery to " + base::printable(destination);
    return fmt::format("{} is {}.\n", what, verb == "suspend" ? "suspended" : "resumed");
  };
  return ask_and_print(*this, "POST", "/v1/delivery/" + verb + query, "", text);
}

int ControlCommands::limits(std::size_t most) const {
  constexpr std::size_t usual = 50;
  return ask_and_print(*this, "GET", fmt::format("/v1/limits?limit={}", most == 0 ? usual : most), "", limits_text);
}

int ControlCommands::reset_limits(const std::string& key) const {
  const auto text = [&](const json::value&) { return base::printable(key) + " is counted from the beginning.\n"; };
  return ask_and_print(*this, "POST", "/v1/limits/reset?name=" + base::percent_encode(key), "", text);
}

int ControlCommands::lockouts() const {
  return print_pages(*this, "/v1/lockouts", "lockouts", lockouts_text);
}

int ControlCommands::unlock(const std::string& name) const {
  const auto text = [&](const json::value&) { return base::printable(name) + " may log in again.\n"; };
  return ask_and_print(*this, "POST", "/v1/lockouts/unlock?name=" + base::percent_encode(name), "", text);
}

int ControlCommands::suppressions() const {
  return print_pages(*this, "/v1/suppression", "suppressions", suppressions_text);
}

int ControlCommands::suppress(const std::string& address, const std::string& time, const std::string& reason) const {
  const auto text = [&](const json::value&) { return base::printable(address) + " gets no mail from now on.\n"; };
  return ask_and_print(*this, "POST",
                       "/v1/suppression/add?name=" + base::percent_encode(address) + parameter("for", time) +
                           parameter("reason", reason),
                       "", text);
}

int ControlCommands::unsuppress(const std::string& address) const {
  const auto text = [&](const json::value&) { return base::printable(address) + " gets mail again.\n"; };
  return ask_and_print(*this, "POST", "/v1/suppression/remove?name=" + base::percent_encode(address), "", text);
}

int ControlCommands::flush_dns() const {
  return ask_and_print(*this, "POST", "/v1/dns/flush", "",
                       [](const json::value&) { return "DNS is asked anew from now on.\n"; });
}

int ControlCommands::stopped() const {
  return ask_and_print(*this, "GET", "/v1/status", "", stopped_text);
}

int ControlCommands::account(const std::string& verb, const std::string& name) const {
  const bool releases = verb == "release";
  const auto text = [&](const json::value& answer) {
    const auto count = count_of(answer);
    return fmt::format("{} {} {}. {} {}.\n", count, count == 1 ? "message" : "messages",
                       releases ? "released" : "thrown away", base::printable(name),
                       releases ? "may send again" : "stays stopped until it is released");
  };
  // Each message of the queue is looked at, which may take some seconds.
  if (output == Output::text) console.err << "Looking for its mail in the queue ...\n" << std::flush;
  return ask_and_print(*this, "POST", fmt::format("/v1/accounts/{}?name={}", verb, base::percent_encode(name)), "",
                       text);
}

int ControlCommands::renew_certificate() const {
  return ask_and_print(*this, "POST", "/v1/tls/renew", "", [](const json::value&) {
    return "A certificate is being ordered; godwitctl tls shows what comes of it.\n";
  });
}

int ControlCommands::send_tls_reports() const {
  return ask_and_print(*this, "POST", "/v1/tlsrpt/send", "", reports_sent_text);
}

int ControlCommands::send_dmarc_reports() const {
  return ask_and_print(*this, "POST", "/v1/dmarc/send", "", reports_sent_text);
}

int ControlCommands::dmarc_reports() const {
  return print_pages(*this, "/v1/dmarc/reports", "reports", dmarc_waiting_text);
}

int ControlCommands::dmarc_summary(const std::string& domain, const std::string& time) const {
  auto query = parameter("name", domain) + parameter("for", time);
  if (!query.empty()) query.front() = '?';
  return ask_and_print(*this, "GET", "/v1/dmarc/summary" + query, "", dmarc_summary_text);
}

int ControlCommands::reload(bool force) const {
  const auto answer = ask(*this, "POST", force ? "/v1/reload?force=true" : "/v1/reload", {}, reload_patience);
  if (!answer) return exit_failed;
  if (answer->value.get_object().if_contains("applied") == nullptr) return fail(*this, *answer, "");
  (output == Output::json ? console.out
   : answer->good()       ? console.out
                          : console.err)
      << (output == Output::json ? answer->body : reload_text(answer->value));
  return answer->good() ? exit_done : exit_failed;
}

int ControlCommands::stop() const {
  return ask_and_print(*this, "POST", "/v1/stop", "",
                       [](const json::value&) { return "godwitd finishes what is in flight and stops.\n"; });
}

}  // namespace godwit::tools
