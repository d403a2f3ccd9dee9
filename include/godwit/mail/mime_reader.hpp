// SPDX-License-Identifier: Apache-2.0
// The structure of a message (RFC 2045, RFC 2046), read as it streams by: how deep it is, how many parts it has, what
// they are called, and what is odd about it.  Where mail readers differ (in what ends a part, which of two fields
// counts, what a name is), it sees what any of them would see.
//
// The faults of a message within the message count for nothing: a bounce quotes what it could not deliver, cut off.
//
// Pure.  Time is linear in the message; memory is bounded, whatever the message: a few fields and most_depth
// boundaries.  Nothing that it reads makes it fail.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::mail {

class MimeTokens;
struct MimeParameter;

enum class MimeFault : std::uint8_t {
  bad_boundary,          // of a multipart: none, or one that RFC 2046 section 5.1.1 does not allow
  ambiguous_boundary,    // one that begins like another around it, or lines that only begin with it
  missing_parts,         // a multipart without a part
  missing_end,           // a multipart whose last delimiter is not there
  parts_behind_end,      // of a multipart
  several_types,         // Content-Type twice, or a parameter in it
  several_encodings,     // Content-Transfer-Encoding twice
  several_dispositions,  // Content-Disposition twice, or a parameter in it
  encoded_container,     // parts within base64 or quoted-printable (RFC 2045 section 6.4)
  no_field,              // a line in a header that is none, or of blanks alone: where it ends, readers differ
  blank_in_name,         // "Content-Type :", which some do not take for the field
  unread,                // a Content- field, or names, that are more than is looked at: there may be any in it
};
inline constexpr std::size_t mime_faults = 12;
std::string_view to_string(MimeFault fault);  // words for people

struct MimeStructure {
  std::size_t depth = 0;  // of parts within parts; 0: it has none
  std::size_t parts = 0;
  bool too_deep = false;  // deeper than most_depth: what lies there was not looked at
  std::bitset<mime_faults> faults{};
  bool has(MimeFault fault) const { return faults.test(static_cast<std::size_t>(fault)); }
  bool operator==(const MimeStructure&) const = default;
};

class MimeReader {
 public:
  static constexpr std::size_t most_depth = 32;
  static constexpr std::size_t longest_field = 16U << 10U;
  static constexpr std::size_t most_parameters = 100;  // of a field
  static constexpr std::size_t most_names = 20'000;    // of a message

  // on_name: hears each name of each part, decoded to UTF-8, at most longest_field of it; may be empty.
  explicit MimeReader(std::function<void(std::string_view name)> on_name = {});

  // The message from its first byte on, in any pieces.
  void put(std::string_view bytes);
  void finish();
  const MimeStructure& structure() const { return structure_; }

 private:
  // What has parts: a multipart, or a message in a message, which has no boundary.
  struct Container {
    std::string boundary;
    bool has_part = false;
    bool ended = false;
  };
  struct Type {
    std::string name;  // "multipart/mixed"
    std::string boundary;
  };
  // What the header that is being read has said.
  struct Part {
    std::vector<Type> types;
    std::size_t encodings = 0;
    std::size_t dispositions = 0;
    bool encoded = false;  // base64 or quoted-printable
  };

  void keep(std::string_view piece);
  void end_line();
  void read_header_line(std::string_view line);
  bool read_delimiter(std::string_view line);
  void begin_part();
  void end_field();
  void read_type(std::string_view body);
  void end_header();
  void open(const Type& type);
  void push(std::string boundary);
  void close_down_to(std::size_t size);
  void note(MimeFault fault);
  std::vector<MimeParameter> parameters_of(MimeTokens& tokens);
  void tell_names(const std::vector<std::string>& names);

  const std::function<void(std::string_view)> on_name_;
  MimeStructure structure_;
  std::size_t names_ = 0;              // that were told
  std::vector<Container> containers_;  // around what is being read, the outermost first
  std::size_t enclosing_ = 0;          // messages among them
  Part part_;
  bool in_header_ = true;
  std::string line_;     // its beginning, as far as it can matter
  bool is_cut_ = false;  // the line
  std::string field_;    // a Content- field, its lines joined; empty: another, or none
  bool in_field_ = false;
  bool field_is_cut_ = false;
};

}  // namespace godwit::mail
