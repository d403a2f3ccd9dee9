// SPDX-License-Identifier: Apache-2.0
// What stands at a place in the daemon's JSON, as words for people.  A key that is missing shows as "-"; control bytes
// are escaped.  Pointers are like "/queue/messages".  Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace godwit::tools {

inline constexpr const char* unknown = "-";

const boost::json::value& at(const boost::json::value& value, std::string_view pointer);  // null where there is none
std::string word(const boost::json::value& value);
std::string word(const boost::json::value& value, std::string_view pointer);
std::uint64_t number(const boost::json::value& value, std::string_view pointer);
const boost::json::array& list(const boost::json::value& value, std::string_view pointer);
std::string joined(const boost::json::array& values);
// "2026-11-23T09:35:55.123Z" → "2026-11-23 09:35:55Z"
std::string time(const boost::json::value& value, std::string_view pointer);

}  // namespace godwit::tools
