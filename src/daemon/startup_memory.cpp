// SPDX-License-Identifier: Apache-2.0
#include "startup_memory.hpp"

#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>
#include <tuple>

#ifdef GODWIT_MIMALLOC
#include <mimalloc.h>
#endif

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

// The daemon's allocator keeps what is freed a while, for the next allocation: a system call each time would cost more.
void return_freed_pages([[maybe_unused]] bool at_once) {
#ifdef GODWIT_MIMALLOC
  constexpr long ordinary_delay = 25;  // ms, as mimalloc begins
  ::mi_option_set_enabled(mi_option_page_reset, at_once);
  ::mi_option_set(mi_option_decommit_delay, at_once ? 0 : ordinary_delay);
#endif
}

// The first memory of a thread's heap is asked of the system at once (it is taken where it is used, as ever), for what
// is asked for piece by piece mimalloc fills 40 KiB with zeros first.
void prepare_heaps_of_threads() {
#ifdef GODWIT_MIMALLOC
  ::mi_option_set(mi_option_eager_commit_delay, 0);
#endif
}

void collect_freed_pages() {
#ifdef GODWIT_MIMALLOC
  ::mi_collect(true);
#endif
}

}  // namespace

void spare_startup_memory() {
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  return_freed_pages(true);
  prepare_heaps_of_threads();
}

void give_back_startup_memory() {
  ::dl_iterate_phdr(give_back_pages, nullptr);
  collect_freed_pages();
  return_freed_pages(false);
}

}  // namespace godwit::daemon
