// SPDX-License-Identifier: Apache-2.0
// What every fallible function of the daemon returns.  Errors that can happen in service are values; exceptions are for
// start-up and broken invariants only.
#pragma once

#include <cstring>
#include <expected>
#include <string>
#include <utility>

namespace godwit::base {

enum class ErrorKind {
  invalid,      // the input does not have the form it must have
  not_found,    // the thing named is not there
  io,           // the system call failed; os_error says how
  timed_out,    // a deadline passed
  closed,       // the other side ended it
  cancelled,    // we ended it (stopping)
  refused,      // the other side, or our own rule, said no
  exhausted,    // a bound was reached: memory, descriptors, disk
  corrupt,      // a checksum or structure is wrong
  unsupported,  // known, but not done here
};

// `message` is for the administrator (log, standard error), never for a peer.
struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string message;
  int os_error = 0;  // errno, or 0
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, int os_error = 0) {
  return std::unexpected(Error{kind, std::move(message), os_error});
}

// "what: strerror(code)", kind io.  strerrordesc_np is thread-safe, strerror is not.
inline std::unexpected<Error> fail_os(std::string what, int code) {
  const char* text = ::strerrordesc_np(code);
  return fail(ErrorKind::io, std::move(what) + ": " + (text != nullptr ? text : "unknown error"), code);
}

}  // namespace godwit::base
