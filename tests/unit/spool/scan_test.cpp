// SPDX-License-Identifier: Apache-2.0
#include "spool/scan.hpp"

#include <gtest/gtest.h>

#include "unit/spool/segment_builder.hpp"

namespace godwit::spool {
namespace {

std::vector<std::uint64_t> ids(const SegmentScan& scan) {
  std::vector<std::uint64_t> all;
  for (const FoundRecord& record : scan.records) all.push_back(record.header.id.value);
  return all;
}
using Ids = std::vector<std::uint64_t>;

SegmentScan scan(std::string_view bytes, Tail tail = Tail::may_be_torn) {
  return scan_segment(bytes, test_generation, 1, tail);
}

std::string three_groups() {
  return make_segment({make_group(1, {make_record_bytes(11, "one"), make_record_bytes(12, "two")}),
                       make_group(2, {make_record_bytes(21, "three"), make_record_bytes(22, std::string(5000, 'x'))}),
                       make_group(3, {make_record_bytes(31, "four")})});
}
constexpr std::size_t first_at = block_size, second_at = 2 * block_size, third_at = 4 * block_size;

TEST(Scan, WholeGroupsAreReadInOrder) {
  const std::string bytes = three_groups();
  const SegmentScan found = scan(bytes);
  EXPECT_EQ(ids(found), (Ids{11, 12, 21, 22, 31}));
  EXPECT_EQ(found.records[1].payload, "two");
  EXPECT_EQ(found.next_group, 4U);
  EXPECT_EQ(found.end, third_at + block_size);
  EXPECT_EQ(found.last_group_at, third_at);
  EXPECT_TRUE(found.damages.empty());
  EXPECT_FALSE(found.torn);
}

TEST(Scan, EmptySegmentHasNothing) {
  const SegmentScan found = scan(make_segment({}));
  EXPECT_TRUE(found.records.empty());
  EXPECT_EQ(found.next_group, 1U);
  EXPECT_EQ(found.end, block_size);
}

// Whatever byte of the last group is wrong, the group is a torn tail, and all before it is there.
TEST(Scan, AnyDamageInTheLastGroupIsATornTail) {
  const std::string whole = three_groups();
  const std::size_t used = group_header_size + record_size(4) - 4;  // the padding says nothing
  for (std::size_t at = third_at; at < third_at + used; ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const SegmentScan found = scan(bytes);
    ASSERT_EQ(ids(found), (Ids{11, 12, 21, 22})) << at;
    ASSERT_TRUE(found.damages.empty()) << at;
    ASSERT_EQ(found.end, third_at) << at;
    ASSERT_EQ(found.next_group, 3U) << at;
  }
}

// Group 3 proves that group 2 was durable: damage in 2 is reported, and the records that are whole are kept.
TEST(Scan, AnyDamageBeforeAWholeGroupIsReportedAndTheRestIsReadOn) {
  const std::string whole = three_groups();
  const std::size_t first_record = second_at + group_header_size;
  const std::size_t second_record = first_record + record_size(5);
  for (std::size_t at = second_at; at < second_record + record_header_size + 5000;
       at += at < second_record + 60 ? 1 : 97) {
    const bool padding = at >= first_record + record_header_size + 5 && at < second_record;
    if (padding) continue;
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x80);
    const SegmentScan found = scan(bytes);
    Ids expected{11, 12, 21, 22, 31};
    if (at >= first_record && at < second_record) std::erase(expected, 21U);
    if (at >= second_record) std::erase(expected, 22U);
    ASSERT_EQ(ids(found), expected) << at;
    ASSERT_EQ(found.damages.size(), 1U) << at;
    ASSERT_EQ(found.damages[0].offset, second_at) << at;
    ASSERT_EQ(found.damages[0].size, 2 * block_size) << at;
    ASSERT_EQ(found.next_group, 4U) << at;
  }
}

// Any trace of group 3 proves group 2, even if 3 itself is torn.
TEST(Scan, ATornGroupStillProvesTheOneBeforeIt) {
  std::string bytes = three_groups();
  bytes[second_at + group_header_size + record_header_size] ^= 1;
  bytes[third_at + group_header_size + record_header_size] ^= 1;
  const SegmentScan found = scan(bytes);
  EXPECT_EQ(ids(found), (Ids{11, 12, 22}));
  EXPECT_EQ(found.damages.size(), 1U);
  EXPECT_EQ(found.end, third_at);
  EXPECT_EQ(found.next_group, 3U);
  EXPECT_TRUE(found.torn);
}

TEST(Scan, DamageAtTheEndOfASegmentWithASuccessorIsReported) {
  std::string bytes = three_groups();
  bytes[third_at] ^= 1;
  const SegmentScan found = scan(bytes, Tail::proven);
  EXPECT_EQ(ids(found), (Ids{11, 12, 21, 22, 31}));
  ASSERT_EQ(found.damages.size(), 1U);
  EXPECT_EQ(found.damages[0].salvaged, 1U);
  EXPECT_TRUE(found.unreadable.empty());
}

TEST(Scan, AMessageWhosePayloadIsDamagedIsKnownByItsHeader) {
  std::string bytes =
      make_segment({make_group(1, {make_record_bytes(11, "one", RecordType::message), make_record_bytes(12, "two")}),
                    make_group(2, {make_record_bytes(21, "three")})});
  const std::size_t message_at = first_at + group_header_size;
  bytes[message_at + record_header_size] ^= 1;
  bytes[message_at + record_header_size + record_size(3)] ^= 1;  // the update: nobody misses it
  const SegmentScan found = scan(bytes);
  EXPECT_EQ(ids(found), (Ids{21}));
  ASSERT_EQ(found.unreadable.size(), 1U);
  EXPECT_EQ(found.unreadable[0].header.id.value, 11U);
  EXPECT_EQ(found.unreadable[0].offset, message_at);
}

TEST(Scan, StaleGroupsOfAnotherLifeAreNotRead) {
  std::string bytes = three_groups();
  const SegmentScan found = scan_segment(bytes, make_generation(8, 1), 1, Tail::may_be_torn);
  EXPECT_TRUE(found.records.empty());
  EXPECT_EQ(found.end, block_size);
}

// A file's earlier life: its groups lie behind those of this one, with numbers that would fit where the journal began
// anew beside files that outlived it.
std::string stale_group(std::uint64_t number) {
  return make_group(number, {make_record_bytes(number, "stale", RecordType::update, earlier_life)}, earlier_life);
}

TEST(Scan, WhatAnEarlierLifeLeftBehindTheLastGroupSaysNothing) {
  const std::string bytes =
      make_segment({make_group(1, {make_record_bytes(11, "one")}), stale_group(2), stale_group(9)});
  for (const Tail tail : {Tail::may_be_torn, Tail::proven}) {
    const SegmentScan found = scan(bytes, tail);
    EXPECT_EQ(ids(found), (Ids{11}));
    EXPECT_EQ(found.next_group, 2U);
    EXPECT_EQ(found.last_group_at, first_at);
  }
  EXPECT_TRUE(scan(bytes).damages.empty());
  EXPECT_FALSE(scan(bytes).torn);
  EXPECT_EQ(scan(bytes).end, second_at);
}

// Where the end of a segment is damaged, all that lies behind is searched for records.
TEST(Scan, RecordsOfAnEarlierLifeAreNotSalvaged) {
  std::string bytes =
      make_segment({make_group(1, {make_record_bytes(11, "one")}),
                    make_group(2, {make_record_bytes(21, "two"), make_record_bytes(22, "three")}), stale_group(9)});
  bytes[second_at] ^= 1;
  const SegmentScan found = scan(bytes, Tail::proven);
  EXPECT_EQ(ids(found), (Ids{11, 21, 22}));
  ASSERT_EQ(found.damages.size(), 1U);
  EXPECT_EQ(found.damages[0].salvaged, 2U);
}

// Whoever sends a body that holds groups and records, where blocks and records begin, can't know the generation.  They
// are looked at where the group that holds the body, or the body itself, is damaged.
TEST(Scan, ABodyThatLooksLikeAGroupIsNotReadAsOne) {
  std::string body(block_size - group_header_size - record_header_size, 'x');
  body += make_group(1U << 20U, {make_record_bytes(666, "forged", RecordType::done, earlier_life)}, earlier_life);
  const std::string whole =
      make_segment({make_group(1, {make_record_bytes(11, body)}), make_group(2, {make_record_bytes(21, "")})});
  std::string bytes = whole;
  bytes[first_at] ^= 1;
  EXPECT_EQ(ids(scan(bytes)), (Ids{11, 21}));
  bytes[first_at + group_header_size + record_header_size] ^= 1;
  EXPECT_EQ(ids(scan(bytes)), (Ids{21}));
  EXPECT_EQ(scan(bytes).next_group, 3U);
}

TEST(Scan, TheFirstGroupOfAnEarlierLifeIsNotTheSegments) {
  const std::string bytes = make_segment({stale_group(2), make_group(3, {make_record_bytes(11, "one")})});
  const auto found = first_group_of(bytes, number_of(test_generation));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, 3U);
  EXPECT_FALSE(first_group_of(bytes, 8));
}

