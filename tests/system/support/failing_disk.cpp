// SPDX-License-Identifier: Apache-2.0
// Preloaded into a daemon whose disk shall fail, as the environment says:
//   GODWIT_READS_FAIL=1    every read of the pool that lists the queue is an I/O error; start-up's recovery reads well
//   GODWIT_STALL=FILE      syncs take until FILE is gone
#include <dlfcn.h>
#include <pthread.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace {

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

bool is_listing() {
  char name[16] = {};
  return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && std::string_view(name).starts_with("bodies");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) ssize_t pread(int descriptor, void* into, size_t size, off_t offset) {
  static const bool fails = std::getenv("GODWIT_READS_FAIL") != nullptr;
  static const auto real = next<ssize_t(int, void*, size_t, off_t)>("pread");
  if (!fails || !is_listing()) return real(descriptor, into, size, offset);
  errno = EIO;
  return -1;
}

extern "C" __attribute__((visibility("default"))) ssize_t pread64(int descriptor, void* into, size_t size,
                                                                  off_t offset) {
  return pread(descriptor, into, size, offset);
}

extern "C" __attribute__((visibility("default"))) int fdatasync(int descriptor) {
  static const char* const stall = std::getenv("GODWIT_STALL");
  static const auto real = next<int(int)>("fdatasync");
  while (stall != nullptr && access(stall, F_OK) == 0) usleep(10'000);
  return real(descriptor);
}
