// SPDX-License-Identifier: Apache-2.0
#include "sim/ledger.hpp"

namespace godwit::test {

std::vector<base::MessageId> Ledger::open() const {
  std::vector<base::MessageId> ids;
  for (const auto& [id, entry] : entries)
    if (entry.is_open()) ids.push_back(id);
  return ids;
}

void Ledger::durable_up_to(std::uint64_t handed_over) {
  for (auto& [id, entry] : entries) {
    if (!entry.acknowledged) continue;
    const std::size_t last = entry.versions.size() - 1;
    while (entry.durable_version < last && entry.versions[entry.durable_version + 1].handed_over <= handed_over)
      ++entry.durable_version;
    entry.finished_durable = entry.finished && entry.durable_version == last;
  }
}

}  // namespace godwit::test
