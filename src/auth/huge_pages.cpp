// SPDX-License-Identifier: Apache-2.0
#include "huge_pages.hpp"

#include <sys/prctl.h>

#include <mutex>

namespace godwit::auth {
namespace {

// Of the process, for it is the process that has renounced.
std::mutex mutex;
unsigned wanted = 0;
bool renounced = false;

}  // namespace

HugePages::HugePages() {
  const std::scoped_lock lock(mutex);
  if (wanted++ > 0) return;
  renounced = ::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1;
  if (renounced) ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

HugePages::~HugePages() {
  const std::scoped_lock lock(mutex);
  if (--wanted == 0 && renounced) ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

}  // namespace godwit::auth
