// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "epoll.hpp"

namespace godwit::bench {
namespace {

constexpr std::size_t size = 64 << 20;

}  // namespace

Journal::Journal(const char* path)
    : file_(::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
      notice_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!file_ || !notice_) fail_with_errno("journal");
  write(std::string(size, '\0'));
  committer_ = std::jthread([this](const std::stop_token& stop) { commit(stop); });
}

std::uint64_t Journal::append(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (gathered_.empty()) more_.notify_one();
  gathered_ += bytes;
  return ++appended_;
}

std::uint64_t Journal::synced() {
  eventfd_t notices = 0;
  ::eventfd_read(notice_.get(), &notices);
  return synced_;
}

void Journal::commit(const std::stop_token& stop) {
  std::string group;
  for (;;) {
    group.clear();
    std::unique_lock lock(mutex_);
    if (!more_.wait(lock, stop, [this] { return !gathered_.empty(); })) return;
    group.swap(gathered_);
    const auto last = appended_;
    lock.unlock();
    write(group);
    synced_ = last;
    ::eventfd_write(notice_.get(), 1);
  }
}

void Journal::write(std::string_view group) {
  if (written_ + group.size() > size) written_ = 0;
  const ssize_t done = ::pwrite(file_.get(), group.data(), group.size(), static_cast<off_t>(written_));
  if (done != static_cast<ssize_t>(group.size()) || ::fdatasync(file_.get()) != 0) fail_with_errno("journal");
  written_ += group.size();
}

}  // namespace godwit::bench
