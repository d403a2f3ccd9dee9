// SPDX-License-Identifier: Apache-2.0
// Descriptors run out where a file or folder is opened, before anything is done to it: that harms nothing, and passes.
#pragma once

#include <cerrno>

#include "godwit/base/result.hpp"

namespace godwit::spool {

inline bool no_descriptor(const base::Error& error) {
  return error.os_error == EMFILE || error.os_error == ENFILE;
}

}  // namespace godwit::spool