TEST(Scan, AWholeGroupIsOneOfThisLife) {
  EXPECT_TRUE(whole_group(stale_group(2), earlier_life));
  EXPECT_FALSE(whole_group(stale_group(2), test_generation));
  const std::string mixed = make_group(2, {make_record_bytes(2, "stale", RecordType::update, earlier_life)});
  EXPECT_FALSE(whole_group(mixed, test_generation));
}

TEST(Scan, ALowerNumberIsStale) {
  const std::string bytes =
      make_segment({make_group(5, {make_record_bytes(1, "a")}), make_group(4, {make_record_bytes(2, "b")})});
  EXPECT_EQ(ids(scan(bytes)), (Ids{1}));
}

TEST(Scan, NothingIsReadBehindTheIndex) {
  const std::string bytes = make_segment(
      {make_group(1, {make_record_bytes(0, "", RecordType::index)}), make_group(2, {make_record_bytes(2, "b")})});
  const SegmentScan found = scan(bytes);
  EXPECT_TRUE(found.sealed);
  EXPECT_EQ(found.next_group, 2U);
}

// Truncated files and absurd lengths must not be read past their end (the sanitizer watches).
TEST(Scan, AnyLengthOfTheFileIsSafe) {
  const std::string whole = three_groups();
  for (std::size_t size = 0; size < whole.size(); size += 331) {
    const std::string cut = whole.substr(0, size);
    static_cast<void>(scan(cut, Tail::proven));
  }
}

