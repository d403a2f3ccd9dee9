// SPDX-License-Identifier: Apache-2.0
// The body of a request as JSON, parsed as it arrives: the text itself is never held.
#pragma once

#include <cstdint>
#include <functional>

#include <boost/json/value.hpp>

#include "godwit/control/backend.hpp"

namespace godwit::control {

// reserve: asked for each further byte count before it is taken; false: there is no room for it now.
// Errors: invalid ("JSON, line 3, column 7: ..."), refused (longer than `most`), exhausted (no room), those of the
// pieces.
Task<boost::json::value> read_json(spool::Pieces pieces, std::uint64_t most,
                                   std::function<bool(std::uint64_t)> reserve);

}  // namespace godwit::control
