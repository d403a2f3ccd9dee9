// SPDX-License-Identifier: Apache-2.0
// Whatever lies in a segment, the spool opens or says why not; what it found damaged is kept in quarantine; what it
// takes to be alive can be listed and read, is there again after the next start, and so is what is committed meanwhile.
// Input: orders (segment_text.hpp).
#include "fuzz/live_messages.hpp"
#include "fuzz/segment_text.hpp"
#include "sim/spool_model.hpp"

namespace godwit::fuzz {
namespace {

// What lives after a start; `also` is committed then.
Live start(test::SimDisk& disk, std::uint64_t seed, Live* also = nullptr) {
  test::Ledger ledger;
  test::World world(disk, ledger, seed);
  if (!world.open()) return {};
  auto live = world.run(read_all(world.spool()));
  const auto names = disk.names();
  const auto kept = std::ranges::count_if(names, [](const auto& name) { return name.contains("/quarantine/"); });
  require((world.spool().statistics().quarantined > 0) <= (kept > 0));
  if (also != nullptr) {
    const auto id = world.commit_one(100);
    require(id.has_value());
    (*also)[*id] = ledger.entries.at(*id).body;
  }
  world.stop();
  return live;
}

}  // namespace

void fuzz_spool_recovery(std::string_view input) {
  const auto segment = take_segment(input);
  test::SimDisk disk;
  disk.set_contents("/spool/journal/00000007.seg", segment.bytes);
  Live committed;
  auto live = start(disk, 1, &committed);
  if (committed.empty()) return;  // it said why not
  live.merge(committed);
  // Others may come back: of the records some say what no spool writes, as that everybody has a message that is not
  // done.
  require(std::ranges::includes(start(disk, 2), live));
}

}  // namespace godwit::fuzz
