// SPDX-License-Identifier: Apache-2.0
// What an exception that nobody expected says, for the log of whoever caught it last.
#pragma once

#include <exception>
#include <string>

namespace godwit::base {

inline std::string exception_text(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace godwit::base
