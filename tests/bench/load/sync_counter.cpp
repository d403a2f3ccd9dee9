// SPDX-License-Identifier: Apache-2.0
// Preloaded into a server: counts the syncs of all its processes in the file $GODWIT_SYNCS, which is mapped before a
// process shuts itself in.  It costs them an addition, where strace would stop them.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Count = std::atomic<std::int64_t>;

Count* map_count() {
  const char* const path = std::getenv("GODWIT_SYNCS");
  const int descriptor = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  void* const at = ::mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  return at == MAP_FAILED ? nullptr : static_cast<Count*>(at);
}

Count* count() {
  static Count* const mapped = map_count();
  return mapped;
}
[[maybe_unused]] const bool mapped_early = count() != nullptr;

template <class... Arguments>
int counted(const char* name, Arguments... arguments) {
  if (count() != nullptr) ++*count();
  return reinterpret_cast<int (*)(Arguments...)>(dlsym(RTLD_NEXT, name))(arguments...);
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int fsync(int descriptor) {
  return counted("fsync", descriptor);
}
EXPORTED int fdatasync(int descriptor) {
  return counted("fdatasync", descriptor);
}
EXPORTED int syncfs(int descriptor) noexcept {
  return counted("syncfs", descriptor);
}
EXPORTED int sync_file_range(int descriptor, off64_t from, off64_t size, unsigned flags) {
  return counted("sync_file_range", descriptor, from, size, flags);
}
EXPORTED int msync(void* from, size_t size, int flags) {
  return counted("msync", from, size, flags);
}
