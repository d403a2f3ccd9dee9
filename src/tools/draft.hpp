// SPDX-License-Identifier: Apache-2.0
// A message that is being submitted: read to its end before anything is sent, so that no half message ever leaves, and
// kept, so that it can be sent to further recipients or go to the maildrop.  Its beginning lies in memory, the rest in
// a file without a name.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "canonical_text.hpp"
#include "godwit/base/result.hpp"

namespace godwit::tools {

class Draft {
 public:
  static constexpr std::size_t in_memory = 2U << 20U;  // more than any header

  Draft() = default;
  Draft(Draft&& other) noexcept;
  Draft& operator=(Draft&&) = delete;
  ~Draft();

  base::Result<> append(std::string_view bytes);
  // Before everything.
  void prepend(std::string_view bytes);
  std::uint64_t size() const { return memory_.size() + in_file_; }
  // The first in_memory bytes or more.
  std::string_view beginning() const { return memory_; }
  // From `offset` on, at least one byte where there is one; valid until the next call.
  base::Result<std::string_view> read(std::uint64_t offset);
  bool has_high_bytes = false;

 private:
  base::Result<> open_file();

  std::string memory_;
  int file_ = -1;
  std::uint64_t in_file_ = 0;
  std::string buffer_;
};

// Reads as read(2) does: 0 at the end.
using ReadInput = std::function<base::Result<std::size_t>(std::span<char> into)>;
base::Result<std::size_t> read_descriptor(int descriptor, std::span<char> into);

// Errors: those of `input`, and io of the file.
base::Result<Draft> read_draft(const ReadInput& input, DotLine dot);

}  // namespace godwit::tools
