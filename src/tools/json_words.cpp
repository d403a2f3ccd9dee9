// SPDX-License-Identifier: Apache-2.0
#include "json_words.hpp"

#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"

namespace godwit::tools {

namespace json = boost::json;

const json::value& at(const json::value& value, std::string_view pointer) {
  static const json::value nothing;
  boost::system::error_code error;
  const json::value* found = value.find_pointer(pointer, error);
  return found == nullptr ? nothing : *found;
}

std::string word(const json::value& value) {
  if (value.is_string()) return value.get_string().empty() ? unknown : base::printable(value.get_string());
  if (value.is_null() || value.is_structured()) return unknown;
  return json::serialize(value);
}
std::string word(const json::value& value, std::string_view pointer) {
  return word(at(value, pointer));
}

std::uint64_t number(const json::value& value, std::string_view pointer) {
  boost::system::error_code error;
  const auto read = at(value, pointer).to_number<std::uint64_t>(error);
  return error ? 0 : read;
}

const json::array& list(const json::value& value, std::string_view pointer) {
  static const json::array none;
  const json::value& found = at(value, pointer);
  return found.is_array() ? found.get_array() : none;
}

std::string joined(const json::array& values) {
  std::vector<std::string> words;
  for (const json::value& value : values) words.push_back(word(value));
  return words.empty() ? unknown : base::join(words, ", ");
}

// "2026-11-23T09:35:55.123Z" → "2026-11-23 09:35:55Z"
std::string time(const json::value& value, std::string_view pointer) {
  std::string text = word(value, pointer);
  if (text.size() < 20 || text[10] != 'T') return text;
  text[10] = ' ';
  return text.substr(0, 19) + "Z";
}

}  // namespace godwit::tools
