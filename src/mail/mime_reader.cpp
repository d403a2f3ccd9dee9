// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/mime_reader.hpp"

#include <algorithm>
#include <optional>

#include "attachment_name.hpp"
#include "godwit/base/text.hpp"
#include "header_line.hpp"
#include "mime_tokens.hpp"

namespace godwit::mail {
namespace {

constexpr std::size_t longest_mime_boundary = 70;  // RFC 2046 section 5.1.1
constexpr std::size_t longest_delimiter = 256;     // of a line of a body, that much matters
constexpr std::size_t most_types = 4;              // of one part
constexpr std::string_view dashes = "--";

// RFC 2046 section 5.1.1, "bchars"; the last one is no space.
bool is_right_boundary(std::string_view boundary) {
  constexpr std::string_view others = "'()+_,-./:=? ";
  return !boundary.empty() && boundary.size() <= longest_mime_boundary && !boundary.ends_with(' ') &&
         std::ranges::all_of(boundary, [&](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
         });
}

bool begins_alike(std::string_view one, std::string_view other) {
  return one.starts_with(other) || other.starts_with(one);
}

}  // namespace

std::string_view to_string(MimeFault fault) {
  switch (fault) {
    case MimeFault::bad_boundary:
      return "a multipart without a proper boundary";
    case MimeFault::ambiguous_boundary:
      return "boundaries that can be taken for one another";
    case MimeFault::missing_parts:
      return "a multipart without parts";
    case MimeFault::missing_end:
      return "a multipart without its end";
    case MimeFault::parts_behind_end:
      return "parts behind the end of a multipart";
    case MimeFault::several_types:
      return "a part with several Content-Type";
    case MimeFault::several_encodings:
      return "a part with several Content-Transfer-Encoding";
    case MimeFault::several_dispositions:
      return "a part with several Content-Disposition";
    case MimeFault::encoded_container:
      return "parts within an encoded part";
    case MimeFault::no_field:
      return "a line in a header that is no field";
    case MimeFault::blank_in_name:
      return "a blank before the colon of a field";
    case MimeFault::unread:
      return "more in its Content- fields than is looked at";
  }
  return "?";
}

MimeReader::MimeReader(std::function<void(std::string_view name)> on_name) : on_name_(std::move(on_name)) {}

void MimeReader::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    keep(bytes.substr(0, newline));
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    end_line();
  }
}

void MimeReader::keep(std::string_view piece) {
  const auto most = in_header_ ? longest_field : longest_delimiter;
  const auto room = most - std::min(most, line_.size());
  is_cut_ = is_cut_ || piece.size() > room;
  line_ += piece.substr(0, room);
}

void MimeReader::end_line() {
  auto line = std::string_view(line_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!read_delimiter(line) && in_header_) read_header_line(line);
  line_.clear();
  is_cut_ = false;
}

void MimeReader::finish() {
  if (!line_.empty()) end_line();
  if (in_header_) end_header();
  close_down_to(0);
}

// ---- bodies
// -----------------------------------------------------------------------------------------------------------------

// A line that is a boundary's and nothing else belongs to that one; one that only begins so, to the innermost.
bool MimeReader::read_delimiter(std::string_view line) {
  if (!line.starts_with(dashes)) return false;
  line.remove_prefix(dashes.size());
  std::optional<std::size_t> found;
  bool exact = false;
  std::string_view behind;
  for (std::size_t i = containers_.size(); i-- > 0 && !exact;) {
    const auto& boundary = containers_[i].boundary;
    if (boundary.empty() || !line.starts_with(boundary)) continue;
    const auto rest = base::trim(line.substr(boundary.size()));
    exact = rest.empty() || rest == dashes;
    if (found && !exact) continue;
    found = i;
    behind = rest;
  }
  if (!found) return false;
  if (!exact) note(MimeFault::ambiguous_boundary);
  if (in_header_) end_header();
  in_header_ = false;  // an enclosed message of which nothing is there
  close_down_to(*found + 1);
  auto& container = containers_[*found];
  if (behind.starts_with(dashes)) {
    container.ended = true;
    return true;
  }
  if (container.ended) note(MimeFault::parts_behind_end);
  container.has_part = true;
  begin_part();
  return true;
}

void MimeReader::close_down_to(std::size_t size) {
  while (containers_.size() > size) {
    const auto& container = containers_.back();
    if (!container.boundary.empty() && !container.has_part)
      note(MimeFault::missing_parts);
    else if (!container.boundary.empty() && !container.ended)
      note(MimeFault::missing_end);
    if (container.boundary.empty()) --enclosing_;
    containers_.pop_back();
  }
}

// ---- headers
// ----------------------------------------------------------------------------------------------------------------

void MimeReader::begin_part() {
  ++structure_.parts;
  in_header_ = true;
  part_ = {};
  in_field_ = false;
  field_.clear();
}

