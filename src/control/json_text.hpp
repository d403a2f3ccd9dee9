// SPDX-License-Identifier: Apache-2.0
// Text in the answers.  JSON is UTF-8, and what peers, clients and DNS said need not be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "godwit/base/text.hpp"

namespace godwit::control {

inline boost::json::value text(std::string_view value) {
  return boost::json::string(base::to_valid_utf8(value));
}
inline boost::json::value text_or_null(std::string_view value) {
  return value.empty() ? boost::json::value() : text(value);
}
inline boost::json::value list_of_text(const std::vector<std::string>& values) {
  boost::json::array array;
  for (const std::string& value : values) array.emplace_back(text(value));
  return array;
}

}  // namespace godwit::control
