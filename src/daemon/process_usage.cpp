// SPDX-License-Identifier: Apache-2.0
#include "process_usage.hpp"

#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

namespace godwit::daemon {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t count_entries(const char* folder) {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) ++count;
  return count;
}

}  // namespace

control::ProcessUsage process_usage() {
  control::ProcessUsage usage;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) usage.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) usage.most_files = files.rlim_cur;
  std::ifstream sizes("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  if (sizes >> all >> resident) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    usage.virtual_bytes = all * page;
    usage.resident_bytes = resident * page;
  }
  usage.open_files = count_entries("/proc/self/fd");
  usage.threads = count_entries("/proc/self/task");
  return usage;
}

}  // namespace godwit::daemon
