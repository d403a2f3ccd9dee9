// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/new_message.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "mime_tree.hpp"
#include "written_field.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t most_further_fields = 200;

base::Result<std::string> fields_of(const NewMessage& message) {
  std::string fields;
  const auto add = [&](const base::Result<std::string>& field) {
    if (field) fields += *field;
    return field.has_value();
  };
  for (const auto& [name, people] : {std::pair("From", &message.from), std::pair("To", &message.to),
                                     std::pair("Cc", &message.cc), std::pair("Reply-To", &message.reply_to)})
    if (const auto field = people_field(name, *people); !add(field)) return field;
  if (const auto field = text_field("Subject", message.subject); !add(field)) return field;
  if (message.headers.size() > most_further_fields)
    return base::fail(base::ErrorKind::invalid, fmt::format("headers: there are more than {}", most_further_fields));
  std::set<std::string> once;  // RFC 5322 section 3.6: those that may not stand twice
  for (const auto& [name, value] : message.headers) {
    const auto field = further_field(name, value);
    if (!add(field)) return field;
    const auto lower = base::to_lower(name);
    const bool is_single =
        lower == "message-id" || lower == "in-reply-to" || lower == "references" || lower == "sender";
    if (is_single && !once.insert(lower).second)
      return base::fail(base::ErrorKind::invalid, fmt::format("headers.{}: it may stand once", name));
  }
  return fields + "MIME-Version: 1.0\r\n";
}

// The texts with the pictures that the HTML shows (RFC 2387); nothing: there are none.
std::vector<MimePart> texts_of(NewMessage& message, std::vector<MimePart> shown, base::Random& random) {
  std::vector<MimePart> alternatives;
  if (message.text) alternatives.push_back(text_part("plain", *std::move(message.text)));
  if (message.html) {
    shown.insert(shown.begin(), text_part("html", *std::move(message.html)));
    alternatives.push_back(multipart("related;\r\n\ttype=\"text/html\"", std::move(shown), random));
  }
  if (alternatives.empty()) return alternatives;
  std::vector<MimePart> words;
  words.push_back(multipart("alternative", std::move(alternatives), random));
  return words;
}

bool is_ascii_address(const Person& person) {
  return base::is_ascii(to_string(person.address));
}

}  // namespace

std::uint64_t ComposedMessage::size() const {
  std::uint64_t size = 0;
  for (const auto& piece : pieces) size += piece.size();
  return size;
}

base::Result<ComposedMessage> compose_message(NewMessage message, base::Random& random) {
  auto fields = fields_of(message);
  if (!fields) return std::unexpected(fields.error());
  std::vector<MimePart> shown, beside;
  for (std::size_t i = 0; i < message.attachments.size(); ++i) {
    auto& attachment = message.attachments[i];
    const bool is_shown = message.html && attachment.is_inline && !attachment.content_id.empty();
    auto part = attached_part(std::move(attachment));
    if (!part) return base::fail(base::ErrorKind::invalid, fmt::format("attachments[{}].{}", i, part.error().message));
    (is_shown ? shown : beside).push_back(*std::move(part));
  }
  const bool has_attachments = !beside.empty();
  auto parts = texts_of(message, std::move(shown), random);
  parts.insert(parts.end(), std::make_move_iterator(beside.begin()), std::make_move_iterator(beside.end()));
  if (parts.empty()) parts.push_back(text_part("plain", {}));
  // An attachment alone is still one.
  if (has_attachments && parts.size() == 1) parts.insert(parts.begin(), text_part("plain", {}));
  auto root = multipart("mixed", std::move(parts), random);
  ComposedMessage composed;
  composed.body = has_eight_bit(root) ? smtp::BodyType::eight_bit_mime : smtp::BodyType::seven_bit;
  for (const auto* people : {&message.from, &message.to, &message.cc, &message.reply_to})
    composed.smtputf8 = composed.smtputf8 || !std::ranges::all_of(*people, is_ascii_address);
  composed.pieces.push_back(*std::move(fields));
  write_tree(std::move(root), composed.pieces);
  return composed;
}

}  // namespace godwit::mail
