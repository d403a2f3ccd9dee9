// SPDX-License-Identifier: Apache-2.0
// A file that is synced for many at once (group commit): what gathers during one sync is written and synced by the
// next. Its blocks are there from the start and are written over and over, so that a sync commits no metadata; nobody
// reads them.  What fails ends the process, as nothing more can be promised.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "godwit/net/file_descriptor.hpp"

namespace godwit::bench {

class Journal {
 public:
  explicit Journal(const char* path);

  // Their number: 1, 2, ...
  std::uint64_t append(std::string_view bytes);
  // Readable when more was synced.
  int notice() const { return notice_.get(); }
  // All up to this number are on the disk.  Takes the notice.
  std::uint64_t synced();

 private:
  void commit(const std::stop_token& stop);
  void write(std::string_view group);

  net::FileDescriptor file_;
  net::FileDescriptor notice_;
  std::size_t written_ = 0;  // where the next group begins
  std::atomic<std::uint64_t> synced_ = 0;
  std::mutex mutex_;
  std::condition_variable_any more_;
  std::string gathered_;
  std::uint64_t appended_ = 0;
  std::jthread committer_;  // ends before the rest
};

}  // namespace godwit::bench
