// SPDX-License-Identifier: Apache-2.0
// One thread's events.  What fails throws: a generator that cannot go on measures nothing.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <span>
#include <system_error>

#include "godwit/net/file_descriptor.hpp"

namespace godwit::bench {

[[noreturn]] inline void fail_with_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

class Epoll {
 public:
  Epoll() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) fail_with_errno("epoll_create1");
  }

  // `whose` comes back with each event of the descriptor; closing it ends that.
  void add(int descriptor, void* whose) { control(EPOLL_CTL_ADD, descriptor, whose, EPOLLIN); }
  enum class Wanted { to_read, to_read_and_write };
  void change(int descriptor, void* whose, Wanted wanted) {
    control(EPOLL_CTL_MOD, descriptor, whose, wanted == Wanted::to_read ? EPOLLIN : EPOLLIN | EPOLLOUT);
  }

  // Valid until the next wait.  None: so much time has passed.
  std::span<const epoll_event> wait(std::chrono::nanoseconds most) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(most);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (most - seconds).count()};
    const int count = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()), &limit, nullptr);
    if (count < 0 && errno != EINTR) fail_with_errno("epoll_pwait2");
    return {events_.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
  }

 private:
  void control(int operation, int descriptor, void* whose, unsigned events) {
    epoll_event event{.events = events, .data = {.ptr = whose}};
    if (::epoll_ctl(epoll_.get(), operation, descriptor, &event) != 0) fail_with_errno("epoll_ctl");
  }

  net::FileDescriptor epoll_;
  std::array<epoll_event, 256> events_;
};

}  // namespace godwit::bench
