// SPDX-License-Identifier: Apache-2.0
// Reads the header of a message (RFC 5322 section 2.2) without copying it.  For loop detection, DSNs and, later,
// policy. Pure; views point into the message, which must outlive them.  Takes canonical bodies and never fails: what is
// not a field ends the header, as in the mail readers that will see the message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::mail {

struct HeaderField {
  std::string_view name;  // as written
  std::string_view body;  // folded, without the colon and the last CRLF
  std::string_view raw;   // the field with its last CRLF
};

struct HeaderBounds {
  std::size_t bytes = 256 * 1024;  // what follows is not looked at
  std::size_t fields = 4096;
};

class Header {
 public:
  static constexpr std::size_t max_bytes = HeaderBounds{}.bytes;
  static constexpr std::size_t max_fields = HeaderBounds{}.fields;

  // `message`: all of it, or its beginning, of which max_bytes suffice.
  explicit Header(std::string_view message, HeaderBounds bounds = {});

  const std::vector<HeaderField>& fields() const { return fields_; }
  // The fields' bytes, without the empty line.
  std::string_view text() const { return text_; }
  // False: the end of the header was not in what was given, or lies beyond the bounds.
  bool complete() const { return complete_; }

  std::size_t count(std::string_view name) const;                // case-insensitive
  std::optional<HeaderField> find(std::string_view name) const;  // the first one

 private:
  std::vector<HeaderField> fields_;
  std::string_view text_;
  bool complete_ = false;
};

// A field's body on one line: folding becomes one space, no space at the ends (RFC 5322 section 2.2.3).
std::string unfold(std::string_view body);

// A message with as many Received fields is taken to be in a loop (RFC 5321 section 6.3).
inline constexpr std::size_t max_received_fields = 100;
bool is_looping(std::string_view message);

}  // namespace godwit::mail
