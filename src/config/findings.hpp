// SPDX-License-Identifier: Apache-2.0
// What the checks of meaning share: the settings, what was set, and how a problem is noted at its place.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "godwit/config/config.hpp"

namespace godwit::config {

class Findings {
 public:
  explicit Findings(Loaded& loaded) : loaded_(loaded), settings_(loaded.settings) {}

 protected:
  bool is_set(std::string_view key) const { return loaded_.places.contains(key); }
  // Set, or meant to be: a fault of spelling is reported once, not with all that follows from it.
  bool is_meant(std::string_view key) const {
    return is_set(key) || std::ranges::any_of(loaded_.diagnostics, [&](const auto& d) { return d.suggestion == key; });
  }
  void error(std::string_view key, std::string message) { add(key, std::move(message), Severity::error, {}); }
  void warn(std::string_view key, std::string message) { add(key, std::move(message), Severity::warning, {}); }
  void add(std::string_view key, std::string message, Severity severity, std::string suggestion) {
    loaded_.diagnostics.push_back({.place = loaded_.place_of(key),
                                   .message = std::move(message),
                                   .suggestion = std::move(suggestion),
                                   .severity = severity});
  }

  Loaded& loaded_;
  const Settings& settings_;
};

}  // namespace godwit::config
