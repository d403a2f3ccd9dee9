// SPDX-License-Identifier: Apache-2.0
#include "heap_apart.hpp"

#include <utility>

#ifdef GODWIT_MIMALLOC
#include <mimalloc.h>
#endif

namespace godwit::daemon {

#ifdef GODWIT_MIMALLOC

HeapApart::HeapApart() : own_(::mi_heap_new()) {
  if (own_ != nullptr) before_ = ::mi_heap_set_default(static_cast<mi_heap_t*>(own_));
}

HeapApart::~HeapApart() {
  leave();
  if (own_ == nullptr) return;
  ::mi_heap_collect(static_cast<mi_heap_t*>(own_), true);
  ::mi_heap_delete(static_cast<mi_heap_t*>(own_));
}

void HeapApart::leave() {
  if (auto* const before = std::exchange(before_, nullptr); before != nullptr)
    ::mi_heap_set_default(static_cast<mi_heap_t*>(before));
}

#else

HeapApart::HeapApart() = default;
HeapApart::~HeapApart() = default;
void HeapApart::leave() {}

#endif

}  // namespace godwit::daemon
