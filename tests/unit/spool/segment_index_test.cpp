// SPDX-License-Identifier: Apache-2.0
#include "spool/segment_index.hpp"

#include <gtest/gtest.h>

#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"
#include "unit/spool/segment_builder.hpp"

namespace godwit::spool {
namespace {

constexpr std::uint64_t index_at = 2 * block_size;

// A sealed segment; index and trailer may be of different lives.
std::string sealed(Generation of_index, Generation of_trailer) {
  std::string bytes = make_segment({make_group(1, {make_record_bytes(11, "one")}),
                                    make_group(2, {make_record_bytes(0, "", RecordType::index, of_index)}, of_index)});
  const std::string trailer = encode(Trailer{of_trailer, index_at, 2});
  return bytes.replace(bytes.size() - block_size, block_size, trailer);
}

bool is_trusted(const std::string& bytes) {
  test::SimDisk disk;
  disk.set_contents("/segment", bytes);
  const auto file = testing::run_awaitable(disk.open("/segment", disk::OpenMode::read));
  const auto index = testing::run_awaitable(read_index(**file, bytes.size(), test_generation));
  EXPECT_TRUE(index);
  return index && index->has_value();
}

// A recycled file keeps the trailer of its earlier life until it is sealed again.
TEST(SegmentIndex, IndexAndTrailerOfAnEarlierLifeAreNotTrusted) {
  EXPECT_TRUE(is_trusted(sealed(test_generation, test_generation)));
  EXPECT_FALSE(is_trusted(sealed(earlier_life, earlier_life)));
  EXPECT_FALSE(is_trusted(sealed(test_generation, earlier_life)));
  EXPECT_FALSE(is_trusted(sealed(earlier_life, test_generation)));
}

}  // namespace
}  // namespace godwit::spool
