// SPDX-License-Identifier: Apache-2.0
// "name=value; name=value", as in signatures and records of DKIM, ARC and DMARC (RFC 6376 section 3.2).  Pure; views
// point into the text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"

namespace godwit::mailauth {

struct Tag {
  std::string_view name;
  std::string_view value;  // without white space around it
  std::size_t begin = 0;   // where the value lies in the text, white space included
  std::size_t end = 0;
};

class TagList {
 public:
  static constexpr std::size_t most_tags = 64;

  // Error invalid: not of this form, a name that comes twice, or too many.
  static base::Result<TagList> parse(std::string_view text);

  const std::vector<Tag>& all() const { return tags_; }
  const Tag* tag(std::string_view name) const;  // null: it is not there
  std::optional<std::string_view> find(std::string_view name) const;

 private:
  std::vector<Tag> tags_;
};

// A value without the white space of folding.
std::string without_space(std::string_view value);
// The parts between colons, each without white space around it.
std::vector<std::string> split_colons(std::string_view value);
// Base 64 with white space anywhere; empty: it is not.
std::optional<std::string> decode_base64(std::string_view value);

}  // namespace godwit::mailauth
