// SPDX-License-Identifier: Apache-2.0
// The integers of the spool's format.
#pragma once

#include "godwit/base/bytes.hpp"

namespace godwit::spool {

using base::Cursor;
using base::get;
using base::put;
using base::put_at;

}  // namespace godwit::spool
