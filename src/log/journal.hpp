// SPDX-License-Identifier: Apache-2.0
// The journal of systemd, by its own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): a line is its MESSAGE, and
// what the line is made of stands beside it, GODWIT_EVENT and GODWIT_<FIELD>, escaped as in the line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "godwit/log/logger.hpp"
#include "sink.hpp"

namespace godwit::log {

// Where journald listens.
inline constexpr const char* journal_socket = "/run/systemd/journal/socket";

// Whether what is written to `descriptor` is read by the journal; `stream`: what systemd says of it in $JOURNAL_STREAM.
bool leads_to_journal(int descriptor, std::string_view stream);

// All of an entry but its MESSAGE.
std::string journal_fields(Level level, std::string_view event, std::span<const Field> fields);

// What it refuses, or cannot take because it is down, goes to standard error.  Errors: nobody listens there.
OpenedSink journal_sink(const std::string& socket);

}  // namespace godwit::log
