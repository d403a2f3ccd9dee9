// SPDX-License-Identifier: Apache-2.0
#include "state/history_index.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>

#include "unit/state/history_fixture.hpp"

namespace godwit::state {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HistoryIndexTest : public HistoryOnSimDisk {
 protected:
  void SetUp() override { with_index(); }

  void accepted(std::uint64_t number, std::string_view from, std::string_view more = {}) {
    add("accepted", number, {{"from", from}, {"to", "<bob@big.example>"}, {"reply", more}});
  }
  // Some MiB of others' mail, in frames of their own.
  void fill(std::uint64_t from, std::uint64_t to) {
    const std::string text(8000, 'x');
    for (auto number = from; number < to; ++number) {
      accepted(number, "<others@example.com>", text);
      if (number % 100 == 0) of(number);  // else the queue would be full
    }
    of(from);
  }
  std::vector<std::uint64_t> ids(HistoryQuery query) {
    std::vector<std::uint64_t> ids;
    for (const auto& match : search(std::move(query)).matches) ids.push_back(match.id.value - id(0).value);
    return ids;
  }
  // Opened beside the history.
  std::vector<IndexedPart> parts() {
    auto opened = HistoryIndex::open(index->path).value();
    std::vector<IndexedPart> parts;
    for (std::uint32_t segment = 1; segment < 100; ++segment) {
      const auto some = opened.parts_of(segment).value();
      parts.insert(parts.end(), some.begin(), some.end());
    }
    return parts;
  }
  std::size_t frames_meant(const HistoryQuery& query) {
    auto opened = HistoryIndex::open(index->path).value();
    std::size_t count = 0;
    for (const auto& part : parts()) count += opened.frames(part.number, patterns_of(query)).value().size();
    return count;
  }
  void overwrite(const std::string& bytes, std::streamoff at = 0) {
    std::fstream file(index->path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  }
  std::string segment_file() {
    for (const auto& name : disk.names())
      if (name.starts_with(folder) && name.ends_with(".hist")) return name;
    return {};
  }
  void run_sql(const std::string& statement) { EXPECT_TRUE(SqliteFile::open(index->path).value().run(statement)); }
};

TEST_F(HistoryIndexTest, FewFramesAreMeantOfMany) {
  open();
  accepted(1, "<alice@example.com>");
  fill(2, 1000);
  reopen();
  wait_indexed();
  EXPECT_THAT(parts(), SizeIs(4));
  EXPECT_EQ(frames_meant({.sender = "alice@example.com"}), 1U);
  EXPECT_EQ(frames_meant({.sender = "ali*"}), 1U);
  EXPECT_EQ(frames_meant({.sender = "alice@example.com", .outcome = "bounced"}), 0U);
  EXPECT_GT(frames_meant({.recipient = "@big.example"}), 100U);
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
  EXPECT_THAT(ids({.sender = "others@example.com", .limit = 2}), ElementsAre(999, 998));
}

TEST_F(HistoryIndexTest, WhatIsWrittenIsIndexedMeanwhile) {
  open();
  accepted(1, "<alice@example.com>");
  fill(2, 600);
  for (int turn = 0; turn < 1000 && history->counts().index_bytes < 100'000; ++turn) {
    io.restart();
    io.run_for(5ms);
  }
  EXPECT_THAT(parts(), SizeIs(2));
  EXPECT_LT(history->counts().behind, 2U << 20U);
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
  accepted(600, "<alice@example.com>");
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(600, 1));
}

TEST_F(HistoryIndexTest, GoesOnWhereItWas) {
  open();
  fill(1, 300);
  for (int life = 0; life < 3; ++life) {
    life == 0 ? reopen() : kill();
    wait_indexed();
    EXPECT_THAT(parts(), SizeIs(2));
  }
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryIndexTest, FileThatIsNoneOfOursIsMadeAnewWithAWarning) {
  open();
  accepted(1, "<alice@example.com>");
  reopen();
  wait_indexed();
  const std::vector<std::function<void()>> damages{
      [&] { overwrite(std::string(4096, 'x')); }, [&] { ASSERT_EQ(::truncate(index->path.c_str(), 100), 0); },
      [&] { std::remove(index->path.c_str()); },  [&] { run_sql("PRAGMA user_version = 99"); },
      [&] { run_sql("DROP TABLE terms"); },       [&] { run_sql("ALTER TABLE terms RENAME COLUMN term TO other"); }};
  int warnings = 0;
  for (const auto& damage : damages) {
    close();
    damage();
    open();
    wait_indexed();
    EXPECT_EQ(log.count["history_index_rebuilt"], ++warnings);
    EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
    EXPECT_THAT(parts(), SizeIs(1));
  }
  EXPECT_THAT(log.count, SizeIs(1));
}

TEST_F(HistoryIndexTest, DamageThatASearchFindsIsMended) {
  open();
  accepted(1, "<alice@example.com>");
  fill(2, 500);
  reopen();
  wait_indexed();
  close();
  std::int64_t page = 0;
  ASSERT_TRUE(SqliteFile::open(index->path)
                  .value()
                  .run("SELECT rootpage FROM sqlite_master WHERE name = 'terms'", {},
                       [&](auto* row) { page = sqlite3_column_int64(row, 0); }));
  ASSERT_GT(page, 1);
  overwrite(std::string(4096, 'x'), (page - 1) * 4096);
  open();
  for (int turn = 0; turn < 1000 && log.count["history_index_rebuilt"] == 0; ++turn) {
    EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
    io.restart();
    io.run_for(5ms);
  }
  EXPECT_EQ(log.count["history_index_rebuilt"], 1);
  wait_indexed();
  EXPECT_EQ(frames_meant({.sender = "alice@example.com"}), 1U);
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
}

TEST_F(HistoryIndexTest, WhereItCannotBeWrittenSearchesReadAndItIsToldOnce) {
  index->path = *index_folder + "/taken/history.sqlite";
  std::ofstream(*index_folder + "/taken") << "no folder";
  open();
  accepted(1, "<alice@example.com>");
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
  reopen();
  EXPECT_THAT(ids({.sender = "alice@example.com"}), ElementsAre(1));
  EXPECT_EQ(history->counts().index_bytes, 0U);
  EXPECT_EQ(log.count["history_index_not_written"], 2);
  EXPECT_THAT(log.count, SizeIs(1));
}

TEST_F(HistoryIndexTest, SegmentThatIsGoneIsForgotten) {
  settings.max_size = 16U << 20U;
  open();
  accepted(1, "<alice@example.com>");
  fill(2, 1000);
  reopen();
  wait_indexed();
  const auto before = parts();
  fill(1000, 3000);
  reopen();
  wait_indexed();
  EXPECT_THAT(ids({.sender = "alice@example.com"}), IsEmpty());
  EXPECT_EQ(frames_meant({.sender = "alice@example.com"}), 0U);
  EXPECT_LT(before.front().segment, parts().front().segment);
  const auto counts = history->counts();
  EXPECT_LE(counts.bytes + counts.index_bytes, settings.max_size + settings.max_size / 8 + (1U << 20U));
}

// A crash of the machine took it, or somebody brought another.
TEST_F(HistoryIndexTest, OtherSegmentOfTheSameNumberIsNotMistakenForIt) {
  open();
  accepted(1, "<alice@example.com>");
  reopen();
  wait_indexed();
  close();
  const auto file = segment_file();
  const auto other = *disk.contents(file);
  for (const auto& name : disk.names())
    if (name.starts_with(folder) && disk.contents(name)) disk.remove_file(name);
  open();
  accepted(2, "<carol@example.com>");
  reopen();
  wait_indexed();
  EXPECT_THAT(ids({.sender = "carol@*"}), ElementsAre(2));
  close();
  disk.set_contents(file, other);
  disk.remove_file(file.substr(0, file.size() - 4) + "idx");
  open();
  wait_indexed();
  EXPECT_THAT(ids({.sender = "alice@*"}), ElementsAre(1));
  EXPECT_THAT(ids({.sender = "carol@*"}), IsEmpty());
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryIndexTest, NewHistoryNeedsNoWarning) {
  open();
  reopen();
  accepted(1, "<alice@example.com>");
  reopen();
  wait_indexed();
  EXPECT_THAT(log.count, IsEmpty());
}

TEST_F(HistoryIndexTest, FramesOfAPartAreFoundByAllOfTheirTerms) {
  auto opened = HistoryIndex::open(*index_folder + "/alone.sqlite").value();
  const std::vector<FrameTerms> frames{
      {.frame = 8, .terms = {{TermKind::sender, "a@x"}, {TermKind::outcome, "accepted"}}},
      {.frame = 90, .terms = {{TermKind::sender, "a\xFF@x"}, {TermKind::outcome, "delivered"}}},
      {.frame = 200, .terms = {{TermKind::everything, ""}}},
      {.frame = 300, .terms = {{TermKind::sender, std::string("a\0@x", 4)}, {TermKind::outcome, "accepted"}}}};
  ASSERT_TRUE(opened.add({.segment = 3, .identity = ~std::uint64_t{0}, .begin = 8, .end = 400}, frames));
  ASSERT_TRUE(opened.add({.segment = 3, .identity = ~std::uint64_t{0}, .begin = 400, .end = 500}, {}));
  const auto parts = opened.parts_of(3).value();
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[1].identity, ~std::uint64_t{0});
  EXPECT_EQ(opened.last_parts().value().at(3).end, 500U);
  const auto found = [&](const HistoryQuery& query) {
    return opened.frames(parts[1].number, patterns_of(query)).value();
  };
  EXPECT_THAT(found({.sender = "a@x"}), ElementsAre(8, 200));
  EXPECT_THAT(found({.sender = "a*"}), ElementsAre(8, 90, 200, 300));
  EXPECT_THAT(found({.sender = "a\xFF*"}), ElementsAre(90, 200));
  EXPECT_THAT(found({.sender = "*@x", .outcome = "accepted"}), ElementsAre(200));
  EXPECT_THAT(found({.sender = "a*", .outcome = "accepted"}), ElementsAre(8, 200, 300));
  EXPECT_THAT(opened.frames(parts[0].number, patterns_of({.sender = "a*"})).value(), IsEmpty());
  ASSERT_TRUE(opened.forget(3));
  EXPECT_THAT(opened.parts_of(3).value(), IsEmpty());
  ASSERT_TRUE(opened.add({.segment = 4, .begin = 8, .end = 400}, frames));
  EXPECT_GT(opened.parts_of(4).value().at(0).number, parts[0].number);
}

}  // namespace
}  // namespace godwit::state
