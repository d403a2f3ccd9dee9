// SPDX-License-Identifier: Apache-2.0
// Whatever an index holds that is taken for complete, a start makes live messages of it,
// no more than it has entries; another segment with the same entries changes nothing but where they lie.
#include "fuzz/fuzz.hpp"
#include "spool/index_block.hpp"
#include "spool/live_index.hpp"
#include "spool/replay.hpp"
#include "support/manual_clock.hpp"

namespace godwit::fuzz {

void fuzz_spool_index(std::string_view input) {
  using namespace spool;
  // Alone, each is read or refused.
  MessageSummary message;
  (void)decode_summary(input, message);
  UpdateSummary update;
  (void)decode_summary(input, update);
  if (!is_complete_index(input)) return;
  testing::ManualClock clock;
  base::MessageIdGenerator ids(clock);
  LiveIndex live;
  Replay replay(live, ids);
  replay.apply(1, input);
  std::uint64_t entries = 0;
  for (IndexReader reader(input); const auto entry = reader.next();) {
    ++entries;
    const auto* found = live.find(entry->id);
    const auto* side = live.side(entry->id);
    if (found != nullptr && side != nullptr) require(side->open <= side->settled.size());
  }
  require(replay.records() == entries && live.size() <= entries);
  const auto before = live.size();
  replay.apply(2, input);
  require(live.size() == before && replay.records() == 2 * entries);
}

}  // namespace godwit::fuzz
