// SPDX-License-Identifier: Apache-2.0
// A sealed segment's file that is read from beginning to end, record by record, in few large reads: compaction must
// keep up with commits also where each read waits for a disk.  One coroutine at a time.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "godwit/disk/disk.hpp"

namespace godwit::spool {

class ReadAhead final : public disk::File {
 public:
  explicit ReadAhead(std::shared_ptr<disk::File> file) : file_(std::move(file)) {}

  disk::Task<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    if (into.size() > window_size) co_return co_await file_->read(offset, into);
    if (offset < at_ || offset + into.size() > at_ + window_.size()) {
      window_.resize(window_size);
      at_ = offset;
      auto got = co_await file_->read(at_, window_);
      window_.resize(got.value_or(0));
      // One bad place must not cost what lies around it.
      if (window_.size() < into.size()) co_return co_await file_->read(offset, into);
    }
    std::ranges::copy(std::string_view(window_).substr(offset - at_, into.size()), into.begin());
    co_return into.size();
  }
  disk::Task<std::uint64_t> size() override { return file_->size(); }
  disk::Task<bool> is_at(std::string path) override { return file_->is_at(std::move(path)); }

  disk::Task<> write(std::uint64_t, std::string_view) override { return refuse(); }
  disk::Task<> write_vector(std::uint64_t, std::span<const std::string_view>) override { return refuse(); }
  disk::Task<> set_permissions(unsigned) override { return refuse(); }
  disk::Task<> sync() override { return refuse(); }
  disk::Task<> truncate(std::uint64_t) override { return refuse(); }

 private:
  static constexpr std::size_t window_size = 1U << 20U;
  static disk::Task<> refuse() { co_return base::fail(base::ErrorKind::refused, "the file is only read"); }

  const std::shared_ptr<disk::File> file_;
  std::uint64_t at_ = 0;
  std::string window_;
};

}  // namespace godwit::spool
