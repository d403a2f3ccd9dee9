// SPDX-License-Identifier: Apache-2.0
// The two kinds of Body, and the budget that bodies in memory are charged to.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "godwit/spool/spool.hpp"

namespace godwit::spool {

// Bytes of bodies in memory.  Thread-safe.
struct Budget {
  explicit Budget(std::uint64_t limit_bytes) : limit(limit_bytes) {}
  const std::uint64_t limit;
  std::atomic<std::uint64_t> used = 0;
};

// Bytes charged until it dies.
class Charge {
 public:
  explicit Charge(std::shared_ptr<Budget> budget) : budget_(std::move(budget)) {}
  ~Charge() { set(0); }
  Charge(Charge&& other) noexcept : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&&) = delete;
  void set(std::uint64_t bytes) {
    if (bytes == bytes_) return;
    budget_->used += bytes - bytes_;  // modulo 2^64: also when it shrinks
    bytes_ = bytes;
  }
  // Requires: of one budget.
  void exchange(Charge& other) { std::swap(bytes_, other.bytes_); }
  bool fits(std::uint64_t more) const { return budget_->used.load(std::memory_order_relaxed) + more <= budget_->limit; }

 private:
  std::shared_ptr<Budget> budget_;
  std::uint64_t bytes_ = 0;
};

class InlineBody final : public Body {
 public:
  // `beside`: what goes with it in memory, an envelope and the like; also bounded by the budget.
  InlineBody(std::string bytes, Charge charge, std::uint64_t beside = 0)
      : bytes_(std::move(bytes)), charge_(std::move(charge)) {
    charge_.set(bytes_.capacity() + beside);
  }
  std::uint64_t size() const override { return bytes_.size(); }
  std::optional<std::string_view> view() const override { return bytes_; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override;

 private:
  std::string bytes_;
  Charge charge_;
};

// A file in large/, opened at the first read.  Read from beginning to end, its checksum is verified at the end.
class LargeBody final : public Body, public std::enable_shared_from_this<LargeBody> {
 public:
  LargeBody(disk::Disk& disk, boost::asio::any_io_executor pool, std::string path, std::uint64_t size,
            std::uint32_t crc)
      : disk_(disk), pool_(std::move(pool)), path_(std::move(path)), size_(size), crc_(crc) {}
  std::uint64_t size() const override { return size_; }
  std::optional<std::string_view> view() const override { return {}; }
  boost::asio::awaitable<base::Result<std::size_t>> read(std::uint64_t offset, std::span<char> into) override;

 private:
  boost::asio::awaitable<base::Result<std::size_t>> read_here(std::uint64_t offset, std::span<char> into);
  bool verify(std::uint64_t offset, std::string_view bytes);

  disk::Disk& disk_;
  boost::asio::any_io_executor pool_;
  const std::string path_;
  const std::uint64_t size_;
  const std::uint32_t crc_;
  std::mutex mutex_;
  std::shared_ptr<disk::File> file_;
  std::uint64_t verified_ = 0;  // bytes read in order so far
  std::uint32_t running_crc_ = 0;
};

}  // namespace godwit::spool
