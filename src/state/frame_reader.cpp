// SPDX-License-Identifier: Apache-2.0
#include "frame_reader.hpp"

#include <algorithm>
#include <array>

#include "godwit/base/checksum.hpp"
#include "history_format.hpp"

namespace godwit::state {

disk::Task<std::optional<std::string_view>> FrameReader::frame_at(std::uint64_t offset) {
  std::array<char, frame_header> bytes{};
  auto got = co_await file_->read(offset, bytes);
  if (!got) co_return std::unexpected(got.error());
  const auto header = read_frame_header({bytes.data(), *got});
  if (!header || offset + frame_header + header->length > size_) co_return std::nullopt;
  buffer_.resize(header->length);
  got = co_await file_->read(offset + frame_header, buffer_);
  if (!got) co_return std::unexpected(got.error());
  if (*got != buffer_.size() || base::crc32c(buffer_) != header->checksum) co_return std::nullopt;
  co_return std::string_view(buffer_);
}

// Moves to the next place that looks like a frame; false: there is none.
disk::Task<bool> FrameReader::find_frame() {
  std::string block(usual_frame, '\0');
  while (at_ + frame_header <= size_) {
    auto got = co_await file_->read(at_, block);
    if (!got) co_return std::unexpected(got.error());
    const auto found = std::string_view(block).substr(0, *got).find(frame_magic);
    if (found != std::string_view::npos) {
      at_ += found;
      skipped_ += found;
      co_return true;
    }
    if (*got < block.size()) break;
    // The magic may lie across two blocks.
    at_ += *got - (frame_magic.size() - 1);
    skipped_ += *got - (frame_magic.size() - 1);
  }
  skipped_ += size_ - std::min(size_, at_);
  at_ = size_;
  co_return false;
}

disk::Task<std::optional<FrameReader::Frame>> FrameReader::next() {
  while (at_ < size_) {
    auto payload = co_await frame_at(at_);
    if (!payload) co_return std::unexpected(payload.error());
    if (*payload) {
      const Frame frame{.offset = static_cast<std::uint32_t>(at_), .payload = **payload};
      at_ += frame_header + frame.payload.size();
      co_return frame;
    }
    ++at_;
    ++skipped_;
    auto found = co_await find_frame();
    if (!found) co_return std::unexpected(found.error());
  }
  co_return std::nullopt;
}

disk::Task<std::uint64_t> FrameReader::identity() {
  std::array<char, frame_header> bytes{};
  auto got = co_await file_->read(first_frame, bytes);
  if (!got) co_return std::unexpected(got.error());
  const auto header = read_frame_header({bytes.data(), *got});
  if (!header) co_return 0;
  co_return std::uint64_t{header->length} << 32U | header->checksum;
}

disk::Task<std::string_view> FrameReader::at(std::uint32_t offset) {
  auto payload = co_await frame_at(offset);
  if (!payload) co_return std::unexpected(payload.error());
  if (!*payload) co_return base::fail(base::ErrorKind::corrupt, "a frame of the history is damaged");
  co_return **payload;
}

}  // namespace godwit::state
