// SPDX-License-Identifier: Apache-2.0
// The frames of a segment of the history, in order.  What is damaged is passed over: the next frame is looked for
// behind it.  On the history's executor.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "godwit/disk/disk.hpp"

namespace godwit::state {

class FrameReader {
 public:
  static constexpr std::uint64_t first_frame = 8;  // behind the segment's magic

  struct Frame {
    std::uint32_t offset = 0;
    std::string_view payload;  // until the next call
  };

  // Up to `size` of the file.
  FrameReader(std::unique_ptr<disk::File> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  // What comes next is what begins here, or behind it.
  void go_to(std::uint64_t offset) { at_ = offset; }
  std::uint64_t position() const { return at_; }  // behind the last frame
  // By what its first frame says of itself the segment is known from another of the same number.  0: it has none.
  disk::Task<std::uint64_t> identity();
  // Nothing: the end.
  disk::Task<std::optional<Frame>> next();
  // One that is known to be there.  Errors: corrupt.
  disk::Task<std::string_view> at(std::uint32_t offset);
  std::uint64_t skipped() const { return skipped_; }  // bytes that were no frame

 private:
  disk::Task<std::optional<std::string_view>> frame_at(std::uint64_t offset);
  disk::Task<bool> find_frame();

  std::unique_ptr<disk::File> file_;
  std::uint64_t size_;
  std::uint64_t at_ = first_frame;
  std::uint64_t skipped_ = 0;
  std::string buffer_;
};

}  // namespace godwit::state
