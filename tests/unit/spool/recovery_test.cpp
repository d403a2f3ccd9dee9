// SPDX-License-Identifier: Apache-2.0
// What a start finds on the disk.
#include "unit/spool/spool_fixture.hpp"

#include "godwit/base/checksum.hpp"
#include "spool/format.hpp"
#include "spool/record.hpp"

namespace godwit::spool {
namespace {

// Gives the first record another id, with checksums that are right.
void rename_first_record(const std::string& segment, base::MessageId id) {
  constexpr std::size_t size = group_header_size + record_header_size;
  std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(size, '\0');
  file.seekg(block_size);
  ASSERT_TRUE(file.read(bytes.data(), size));
  auto group = decode_group_header(bytes);
  auto record = decode_record_header(std::string_view(bytes).substr(group_header_size));
  ASSERT_TRUE(group && record && group->records == 1);
  record->id = id;
  const std::string header = encode(*record);
  group->records_crc = base::crc32c(header);
  file.seekp(block_size);
  file << encode(*group) << header;
}

TEST_F(SpoolTest, DamageIsKeptAndTheRestIsReadOn) {
  ASSERT_TRUE(open());
  const auto first = put("first\r\n");
  const auto second = put("second\r\n");
  close();
  const std::string path = only_segment();
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file);
    file.seekp(static_cast<std::streamoff>(block_size + 100));
    file.put('!');
  }
  ASSERT_TRUE(open());
  EXPECT_FALSE(run(spool_->read(*first)));
  EXPECT_TRUE(run(spool_->read(*second)));
  EXPECT_EQ(spool_->statistics().quarantined, 1U);
  EXPECT_EQ(files("quarantine"), 1U);
}

TEST_F(SpoolTest, ARecordWithoutAnIdIsSetAside) {
  ASSERT_TRUE(open());
  const auto first = put("first\r\n");
  const auto second = put("second\r\n");
  close();
  rename_first_record(only_segment(), base::MessageId{0});
  ASSERT_TRUE(open());
  EXPECT_FALSE(run(spool_->read(*first)));
  EXPECT_TRUE(run(spool_->read(*second)));
  EXPECT_EQ(files("quarantine"), 1U);
}

TEST_F(SpoolTest, DamageOfHeaderAndFirstGroupCostsNoMore) {
  ASSERT_TRUE(open());
  const auto first = put("first\r\n");
  const auto second = put("second\r\n");
  close();
  {
    std::fstream file(only_segment(), std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(2 * block_size, '\0');
  }
  ASSERT_TRUE(open());
  EXPECT_FALSE(run(spool_->read(*first)));
  EXPECT_TRUE(run(spool_->read(*second)));
  EXPECT_GE(spool_->statistics().quarantined, 1U);
}

// After the last group: its last block is no trailer, and what follows it is written elsewhere.
TEST_F(SpoolTest, ASegmentThatLostItsEndIsReportedAndNeverWrittenAgain) {
  ASSERT_TRUE(open());
  std::vector<Accepted<base::MessageId>> all;
  for (int i = 0; i < 3; ++i) all.push_back(put("message\r\n"));
  close();
  const std::string path = only_segment();
  std::filesystem::resize_file(path, 5 * block_size);  // header, three messages, the empty group of the stop
  ASSERT_TRUE(open());
  for (const auto& one : all) EXPECT_TRUE(run(spool_->read(*one)));
  EXPECT_EQ(spool_->statistics().quarantined, 1U);
  EXPECT_TRUE(put("more\r\n"));
  EXPECT_EQ(std::filesystem::file_size(path), 5 * block_size);
}

// What was delivered and is gone with its segment is known no more; here all but the last segment's header is gone.
TEST_F(SpoolTest, NoIdIsMadeAgainThoughTheClockIsSetBack) {
  ASSERT_TRUE(open());
  std::vector<base::MessageId> ids;
  for (int i = 0; i < 80; ++i) {
    ids.push_back(put(lines(60'000)).value());
    spool_->update(ids.back(), delivered());
  }
  close();
  const std::string journal = settings_.directory + "/journal";
  std::vector<std::string> segments;
  for (const auto& entry : std::filesystem::directory_iterator(journal))
    if (entry.path().extension() == ".seg") segments.push_back(entry.path());
  std::ranges::sort(segments);
  const auto last = segments.back();
  segments.pop_back();
  for (const auto& segment : segments) std::filesystem::remove(segment);
  const auto size = std::filesystem::file_size(last);
  std::filesystem::resize_file(last, block_size);
  std::filesystem::resize_file(last, size);
  clock_.off = -std::chrono::hours(24 * 365);
  ASSERT_TRUE(open());
  EXPECT_GT(put("x\r\n").value(), ids[40]) << "made before the journal went on to its last segment";
}

TEST_F(SpoolTest, FoldersOfOthersAreLeftAlone) {
  ASSERT_TRUE(open());
  const auto id = put("message\r\n");
  close();
  for (const char* name : {"/large/lost+found", "/journal/00000099.free", "/journal/00000098.seg"})
    std::filesystem::create_directory(settings_.directory + name);
  ASSERT_TRUE(open());
  EXPECT_TRUE(run(spool_->read(*id)));
  EXPECT_EQ(files("large"), 1U);
}

TEST_F(SpoolTest, AHigherFormatVersionIsRefusedAndLeftAlone) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(put("first\r\n"));
  close();
  const std::string path = only_segment();
  std::string block(64, '\0');
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.read(block.data(), 64));
    block[12] = 9;
    const std::uint32_t crc = base::crc32c(std::string_view(block).substr(12));
    for (std::size_t i = 0; i < 4; ++i) block[8 + i] = static_cast<char>(crc >> (8 * i) & 0xFFU);
    file.seekp(0);
    file.write(block.data(), 64);
  }
  const std::size_t before = files("journal");
  auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::unsupported);
  EXPECT_EQ(files("journal"), before);
}

}  // namespace
}  // namespace godwit::spool