void MimeReader::read_header_line(std::string_view line) {
  if (line.empty()) return end_header();
  if (continues_field(line)) {
    if (!in_field_ || base::trim(line).empty()) note(MimeFault::no_field);
    if (field_.empty()) return;
    const auto room = longest_field - std::min(longest_field, field_.size());
    field_is_cut_ = field_is_cut_ || is_cut_ || line.size() > room;
    field_ += line.substr(0, room);
    return;
  }
  end_field();
  const auto name = field_name_length(line);
  if (name == 0) {
    note(MimeFault::no_field);
    return end_header();
  }
  in_field_ = true;
  if (!base::istarts_with(line, "content-")) return;
  if (line[name] != ':') note(MimeFault::blank_in_name);
  field_ = line;
  field_is_cut_ = is_cut_;
}

void MimeReader::end_field() {
  in_field_ = false;
  if (field_.empty()) return;
  const auto field = std::exchange(field_, {});
  if (field_is_cut_) note(MimeFault::unread);
  const auto name = base::to_lower(std::string_view(field).substr(0, field_name_length(field)));
  const auto body = std::string_view(field).substr(field.find(':') + 1);
  MimeTokens tokens(body);
  if (name == "content-type") {
    read_type(body);
  } else if (name == "content-transfer-encoding") {
    const auto encoding = base::to_lower(tokens.token());
    part_.encoded = part_.encoded || encoding == "base64" || encoding == "quoted-printable";
    if (part_.encodings++ > 0) note(MimeFault::several_encodings);
  } else if (name == "content-disposition") {
    const auto parameters = parameters_of(tokens);
    if (part_.dispositions++ > 0 || repeats_parameter(parameters)) note(MimeFault::several_dispositions);
    tell_names(attachment_names(parameters, "filename"));
  }
}

void MimeReader::read_type(std::string_view body) {
  MimeTokens tokens(body);
  auto type = base::to_lower(tokens.token());
  if (tokens.take('/')) type += "/" + base::to_lower(tokens.token());
  const auto parameters = parameters_of(tokens);
  if (!part_.types.empty() || repeats_parameter(parameters)) note(MimeFault::several_types);
  tell_names(attachment_names(parameters, "name"));
  const auto before = part_.types.size();
  for (const auto& parameter : parameters)
    if (parameter.name == "boundary") part_.types.push_back({.name = type, .boundary = parameter.value});
  if (part_.types.size() == before) part_.types.push_back({.name = std::move(type), .boundary = {}});
  if (part_.types.size() <= most_types) return;
  note(MimeFault::unread);
  part_.types.resize(most_types);
}

void MimeReader::end_header() {
  end_field();
  in_header_ = false;
  const auto types = std::exchange(part_.types, {});
  for (const auto& type : types) open(type);
}

void MimeReader::open(const Type& type) {
  const bool is_multipart = type.name.starts_with("multipart/");
  const bool is_message = type.name == "message/rfc822" || type.name == "message/global";
  if (!is_multipart && !is_message) return;
  if (part_.encoded) note(MimeFault::encoded_container);
  if (is_message && (part_.encoded || in_header_)) return;  // nothing to be seen in it; or it was opened already
  if (is_multipart && !is_right_boundary(type.boundary)) note(MimeFault::bad_boundary);
  if (is_multipart && type.boundary.empty()) return;
  if (containers_.size() >= most_depth) {
    structure_.too_deep = true;
    structure_.depth = most_depth + 1;
    return;
  }
  push(is_multipart ? type.boundary.substr(0, longest_delimiter / 2) : std::string());
  if (!is_message) return;
  ++enclosing_;
  begin_part();
}

void MimeReader::push(std::string boundary) {
  const auto is_alike = [&](const Container& outer) {
    return !outer.boundary.empty() && begins_alike(outer.boundary, boundary);
  };
  if (!boundary.empty() && std::ranges::any_of(containers_, is_alike)) note(MimeFault::ambiguous_boundary);
  containers_.push_back({.boundary = std::move(boundary)});
  structure_.depth = std::max(structure_.depth, containers_.size());
}

// Names count wherever they are.
void MimeReader::note(MimeFault fault) {
  if (enclosing_ == 0 || fault == MimeFault::unread) structure_.faults.set(static_cast<std::size_t>(fault));
}

std::vector<MimeParameter> MimeReader::parameters_of(MimeTokens& tokens) {
  auto parameters = tokens.parameters(most_parameters + 1);
  if (parameters.size() > most_parameters) note(MimeFault::unread);
  return parameters;
}

void MimeReader::tell_names(const std::vector<std::string>& names) {
  if (!on_name_) return;
  for (const auto& name : names) {
    if (++names_ > most_names) return note(MimeFault::unread);
    on_name_(name);
  }
}

}  // namespace godwit::mail
