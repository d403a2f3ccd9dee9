// SPDX-License-Identifier: Apache-2.0
// Ends a connection at a deadline, for a library that waits without one: what it reads from then on is the end.
#pragma once

#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "godwit/base/clock.hpp"

namespace godwit::lookup {

// To be destroyed before the descriptor is closed.
class Watchdog {
 public:
  Watchdog(int descriptor, base::Duration time)
      : thread_([this, descriptor, time](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          const bool ended = wake_.wait_for(lock, stop, time, [&stop] { return stop.stop_requested(); });
          if (!ended) ::shutdown(descriptor, SHUT_RDWR);
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace godwit::lookup
