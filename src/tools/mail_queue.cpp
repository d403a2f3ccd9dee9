// SPDX-License-Identifier: Apache-2.0
#include "mail_queue.hpp"

#include <sysexits.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <optional>
#include <ostream>
#include <string_view>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/encoding.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/text.hpp"
#include "http_client.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr std::size_t page_size = 500;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr || !value->is_number() ? 0 : value->to_number<std::uint64_t>();
}

class QueueClient {
 public:
  QueueClient(const std::string& socket, const Console& console) : socket_(socket), console_(console) {}

  // Nothing: it was said why, and `status` is what to exit with.
  std::optional<json::object> ask(const std::string& method, const std::string& target) {
    const auto answer = http_request(socket_, method, target);
    if (!answer) return fail(answer.error());
    boost::system::error_code error;
    json::value value = json::parse(answer->body, error);
    if (error || !value.is_object())
      return fail(EX_PROTOCOL, fmt::format("godwitd answered {} without JSON", answer->status));
    if (answer->status == 403) return fail_unauthorized("godwitd refuses");
    if (answer->status >= 300) return fail(EX_UNAVAILABLE, base::printable(text_of(value.get_object(), "error")));
    return std::move(value.get_object());
  }
  std::optional<json::object> fail(int code, const std::string& what) {
    status = code;
    console_.err << "mailq: " << what << "\n";
    return {};
  }

  int status = EX_OK;

 private:
  std::optional<json::object> fail_unauthorized(const std::string& what) {
    return fail(EX_NOPERM, what + ": only root and members of the group godwit see the queue");
  }
  std::optional<json::object> fail(const base::Error& error) {
    if (error.os_error == EACCES || error.os_error == EPERM) return fail_unauthorized(error.message);
    return fail(EX_UNAVAILABLE, "godwitd does not answer: " + error.message);
  }

  const std::string& socket_;
  const Console& console_;
};

// "2026-11-28T23:00:13Z" as "Sat Nov 28 23:00:13", of local time.
std::string arrival(const std::string& text) {
  std::tm time{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr) return base::printable(text, 19);
  const std::time_t seconds = ::timegm(&time);
  ::localtime_r(&seconds, &time);
  std::array<char, 32> shown{};
  return {shown.data(), std::strftime(shown.data(), shown.size(), "%a %b %d %H:%M:%S", &time)};
}

void print_message(const json::object& message, std::ostream& out) {
  const auto state = text_of(message, "state");
  const auto sender = text_of(message, "sender");
  out << fmt::format("{:<15} {:>8} {} {}\n",
                     text_of(message, "id") + (state == "active" ? "*"
                                               : state == "held" ? "!"
                                                                 : ""),
                     number_of(message, "size"), arrival(text_of(message, "accepted")),
                     sender.empty() ? "MAILER-DAEMON" : base::printable(sender));
  if (const auto why = text_of(message, "last_reply"); !why.empty())
    out << fmt::format("{:>44}({})\n", "", base::printable(why));
  const json::value* recipients = message.if_contains("recipients");
  if (recipients != nullptr && recipients->is_array())
    for (const json::value& recipient : recipients->get_array())
      if (recipient.is_string())
        out << fmt::format("{:>45}{}\n", "", base::printable(std::string_view(recipient.get_string())));
  const auto waiting = number_of(message, "recipients_waiting");
  const auto shown = recipients != nullptr && recipients->is_array() ? recipients->get_array().size() : 0;
  if (waiting > shown) out << fmt::format("{:>45}and {} more\n", "", waiting - shown);
  out << "\n";
}

}  // namespace

int list_queue(const std::string& control_socket, const Console& console) {
  QueueClient client(control_socket, console);
  std::uint64_t bytes = 0, count = 0;
  std::string after;
  do {
    const auto page = client.ask("GET", fmt::format("/v1/queue?limit={}{}", page_size, after));
    if (!page) return client.status;
    const json::value* messages = page->if_contains("messages");
    if (messages == nullptr || !messages->is_array()) break;
    for (const json::value& message : messages->get_array()) {
      if (!message.is_object()) continue;
      if (count++ == 0) console.out << "-Queue ID-----  --Size-- ----Arrival Time--- -Sender/Recipient-------\n";
      bytes += number_of(message.get_object(), "size");
      print_message(message.get_object(), console.out);
    }
    const auto next = text_of(*page, "next");
    after = next.empty() ? "" : "&after=" + next;
  } while (!after.empty());
  if (count == 0)
    console.out << "Mail queue is empty\n";
  else
    console.out << fmt::format("-- {} Kbytes in {} Request{}.\n", (bytes + 1023) / 1024, count, count == 1 ? "" : "s");
  return EX_OK;
}

int flush_queue(const std::string& control_socket, const SendmailArguments& which, const Console& console) {
  QueueClient client(control_socket, console);
  if (!which.queue_id.empty()) {
    if (!base::parse_message_id(which.queue_id)) {
      std::ignore = client.fail(EX_USAGE, "\"" + base::printable(which.queue_id, 40) + "\" is not a message id");
      return client.status;
    }
    std::ignore = client.ask("POST", "/v1/queue/" + which.queue_id + "/retry");
    return client.status;
  }
  // A part of the address, as with other sendmails.
  const auto pattern = [](const std::string& part) { return base::percent_encode("*" + part + "*"); };
  std::string selector = "all=true";
  if (!which.queue_recipient.empty()) selector = "recipient=" + pattern(which.queue_recipient);
  if (!which.queue_sender.empty()) selector = "sender=" + pattern(which.queue_sender);
  std::string after;
  do {
    const auto page = client.ask("POST", fmt::format("/v1/queue/retry?{}&limit=1000{}", selector, after));
    if (!page) return client.status;
    const auto next = text_of(*page, "next");
    after = next.empty() ? "" : "&after=" + next;
  } while (!after.empty());
  return EX_OK;
}

}  // namespace godwit::tools
