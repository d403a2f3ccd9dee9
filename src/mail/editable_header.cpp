// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/editable_header.hpp"

#include <algorithm>
#include <utility>

#include "crlf.hpp"
#include "field_sections.hpp"
#include "godwit/base/text.hpp"
#include "header_line.hpp"

namespace godwit::mail {
namespace {

bool is_blank_text(std::string_view text) {
  return base::trim(text).empty();
}

// Every line break becomes CRLF with a blank behind it, so that no line begins a field; lines of blanks alone, which
// RFC 5322 section 3.2.2 forbids, are left out.
std::string fold(std::string_view body) {
  std::string folded;
  for (std::size_t at = 0; at <= body.size();) {
    const auto end = std::min(body.find_first_of("\r\n", at), body.size());
    const auto line = body.substr(at, end - at);
    at = end + 1;
    if (folded.empty()) {
      folded = line.empty() ? " " : std::string(line);
    } else if (!is_blank_text(line)) {
      folded += crlf;
      if (!continues_field(line)) folded += '\t';
      folded += line;
    }
  }
  return folded;
}

}  // namespace

EditableHeader::EditableHeader(std::string_view section) {
  for (const auto raw : split_section(section)) fields_.push_back({.raw = std::string(raw)});
}

void EditableHeader::put_own(std::string field) {
  fields_.insert(fields_.begin(), {.raw = std::move(field), .own = true});
}

void EditableHeader::put_on_top(std::string_view section) {
  std::vector<Field> more;
  for (const auto raw : split_section(section)) more.push_back({.raw = std::string(raw)});
  fields_.insert(fields_.begin(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

EditableHeader::View EditableHeader::Field::view() const {
  const auto text = std::string_view(raw);
  const auto colon = text.find(':');
  return {.name = text.substr(0, field_name_length(text)),
          .body = text.substr(colon + 1, text.size() - colon - 1 - crlf.size())};
}

std::vector<EditableHeader::View> EditableHeader::fields() const {
  std::vector<View> views;
  for (const auto& field : fields_)
    if (!field.own) views.push_back(field.view());
  return views;
}

base::Result<std::string> EditableHeader::compose(std::string_view name, std::string_view body) {
  auto head = std::string(name) + ":";
  if (name.empty() || field_name_length(head) != name.size())
    return base::fail(base::ErrorKind::invalid, "\"" + base::printable(name, 80) + "\" is no name of a header field");
  if (body.find('\0') != std::string_view::npos)
    return base::fail(base::ErrorKind::invalid, "a NUL in the header field " + std::string(name));
  return head + fold(body) + std::string(crlf);
}

base::Result<> EditableHeader::add(std::string_view name, std::string_view body) {
  auto raw = compose(name, body);
  if (!raw) return std::unexpected(std::move(raw.error()));
  fields_.push_back({.raw = std::move(*raw)});
  return {};
}

base::Result<> EditableHeader::insert(std::size_t index, std::string_view name, std::string_view body) {
  auto raw = compose(name, body);
  if (!raw) return std::unexpected(std::move(raw.error()));
  auto place = fields_.begin();
  for (; index > 0 && place != fields_.end(); ++place)
    if (!place->own && --index == 0) break;
  fields_.insert(place, {.raw = std::move(*raw)});
  return {};
}

base::Result<> EditableHeader::change(std::size_t index, std::string_view name, std::string_view body) {
  auto left = std::max<std::size_t>(index, 1);
  const auto found = std::ranges::find_if(
      fields_, [&](const Field& field) { return !field.own && base::iequals(field.view().name, name) && --left == 0; });
  const bool removes = is_blank_text(body);
  if (found == fields_.end()) return removes ? base::Result<>() : add(name, body);
  if (removes) {
    fields_.erase(found);
    return {};
  }
  auto raw = compose(name, body);
  if (!raw) return std::unexpected(std::move(raw.error()));
  found->raw = std::move(*raw);
  return {};
}

std::string EditableHeader::text() const {
  std::string text;
  text.reserve(size());
  for (const auto& field : fields_) text += field.raw;
  return text;
}

std::size_t EditableHeader::size() const {
  std::size_t sum = 0;
  for (const auto& field : fields_) sum += field.raw.size();
  return sum;
}

}  // namespace godwit::mail
