// SPDX-License-Identifier: Apache-2.0
// The body of a request that imports a message: its envelope file (mail/export_file.hpp), then the message itself,
// which is not held in memory.
#pragma once

#include <cstdint>
#include <string_view>

#include "godwit/control/backend.hpp"

namespace godwit::control {

inline constexpr std::uint64_t greatest_envelope = 64U << 20U;  // more than the spool takes, in base 64

class ImportBody {
 public:
  explicit ImportBody(spool::Pieces pieces) : pieces_(std::move(pieces)) {}
  // Reads the first `size` bytes.  Errors: invalid (it ends before, or these are no envelope file), those of the
  // pieces.
  Task<mail::ExportFile> envelope(std::uint64_t size);
  // The message, after that; as spool::Pieces has it.
  Task<std::string_view> next();

 private:
  spool::Pieces pieces_;
  std::string_view rest_;  // read with the envelope
};

}  // namespace godwit::control
