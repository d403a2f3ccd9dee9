// SPDX-License-Identifier: Apache-2.0
// Keys one by one, for who looks at a configuration: their values, and what they mean.  From the declarations of the
// keys; the functions keep no state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/config/settings.hpp"

namespace godwit::config {

// A key and its value as text, in the order of the reference.
struct KeyValue {
  std::string key;
  std::string value;
  std::string fallback;  // where it is not set
  bool needs_restart = false;
};
std::vector<KeyValue> values_of(const Settings& settings);

// What the reference says of a key.
struct KeyHelp {
  std::string key;  // "listeners[].tls", "domains.DOMAIN.deliver"
  std::string type;
  std::string fallback;
  std::string meaning;
  bool needs_restart = false;
};
std::vector<KeyHelp> all_keys();
// Of a key as files or people write it ("listeners[0].tls", "domains.example.com.deliver"), or of all in a section.
// None: there is no such key.
std::vector<KeyHelp> explain(std::string_view key);
// What was probably meant; empty: nothing is near.
std::string nearest_key(std::string_view key);

}  // namespace godwit::config
