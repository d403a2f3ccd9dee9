// SPDX-License-Identifier: Apache-2.0
// One event as a line of text or JSON, without the line end.  Whatever a value holds, the line stays one line, its
// fields stay apart, and a terminal that shows it is not steered by it.  Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "godwit/log/logger.hpp"

namespace godwit::log {

// 2026-11-23T09:35:55.123Z info delivered id=06ZQ3W8K1M4TR reply="250 2.0.0 Ok"
std::string text_line(base::WallTime time, Level level, std::string_view event, std::span<const Field> fields);
// {"time":"2026-11-23T09:35:55.123Z","level":"info","event":"delivered","id":"06ZQ3W8K1M4TR","reply":"250 2.0.0 Ok"}
std::string json_line(base::WallTime time, Level level, std::string_view event, std::span<const Field> fields);

// A value as it stands in a line of text, but without the quotes; one line, valid UTF-8.
std::string escaped(const Field& field);

std::string_view to_string(Level level);

}  // namespace godwit::log
