// SPDX-License-Identifier: Apache-2.0
// Libcrypt walks at random through the 16 MiB that it takes for each yescrypt hash: in pages of 4 KiB that lasts up to
// four times as long as in huge ones, which a process may have renounced.
#pragma once

namespace godwit::auth {

// As long as one lives the process may have huge pages again, where the system gives them.  Any thread, several at a
// time.
class HugePages {
 public:
  HugePages();
  ~HugePages();
  HugePages(const HugePages&) = delete;
  HugePages& operator=(const HugePages&) = delete;
};

}  // namespace godwit::auth
