// SPDX-License-Identifier: Apache-2.0
// The settings of Postfix that the importer knows: the defaults of Postfix 3.x where they matter, and what becomes of
// each.  docs/migration.md has it as a table.  Pure.
#pragma once

#include <span>
#include <string_view>

namespace godwit::setup::postfix {

enum class Fate {
  translated,  // `words`: the keys of Godwit that it becomes
  same,        // Godwit does so anyway; where it says something else it is named
  aside,       // nothing that other hosts or users would notice: nothing is said about it
  none         // it is named when it is set; `words`: why, and what helps
};

struct KnownSetting {
  std::string_view name;  // "*" stands for anything
  std::string_view fallback;
  Fate fate = Fate::translated;
  std::string_view words;
  // Of `same`: values that are what Godwit does, parted by "|", with "*"; none: the default is.
  std::string_view does = {};
};

std::span<const KnownSetting> known_settings();
// nullptr: it is not known.  A name alone comes before one with "*".
const KnownSetting* find_setting(std::string_view name);

}  // namespace godwit::setup::postfix
