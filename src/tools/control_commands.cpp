// SPDX-License-Identifier: Apache-2.0
#include "control_commands.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/message_id.hpp"
#include "godwit/base/text.hpp"
#include "http_client.hpp"
#include "report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr std::size_t page_size = 500;

struct Answer {
  unsigned status = 0;
  std::string body;
  json::value value;
  bool good() const { return status >= 200 && status < 300; }
};

void complain(const ControlCommands& commands, std::string_view what) {
  commands.console.err << "godwitctl: " << what << "\n";
}

std::string advice(int os_error) {
  switch (os_error) {
    case ENOENT:
    case ECONNREFUSED:
      return " (is it running? another socket: --socket)";
    case EACCES:
      return " (root and members of the group godwit may)";
    default:
      return {};
  }
}

// Nothing: could not ask, and said so.
std::optional<Answer> ask(const ControlCommands& commands, const std::string& method, const std::string& target) {
  auto answer = http_request(commands.socket, method, target);
  if (!answer) {
    complain(commands, "cannot reach godwitd: " + answer.error().message + advice(answer.error().os_error));
    return std::nullopt;
  }
  boost::system::error_code error;
  auto value = json::parse(answer->body, error);
  if (error || !value.is_object()) {
    complain(commands, fmt::format("godwitd answered {} without JSON", answer->status));
    return std::nullopt;
  }
  return Answer{answer->status, std::move(answer->body), std::move(value)};
}

int fail(const ControlCommands& commands, const Answer& answer, const std::string& about) {
  if (commands.output == Output::json) commands.console.out << answer.body;
  const json::value* error = answer.value.get_object().if_contains("error");
  complain(commands,
           about + (error != nullptr && error->is_string() ? base::printable(error->get_string())
                                                           : fmt::format("godwitd answered {}", answer.status)));
  return exit_failed;
}

// Asks once and prints the JSON or the text made of it.
template <class ToText>
int ask_and_print(const ControlCommands& commands, const std::string& method, const std::string& target,
                  const std::string& about, ToText to_text) {
  const auto answer = ask(commands, method, target);
  if (!answer) return exit_failed;
  if (!answer->good()) return fail(commands, *answer, about);
  commands.console.out << (commands.output == Output::json ? answer->body : to_text(answer->value));
  return exit_done;
}

// A mistyped id never reaches the daemon.
bool are_ids(const ControlCommands& commands, const std::vector<std::string>& ids) {
  const auto wrong = std::ranges::find_if(ids, [](const std::string& id) { return !base::parse_message_id(id); });
  if (wrong == ids.end()) return true;
  complain(commands, fmt::format("\"{}\" is not a message id", base::printable(*wrong, 40)));
  return false;
}

std::string past_of(std::string_view verb) {
  if (verb == "retry") return "is tried now";
  if (verb == "hold") return "is held";
  if (verb == "release") return "is released";
  return "is deleted";
}

}  // namespace

int ControlCommands::status() const {
  return ask_and_print(*this, "GET", "/v1/status", "", status_text);
}

int ControlCommands::queue_list(std::size_t limit) const {
  json::array all;  // for JSON, which is printed in one piece
  std::string after;
  std::size_t listed = 0;
  for (bool more = true; more;) {
    const std::size_t wanted = limit == 0 ? page_size : std::min(page_size, limit - listed);
    const auto page = ask(*this, "GET", fmt::format("/v1/queue?limit={}{}", wanted, after));
    if (!page) return exit_failed;
    if (!page->good()) return fail(*this, *page, "");
    const json::object& object = page->value.get_object();
    const json::value* messages = object.if_contains("messages");
    const json::value* next = object.if_contains("next");
    const std::size_t size = messages != nullptr && messages->is_array() ? messages->get_array().size() : 0;
    if (output == Output::json && size > 0) {
      all.insert(all.end(), messages->get_array().begin(), messages->get_array().end());
    } else if (output == Output::text) {
      console.out << list_text(page->value);
    }
    listed += size;
    more = next != nullptr && next->is_string() && size > 0 && (limit == 0 || listed < limit);
    if (more) after = "&after=" + std::string(next->get_string());
  }
  if (output == Output::json) {
    console.out << json::serialize(json::object{{"messages", std::move(all)}}) << "\n";
  } else if (listed == 0) {
    console.out << "The queue is empty.\n";
  }
  return exit_done;
}

int ControlCommands::queue_show(const std::vector<std::string>& ids) const {
  if (!are_ids(*this, ids)) return exit_usage;
  int code = exit_done;
  for (const std::string& id : ids)
    code = std::max(code, ask_and_print(*this, "GET", "/v1/queue/" + id, id + ": ", message_text));
  return code;
}

int ControlCommands::queue_change(const std::string& verb, const std::vector<std::string>& ids) const {
  if (!are_ids(*this, ids)) return exit_usage;
  int code = exit_done;
  for (const std::string& id : ids) {
    const bool is_delete = verb == "delete";
    const std::string target = "/v1/queue/" + id + (is_delete ? "" : "/" + verb);
    const auto text = [&](const json::value&) { return id + " " + past_of(verb) + ".\n"; };
    code = std::max(code, ask_and_print(*this, is_delete ? "DELETE" : "POST", target, id + ": ", text));
  }
  return code;
}

int ControlCommands::queue_retry_all() const {
  return ask_and_print(*this, "POST", "/v1/queue/retry", "", [](const json::value& answer) {
    const json::value* count = answer.get_object().if_contains("count");
    return fmt::format("{} waiting deliveries are tried now.\n", count == nullptr ? "All" : json::serialize(*count));
  });
}

int ControlCommands::reload() const {
  const auto answer = ask(*this, "POST", "/v1/reload");
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
