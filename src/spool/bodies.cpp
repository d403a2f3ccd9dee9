// SPDX-License-Identifier: Apache-2.0
#include "bodies.hpp"

#include <algorithm>

#include "godwit/base/checksum.hpp"
#include "run_on.hpp"

namespace godwit::spool {

boost::asio::awaitable<base::Result<std::size_t>> InlineBody::read(std::uint64_t offset, std::span<char> into) {
  if (offset >= bytes_.size()) co_return 0;
  const auto part = std::string_view(bytes_).substr(offset, into.size());
  std::ranges::copy(part, into.begin());
  co_return part.size();
}

boost::asio::awaitable<base::Result<std::size_t>> LargeBody::read(std::uint64_t offset, std::span<char> into) {
  const auto self = shared_from_this();
  auto task = read_here(offset, into);
  co_return co_await run_on(pool_, std::move(task));
}

boost::asio::awaitable<base::Result<std::size_t>> LargeBody::read_here(std::uint64_t offset, std::span<char> into) {
  std::shared_ptr<disk::File> file;
  {
    const std::scoped_lock lock(mutex_);
    file = file_;
  }
  if (!file) {
    auto opened = co_await disk_.open(path_, disk::OpenMode::read);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    file = std::move(*opened);
    const std::scoped_lock lock(mutex_);
    file_ = file;
  }
  auto got = co_await file->read(offset, into);
  if (!got) co_return got;
  if (*got == 0 && offset < size_)
    co_return base::fail(base::ErrorKind::corrupt, path_ + " is shorter than its record says");
  if (!verify(offset, std::string_view(into.data(), *got)))
    co_return base::fail(base::ErrorKind::corrupt, path_ + " does not match its checksum");
  co_return got;
}

bool LargeBody::verify(std::uint64_t offset, std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  if (offset == 0) verified_ = running_crc_ = 0;
  if (offset != verified_) return true;  // out of order: nothing can be said
  running_crc_ = base::crc32c(bytes, running_crc_);
  verified_ += bytes.size();
  return verified_ < size_ || (verified_ == size_ && running_crc_ == crc_);
}

}  // namespace godwit::spool
