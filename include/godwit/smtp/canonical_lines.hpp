// SPDX-License-Identifier: Apache-2.0
// Line ends made canonical, for clients whose software cannot (bare_newline: normalize), and for filters.  Pure.
#pragma once

#include <string>
#include <string_view>

namespace godwit::smtp {

// Appends `bytes` to `out` with each bare CR and bare LF as CR LF.  Requires: no CR LF is cut at either end of `bytes`
// (DataReader never does so).
void append_canonical(std::string_view bytes, std::string& out);

}  // namespace godwit::smtp
