// SPDX-License-Identifier: Apache-2.0
// Reads XML of strangers: tells of each element where it is and what text it has.  expat reads; here are the bounds,
// and no document type is taken, so nothing can name entities.  Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mail {

struct XmlEvents {
  // `path`: local names from the root to the element, "feedback/record/row".
  std::function<void(const std::string& path)> begins;
  // `text`: its own, without blanks at both ends, cut where it is too long.
  std::function<void(const std::string& path, std::string_view text)> ends;
};

inline constexpr std::size_t largest_xml = std::size_t{1} << 30U;  // expat counts in an int
inline constexpr std::size_t deepest_xml = 16;
inline constexpr std::size_t longest_xml_text = 1024;

// Errors: invalid (not well-formed, or with a document type), exhausted (too deep, too large).
base::Result<> read_xml(std::string_view xml, const XmlEvents& events);

}  // namespace godwit::mail
