// SPDX-License-Identifier: Apache-2.0
#include "startup_memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <tuple>

namespace godwit::daemon {
namespace {

// Only what nobody can have written to: the rest of a file's pages differs from the file.
int give_back_pages(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + part.p_vaddr) / page * page;
    const auto end = object->dlpi_addr + part.p_vaddr + part.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives addresses as numbers
    std::ignore = ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void give_back_startup_memory() {
  ::dl_iterate_phdr(give_back_pages, nullptr);
  ::malloc_trim(0);
}

}  // namespace godwit::daemon
