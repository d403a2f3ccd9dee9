// SPDX-License-Identifier: Apache-2.0
#include "message_json.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_list = 1000;  // of attachments, of header fields
constexpr std::size_t most_notify_words = 3;

// Reads one body; the first thing that is wrong is kept, and what follows it does not matter.
class OrderReader {
 public:
  explicit OrderReader(std::size_t most_recipients) : most_recipients_(most_recipients) {}
  base::Result<MessageOrder> read(json::value& body);

 private:
  void refuse(std::string_view member, std::string_view why) {
    if (wrong_.empty()) wrong_ = fmt::format("{}: {}", member, why);
  }
  void hold_to_most(std::string_view member, std::size_t recipients) {
    if (recipients <= most_recipients_ || !wrong_.empty()) return;
    refuse(member, fmt::format("{} recipients; a message has at most {}", recipients, most_recipients_));
    kind_ = base::ErrorKind::refused;
  }
  void hold_list_to_most(std::string_view member, const json::value& value) {
    if (value.is_array()) hold_to_most(member, value.get_array().size());
  }
  std::string take_string(std::string_view member, json::value& value);
  bool take_bool(std::string_view member, const json::value& value);
  // Calls `each` for the values of a list of at most so many; one alone stands for a list of one.
  template <class Each>
  void for_each_value(const std::string& member, json::value& value, std::size_t most, Each each);
  // Calls `read` for each of the known members that is not null.
  template <class Read>
  void for_each_member(const std::string& path, json::value& value, const std::vector<std::string>& known, Read read);
  smtp::Mailbox read_mailbox(std::string_view member, std::string_view text);
  mail::Person read_person(const std::string& member, json::value& value);
  std::vector<mail::Person> read_people(const std::string& member, json::value& value);
  std::string read_base64(std::string_view member, std::string text);
  mail::Attachment read_attachment(const std::string& member, json::value& value);
  void read_headers(json::value& value, mail::NewMessage& message);
  void set_word(MessageEnvelope& envelope, std::string_view member, std::string_view word, const std::string& value);
  void read_envelope(json::value& value, MessageEnvelope& envelope);
  void read_notify(json::value& value, MessageEnvelope& envelope);
  void read_member(const std::string& name, json::value& value, MessageOrder& order);
  MessageOrder read_order(json::value& body);

  const std::size_t most_recipients_;
  std::string wrong_;
  base::ErrorKind kind_ = base::ErrorKind::invalid;  // of what is wrong
  std::vector<mail::Person> hidden_;                 // bcc
};

std::string OrderReader::take_string(std::string_view member, json::value& value) {
  if (!value.is_string()) {
    refuse(member, "expected a string");
    return {};
  }
  const auto text = std::exchange(value.get_string(), json::string(value.storage()));
  return {text.data(), text.size()};
}

bool OrderReader::take_bool(std::string_view member, const json::value& value) {
  if (!value.is_bool()) refuse(member, "expected true or false");
  return value.is_bool() && value.get_bool();
}

template <class Each>
void OrderReader::for_each_value(const std::string& member, json::value& value, std::size_t most, Each each) {
  if (!value.is_array()) return each(member, value);
  if (value.get_array().size() > most) return refuse(member, fmt::format("there are more than {}", most));
  std::size_t index = 0;
  for (auto& one : value.get_array())
    if (wrong_.empty()) each(fmt::format("{}[{}]", member, index++), one);
}

template <class Read>
void OrderReader::for_each_member(const std::string& path, json::value& value, const std::vector<std::string>& known,
                                  Read read) {
  if (!value.is_object()) return refuse(path.empty() ? "the body" : path, "expected an object");
  for (auto& [key, member] : value.get_object()) {
    const std::string name(key);
    const auto full = path.empty() ? name : path + "." + name;
    if (std::ranges::find(known, name) == known.end()) {
      const auto near = base::nearest(name, known);
      refuse(base::printable(full, 80),
             near.empty() ? std::string("there is no such member") : "there is no such member; " + near + "?");
    }
    if (!wrong_.empty()) return;
    if (!member.is_null()) read(name, full, member);
  }
}

smtp::Mailbox OrderReader::read_mailbox(std::string_view member, std::string_view text) {
  auto address = smtp::parse_mailbox(text, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!address)
    refuse(member, fmt::format("\"{}\" is no address: {}", base::printable(text, 80), address.error().message));
  return std::move(address).value_or(smtp::Mailbox());
}

// What stands before the address, with or without quotes.
std::string name_before(std::string_view text) {
  text = base::trim(text);
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::string(text);
  std::string name;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    name += text[i];
  }
  return name;
}

// "alice@example.com", "Alice <alice@example.com>", or {name, address}.
mail::Person OrderReader::read_person(const std::string& member, json::value& value) {
  mail::Person person;
  if (value.is_object()) {
    std::optional<std::string> address;
    for_each_member(member, value, {"name", "address"}, [&](const auto& name, const auto& full, auto& one) {
      (name == "name" ? person.name : address.emplace()) = take_string(full, one);
    });
    if (!address)
      refuse(member, "it has no address");
    else
      person.address = read_mailbox(member + ".address", *address);
    return person;
  }
  const auto text = take_string(member, value);
  const auto shown = base::trim(text);
  const auto open = shown.ends_with('>') ? shown.rfind('<') : std::string_view::npos;
  if (open == std::string_view::npos) {
    person.address = read_mailbox(member, shown);
  } else {
    person.name = name_before(shown.substr(0, open));
    person.address = read_mailbox(member, shown.substr(open + 1, shown.size() - open - 2));
  }
  return person;
}

