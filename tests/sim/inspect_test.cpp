// SPDX-License-Identifier: Apache-2.0
// The spool looked at from outside: on a simulated disk, at rest and while the spool works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/inspect_fixture.hpp"
#include "spool/journal_reader.hpp"
#include "unit/spool/segment_builder.hpp"

namespace godwit::spool {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Inspect, ASoundSpoolHasNoFaults) {
  fill();
  const SpoolReport report = check();
  EXPECT_EQ(report.damaged(), 0U) << describe_faults(report);
  EXPECT_EQ(report.live, sent_.size());
  EXPECT_GT(report.segments.size(), 3U);
  EXPECT_TRUE(report.segments.front().sealed);
  EXPECT_THAT(report.quarantine, IsEmpty());
  std::uint64_t live = 0;
  for (const SegmentReport& segment : report.segments) live += segment.live;
  EXPECT_EQ(live, sent_.size());
}

TEST_F(Inspect, AFlippedBitOfAnyRecordIsFound) {
  fill();
  for (const std::string& path : files(".seg")) {
    std::string bytes;
    const SegmentScan found = scan(path, bytes);
    const bool last = path == files(".seg").back();
    for (const FoundRecord& record : found.records) {
      // Damage in the last group of all can't be told from a torn write.
      if (last && record.offset > found.last_group_at) continue;
      if (record.header.type != RecordType::index && random_.below(4) != 0) continue;
      expect_found(path, record.offset + random_.below(record_header_size + record.header.length));
    }
  }
}

TEST_F(Inspect, AFlippedBitOfHeaderOrTrailerBlockIsFound) {
  fill();
  const std::string path = files(".seg").front();
  for (int i = 0; i < 20; ++i) {
    expect_found(path, random_.below(segment_header_size));
    expect_found(path, disk_.contents(path)->size() - block_size + random_.below(trailer_size));
  }
}

TEST_F(Inspect, ACutSegmentIsFound) {
  fill();
  const std::string path = files(".seg").front();
  disk_.set_contents(path, disk_.contents(path)->substr(0, 16384));
  EXPECT_GT(check().damaged(), 0U);
}

TEST_F(Inspect, ADamagedOrMissingLargeBodyIsReportedWithItsMessage) {
  open();
  ASSERT_TRUE(run(send(20'000)));
  stop();
  const base::MessageId id = sent_.begin()->first;
  const std::string path = Paths("/spool").large(id);
  const std::string body = *disk_.contents(path);

  flip(path, random_.below(body.size()));
  EXPECT_THAT(check().body_faults,
              ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("checksum")))));
  disk_.set_contents(path, body.substr(1));
  EXPECT_THAT(check().body_faults, ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("size")))));
  run(disk_.remove(path));
  EXPECT_THAT(check().body_faults,
              ElementsAre(AllOf(Field(&Fault::id, id), Field(&Fault::what, HasSubstr("missing")))));
}

TEST_F(Inspect, ABodyThatNoRecordNamesIsAnOrphanAndNoDamage) {
  fill();
  disk_.set_contents("/spool/large/06ZQ3W8K1M4TR", "left by a crash");
  const SpoolReport report = check();
  EXPECT_THAT(report.orphans, Contains("06ZQ3W8K1M4TR"));
  EXPECT_EQ(report.damaged(), 0U);
}

TEST_F(Inspect, ATornTailIsNoDamage) {
  fill();
  std::string bytes;
  std::string path = files(".seg").back();
  SegmentScan found = scan(path, bytes);
  // The last segment may happen to be full.
  while (found.end + 2 * block_size >= bytes.size()) {
    open();
    ASSERT_TRUE(run(work(1)));
    stop();
    path = files(".seg").back();
    found = scan(path, bytes);
  }
  // The beginning of a group as the last one has it, but cut.
  bytes.replace(found.end, record_header_size, bytes.substr(found.last_group_at, record_header_size));
  disk_.set_contents(path, bytes);
  EXPECT_EQ(check().damaged(), 0U);
}

// One segment, made by hand, as it is seen at several moments.
class InspectGrowing : public Inspect {
 protected:
  static constexpr const char* path = "/spool/journal/00000007.seg";
  // The ids of the records that are new.
  std::vector<std::uint64_t> follow(JournalReader& reader) {
    std::vector<std::uint64_t> ids;
    const JournalReader::Visit visit = [&](const ReadSegment& segment) {
      EXPECT_THAT(segment.scan.damages, IsEmpty());
      for (const FoundRecord& record : segment.fresh) ids.push_back(record.header.id.value);
    };
    EXPECT_TRUE(run(reader.follow(visit)));
    return ids;
  }
  static std::string group(std::uint64_t number) { return make_group(number, {make_record_bytes(number, "hello")}); }
};

TEST_F(InspectGrowing, AGroupWrittenAfterItsPlaceWasReadIsNoDamage) {
  disk_.set_contents(path, make_segment({group(1), std::string(block_size, '\0'), group(3)}));
  int opens = 0;
  slow_disk_.on_open = [&] {
    if (++opens == 2) disk_.set_contents(path, make_segment({group(1), group(2), group(3), group(4)}));
  };
  JournalReader reader(slow_disk_, Paths("/spool"));
  // What came after the last group seen first is left for the next time: before it there could be another gap.
  EXPECT_THAT(follow(reader), ElementsAre(1, 2, 3));
  EXPECT_THAT(follow(reader), ElementsAre(4));
}

TEST_F(InspectGrowing, OnlyWhatCameSinceIsVisitedAgain) {
  JournalReader reader(slow_disk_, Paths("/spool"));
  disk_.set_contents(path, make_segment({group(1)}));
  EXPECT_THAT(follow(reader), ElementsAre(1));
  EXPECT_THAT(follow(reader), IsEmpty());
  disk_.set_contents(path, make_segment({group(1), group(2)}));
  EXPECT_THAT(follow(reader), ElementsAre(2));
}

}  // namespace
}  // namespace godwit::spool