TEST(SegmentHeader, VersionIsToldFromDamage) {
  std::string block = encode(SegmentHeader{test_generation, 65536, 9, {}, {}});
  ASSERT_TRUE(decode_segment_header(block));
  EXPECT_EQ(decode_segment_header(block)->first_group, 9U);
  block[20] ^= 1;
  EXPECT_EQ(decode_segment_header(block).error(), HeaderFault::damaged);
  block[20] ^= 1;
  block[12] = 2;  // a version to come, with its checksum right
  const std::uint32_t crc = base::crc32c(std::string_view(block).substr(12, segment_header_size - 12));
  for (std::size_t i = 0; i < 4; ++i) block[8 + i] = static_cast<char>(crc >> (8 * i) & 0xFFU);
  EXPECT_EQ(decode_segment_header(block).error(), HeaderFault::unknown_version);
}

// The format is fixed: these bytes are the example of docs/spool-format.md.
TEST(Format, BytesAreThoseOfTheDocumentation) {
  const auto hex = [](std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
      constexpr std::string_view digits = "0123456789abcdef";
      text += {digits[static_cast<unsigned char>(c) >> 4U], digits[static_cast<unsigned char>(c) & 15U]};
    }
    return text;
  };
  const std::string header =
      encode(SegmentHeader{test_generation, 65536, 1, base::WallTime(std::chrono::seconds(1)), {}});
  EXPECT_EQ(hex(std::string_view(header).substr(0, segment_header_size)),
            "474f445749545347139e13fc010000003412cdab07000000000001000000000001000000000000000"
            "0ca9a3b0000000000100000000000000000000000000000");
  const std::string group = make_group(1, {make_record_bytes(0x0123456789ABCDEF, "hello")});
  EXPECT_EQ(hex(std::string_view(group).substr(0, 96)),
            "475747727eaa26203412cdab070000000100000000000000300000000100000067837520000000000000000000000000"
            "47575263063fa6ed3412cdab07000000efcdab8967452301050000004cbb719a020000000000000068656c6c6f000000");
  EXPECT_EQ(hex(std::string_view(encode(Trailer{test_generation, 8192, 2})).substr(0, trailer_size)),
            "474f44574954454efbdda30a010000003412cdab0700000000200000000000000200000000000000");
}

}  // namespace
}  // namespace godwit::spool
