// SPDX-License-Identifier: Apache-2.0
// The body of a request as JSON, parsed as it arrives: the text itself is never held.
#pragma once

#include <cstdint>
#include <functional>

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

struct JsonBounds {
  std::uint64_t text = 0;    // bytes that come
  std::uint64_t memory = 0;  // of its values, and of what is needed to parse them
};

// reserve: asked for each further byte count before that memory is taken; false: there is no room for it now.
// Errors: invalid ("JSON, line 3, column 7: ..."), refused (beyond the bounds), exhausted (no room), those of the
// pieces.
Task<boost::json::value> read_json(spool::Pieces pieces, JsonBounds bounds, std::function<bool(std::uint64_t)> reserve);

}  // namespace godwit::control