std::vector<mail::Person> OrderReader::read_people(const std::string& member, json::value& value) {
  std::vector<mail::Person> people;
  hold_list_to_most(member, value);
  for_each_value(member, value, most_recipients_,
                 [&](const auto& full, auto& one) { people.push_back(read_person(full, one)); });
  return people;
}

// Line ends in it are what many encoders write.
std::string OrderReader::read_base64(std::string_view member, std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; });
  auto bytes = base::base64_decode(text);
  if (!bytes) refuse(member, "this is no base 64");
  return std::move(bytes).value_or(std::string());
}

mail::Attachment OrderReader::read_attachment(const std::string& member, json::value& value) {
  mail::Attachment attachment;
  bool has_content = false;
  std::optional<bool> is_inline;
  for_each_member(member, value, {"filename", "content_type", "content_base64", "content_id", "inline"},
                  [&](const auto& name, const auto& full, auto& one) {
                    if (name == "inline") {
                      is_inline = take_bool(full, one);
                      return;
                    }
                    auto text = take_string(full, one);
                    if (name == "filename") {
                      attachment.file_name = std::move(text);
                    } else if (name == "content_type") {
                      attachment.content_type = std::move(text);
                    } else if (name == "content_id") {
                      attachment.content_id = std::move(text);
                    } else {
                      attachment.content = read_base64(full, std::move(text));
                      has_content = true;
                    }
                  });
  if (!has_content) refuse(member, "it has no content_base64");
  auto& id = attachment.content_id;
  if (id.starts_with('<') && id.ends_with('>') && id.size() > 2) id = id.substr(1, id.size() - 2);
  attachment.is_inline = is_inline.value_or(!id.empty());
  return attachment;
}

void OrderReader::read_headers(json::value& value, mail::NewMessage& message) {
  if (!value.is_object()) return refuse("headers", "expected an object");
  for (auto& [key, one] : value.get_object()) {
    const std::string name(key);
    if (one.is_null()) continue;
    for_each_value("headers." + base::printable(name, 80), one, longest_list, [&](const auto& full, auto& text) {
      if (message.headers.size() == longest_list) return refuse("headers", "there are too many");
      message.headers.emplace_back(name, take_string(full, text));
    });
    if (!wrong_.empty()) return;
  }
}

void OrderReader::set_word(MessageEnvelope& envelope, std::string_view member, std::string_view word,
                           const std::string& value) {
  if (const auto wrong = set_envelope_word(envelope, word, value); !wrong.empty()) refuse(member, wrong);
}

void OrderReader::read_envelope(json::value& value, MessageEnvelope& envelope) {
  for_each_member("envelope", value, {"from", "recipients"}, [&](const auto& name, const auto& full, auto& one) {
    if (name == "from") return set_word(envelope, full, "from", take_string(full, one));
    hold_list_to_most(full, one);
    for_each_value(full, one, most_recipients_, [&](const auto& place, auto& address) {
      set_word(envelope, place, "to", take_string(place, address));
    });
  });
}

// Words of a list are said with commas.
void OrderReader::read_notify(json::value& value, MessageEnvelope& envelope) {
  std::vector<std::string> words;
  for_each_value("notify", value, most_notify_words,
                 [&](const auto& full, auto& word) { words.push_back(take_string(full, word)); });
  set_word(envelope, "notify", "notify", base::join(words, ","));
}

const std::vector<std::string>& members() {
  static const std::vector<std::string> names = {"from", "to",    "cc",      "bcc",      "reply_to",
                                                 "text", "html",  "subject", "headers",  "attachments",
                                                 "ret",  "envid", "notify",  "envelope", "deliver_by"};
  return names;
}

void OrderReader::read_member(const std::string& name, json::value& value, MessageOrder& order) {
  auto& [message, envelope] = order;
  if (name == "from") message.from = {read_person(name, value)};
  if (name == "to") message.to = read_people(name, value);
  if (name == "cc") message.cc = read_people(name, value);
  if (name == "bcc") hidden_ = read_people(name, value);
  if (name == "reply_to") message.reply_to = read_people(name, value);
  if (name == "subject") message.subject = take_string(name, value);
  if (name == "text") message.text = take_string(name, value);
  if (name == "html") message.html = take_string(name, value);
  if (name == "headers") read_headers(value, message);
  if (name == "attachments")
    for_each_value(name, value, longest_list,
                   [&](const auto& place, auto& one) { message.attachments.push_back(read_attachment(place, one)); });
  if (name == "envelope") read_envelope(value, envelope);
  if (name == "notify") read_notify(value, envelope);
  if (name == "ret" || name == "envid" || name == "deliver_by")
    set_word(envelope, name, name, take_string(name, value));
}

MessageOrder OrderReader::read_order(json::value& body) {
  MessageOrder order;
  for_each_member("", body, members(),
                  [&](const auto& name, const auto&, auto& value) { read_member(name, value, order); });
  auto& [message, envelope] = order;
  if (message.from.empty()) {
    refuse("from", "it is missing");
    return order;
  }
  if (!envelope.sender) envelope.sender = message.from.front().address;
  if (envelope.recipients.empty())
    for (const auto* people : {&message.to, &message.cc, &hidden_})
      for (const auto& person : *people) envelope.add_recipient(person.address);
  hold_to_most("to", envelope.recipients.size());
  return order;
}

base::Result<MessageOrder> OrderReader::read(json::value& body) {
  auto order = read_order(body);
  if (!wrong_.empty()) return base::fail(kind_, wrong_);
  return order;
}

}  // namespace

base::Result<MessageOrder> read_message_order(json::value body, std::size_t most_recipients) {
  return OrderReader(most_recipients).read(body);
}

}  // namespace godwit::control
