// SPDX-License-Identifier: Apache-2.0
// What stands above all that was written of a message being received; for what is known only when all of it is there: a
// verdict about it, a signature of it.
#pragma once

#include <string>

#include "godwit/spool/spool.hpp"

namespace godwit::spool {

// `lines`: whole lines.  At most once for a message, before its commit().  Requires: a message that a spool of
// open_spool() began.
void prepend(Incoming& message, std::string lines);

}  // namespace godwit::spool
