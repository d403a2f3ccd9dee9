// SPDX-License-Identifier: Apache-2.0
// Preloaded into a daemon: calls of the system that fail, that wait, or that tell another time; and what the daemon
// must not be able to do, done by it.  faults.py writes which, while the daemon runs, into the file $GODWIT_FAULTS: one
// Fault for each call, in the order of `Call`.  The file is mapped before the daemon shuts itself in, and costs no call
// to read.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

enum class Call {
  sync_file,
  sync_directory,
  write,
  read,
  accept,
  stall,
  clock,
  try_open,
  try_execute,
  try_trace,
  count
};

struct Fault {
  std::atomic<std::int64_t> left;  // calls that are still to fail; below 0: all.  stall: while it is not 0
  std::atomic<std::int64_t> code;  // errno.  clock: seconds to add.  try_…: what came of it, 0 where it succeeded
  std::atomic<std::int64_t> hits;  // calls that failed, or were tried
  char where[104];                 // only files whose path contains this, or ends so where a "$" follows it; "@name":
                                   // only threads whose name begins so.  try_…: the path
};
static_assert(sizeof(Fault) == 128);

Fault* map_faults() {
  const char* const path = std::getenv("GODWIT_FAULTS");
  const int descriptor = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  void* const at = ::mmap(nullptr, sizeof(Fault) * static_cast<std::size_t>(Call::count), PROT_READ | PROT_WRITE,
                          MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return at == MAP_FAILED ? nullptr : static_cast<Fault*>(at);
}

Fault* fault_of(Call call) {
  static Fault* const all = map_faults();
  return all == nullptr ? nullptr : all + static_cast<std::size_t>(call);
}
[[maybe_unused]] const bool mapped_early = fault_of(Call::count) != nullptr;

bool is_meant(const Fault& fault, int descriptor) {
  const std::string_view where(fault.where);
  if (where.empty()) return true;
  char name[512] = {};
  if (where.starts_with('@'))
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
           std::string_view(name).starts_with(where.substr(1));
  char link[64] = {};
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  if (::readlink(link, name, sizeof name - 1) <= 0) return false;
  const std::string_view path(name);
  return where.ends_with('$') ? path.ends_with(where.substr(0, where.size() - 1)) : path.contains(where);
}

bool is_on(Call call, int descriptor) {
  const Fault* const fault = fault_of(call);
  return fault != nullptr && fault->left != 0 && is_meant(*fault, descriptor);
}

// True: this call is to fail, and errno says why.
bool fails(Call call, int descriptor) {
  if (!is_on(call, descriptor)) return false;
  Fault& fault = *fault_of(call);
  auto left = fault.left.load();
  while (left > 0 && !fault.left.compare_exchange_weak(left, left - 1)) {
  }
  if (left == 0) return false;
  ++fault.hits;
  errno = static_cast<int>(fault.code);
  return true;
}

std::int64_t seconds_to_add() {
  const Fault* const fault = fault_of(Call::clock);
  return fault == nullptr ? 0 : fault->code.load();
}

long attempt(Call call, const char* path) {
  char* const words[] = {const_cast<char*>(path), nullptr};
  switch (call) {
    case Call::try_open: {
      const int file = ::open(path, O_RDONLY | O_CLOEXEC);
      if (file >= 0) ::close(file);
      return file;
    }
    case Call::try_execute:
      return ::execve(path, words, environ);
    default:
      return ::syscall(SYS_ptrace, PTRACE_TRACEME, 0, nullptr, nullptr);
  }
}

// On the daemon's own thread that writes at this moment, once for each time that faults.py asks for it.
void try_what_is_asked_for() {
  for (const auto call : {Call::try_open, Call::try_execute, Call::try_trace}) {
    Fault* const fault = fault_of(call);
    std::int64_t asked = 1;
    if (fault == nullptr || !fault->left.compare_exchange_strong(asked, 0)) continue;
    const int before = errno;
    fault->code = attempt(call, fault->where) < 0 ? errno : 0;
    errno = before;
    ++fault->hits;
  }
}

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int fdatasync(int descriptor) {
  static const auto real = next<int(int)>("fdatasync");
  while (is_on(Call::stall, descriptor)) usleep(10'000);
  return fails(Call::sync_file, descriptor) ? -1 : real(descriptor);
}

EXPORTED int fsync(int descriptor) {
  static const auto real = next<int(int)>("fsync");
  return fails(Call::sync_directory, descriptor) ? -1 : real(descriptor);
}

EXPORTED ssize_t pwritev(int descriptor, const iovec* parts, int count, off_t offset) {
  static const auto real = next<ssize_t(int, const iovec*, int, off_t)>("pwritev");
  return fails(Call::write, descriptor) ? -1 : real(descriptor, parts, count, offset);
}

EXPORTED ssize_t pwritev64(int descriptor, const iovec* parts, int count, off_t offset) {
  return pwritev(descriptor, parts, count, offset);
}

EXPORTED ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto real = next<ssize_t(int, const void*, size_t)>("write");
  try_what_is_asked_for();
  return fails(Call::write, descriptor) ? -1 : real(descriptor, bytes, size);
}

EXPORTED ssize_t pread(int descriptor, void* into, size_t size, off_t offset) {
  static const auto real = next<ssize_t(int, void*, size_t, off_t)>("pread");
  return fails(Call::read, descriptor) ? -1 : real(descriptor, into, size, offset);
}

EXPORTED ssize_t pread64(int descriptor, void* into, size_t size, off_t offset) {
  return pread(descriptor, into, size, offset);
}

EXPORTED int accept4(int descriptor, sockaddr* address, socklen_t* length, int flags) {
  static const auto real = next<int(int, sockaddr*, socklen_t*, int)>("accept4");
  return fails(Call::accept, descriptor) ? -1 : real(descriptor, address, length, flags);
}

EXPORTED int clock_gettime(clockid_t which, timespec* into) noexcept {
  static const auto real = next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = real(which, into);
  if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) into->tv_sec += seconds_to_add();
  return result;
}

EXPORTED time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

EXPORTED int gettimeofday(timeval* into, void* zone) noexcept {
  static const auto real = next<int(timeval*, void*)>("gettimeofday");
  const int result = real(into, zone);
  if (result == 0) into->tv_sec += seconds_to_add();
  return result;
}
