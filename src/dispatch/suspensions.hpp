// SPDX-License-Identifier: Apache-2.0
// The text in which suspensions survive a restart: a line each, "NAME UNTIL REASON", name and reason percent-encoded,
// until in milliseconds since 1970 or "-".  Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "godwit/queue/queue.hpp"

namespace godwit::dispatch {

using Suspensions = std::map<std::string, queue::Suspension>;

std::string encode_suspensions(const Suspensions& suspensions);
// Lines that make no sense are left out.
Suspensions decode_suspensions(std::string_view text);

}  // namespace godwit::dispatch
