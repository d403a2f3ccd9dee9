// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace godwit::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

struct Settings {
  Level level = Level::info;
  Format format = Format::text;
  std::string file;  // empty: standard error; "syslog"
};

}  // namespace godwit::log
