// SPDX-License-Identifier: Apache-2.0
#include "spool/message_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "godwit/base/random.hpp"

namespace godwit::spool {
namespace {

TEST(MessageTable, IsWhatAMapIs) {
  base::SeededRandom random(7);
  MessageTable table;
  std::map<std::uint64_t, std::uint32_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const std::uint64_t id = 1 + random.below(20'000);
    const auto known = model.find(id);
    if (known == model.end()) {
      const auto offset = static_cast<std::uint32_t>(random.below(1U << 30U));
      table.insert(base::MessageId{id}).place.offset = offset;
      model[id] = offset;
    } else if (random.below(3) != 0) {
      table.erase(base::MessageId{id});
      model.erase(known);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  for (std::uint64_t id = 0; id <= 20'001; ++id) {
    const Live* live = table.find(base::MessageId{id});
    ASSERT_EQ(live != nullptr, model.contains(id)) << id;
    if (live == nullptr) continue;
    ASSERT_EQ(live->place.offset, model[id]) << id;
  }
}

TEST(MessageTable, AMessageCostsAtMost80Bytes) {
  MessageTable table;
  // Ids as the generator makes them: microseconds, and a counter.
  for (std::uint64_t i = 1; i <= 300'000; ++i) {
    table.insert(base::MessageId{(1'700'000'000'000'000 + i * 50) << 12U});
    if (i < 20'000) continue;  // small tables round up
    ASSERT_LE(table.bytes(), i * 80) << i;
  }
}

TEST(MessageTable, MemoryComesBack) {
  MessageTable table;
  for (std::uint64_t i = 1; i <= 300'000; ++i) table.insert(base::MessageId{i << 12U});
  for (std::uint64_t i = 1; i <= 300'000; ++i) table.erase(base::MessageId{i << 12U});
  EXPECT_EQ(table.size(), 0U);
  EXPECT_LT(table.bytes(), 300'000U);
}

}  // namespace
}  // namespace godwit::spool
