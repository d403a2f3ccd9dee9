// SPDX-License-Identifier: Apache-2.0
#include "log/journal.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace godwit::log {
namespace {

using ::testing::HasSubstr;

// As journald listens.
class Journal : public ::testing::Test {
 protected:
  Journal() {
    std::string name = (std::filesystem::temp_directory_path() / "godwit_journal_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(place(), std::begin(address.sun_path));
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Journal() override {
    close();
    std::filesystem::remove_all(folder_);
  }
  std::string place() const { return folder_ / "socket"; }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  std::string next() const {
    std::string text(65536, '\0');
    const auto size = ::recv(descriptor_, text.data(), text.size(), MSG_DONTWAIT);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  std::filesystem::path folder_;
  int descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST_F(Journal, HasEachLineWithItsFields) {
  auto sink = journal_sink(place());
  ASSERT_TRUE(sink);
  EXPECT_TRUE((*sink)->takes_fields());
  EXPECT_EQ(
      (*sink)->write({{.level = Level::info, .text = "one", .fields = "A=1\n"}, {.text = "two", .fields = "A=2\n"}}),
      0U);
  EXPECT_EQ(next(), "MESSAGE=one\nA=1\n");
  EXPECT_EQ(next(), "MESSAGE=two\nA=2\n");
  EXPECT_EQ(next(), "");
}

TEST_F(Journal, WhatItDoesNotTakeGoesToStandardError) {
  auto sink = journal_sink(place());
  ASSERT_TRUE(sink);
  const std::string huge(8U << 20U, 'x');
  ::testing::internal::CaptureStderr();
  EXPECT_EQ((*sink)->write({{.text = huge, .fields = "A=1\n"}}), 0U);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), huge + "\n");
  close();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ((*sink)->write({{.text = "late", .fields = "A=1\n"}}), 0U);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "late\n");
  const auto gone = journal_sink(place());
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, HasSubstr(place()));
}

TEST(JournalFields, AreThoseOfTheLine) {
  const std::vector<Field> fields{
      {"id", "06ZQ3W8K1M4TR"}, {"to", "<a b@xyz.example>"}, {"size", 12}, {"check_dns-lists", ""}};
  EXPECT_EQ(journal_fields(Level::warn, "deferred", fields),
            "PRIORITY=4\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=godwitd\nGODWIT_EVENT=deferred\nGODWIT_ID=06ZQ3W8K1M4TR\n"
            "GODWIT_TO=<a b@xyz.example>\nGODWIT_SIZE=12\nGODWIT_CHECK_DNS_LISTS=\n");
}

TEST(JournalFields, NoValueMakesAFieldOfItsOwn) {
  const std::vector<Field> fields{{"reply", "550 no\nPRIORITY=0\r\n\xff\x1b[31m"},
                                  {"transcript", std::string(9000, 'x')}};
  const auto text = journal_fields(Level::info, "bounced", fields);
  EXPECT_THAT(text, HasSubstr("\nGODWIT_REPLY=550 no\\x0aPRIORITY=0\\x0d\\x0a\\xff\\x1b[31m\n"));
  EXPECT_LT(text.size(), 3000U);
  EXPECT_EQ(std::ranges::count(text, '\n'), 6);
}

TEST(LeadsToJournal, OnlyWhatSystemdNamed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  struct stat status {};
  ASSERT_EQ(::fstat(ends[1], &status), 0);
  const auto stream = fmt::format("{}:{}", status.st_dev, status.st_ino);
  EXPECT_TRUE(leads_to_journal(ends[1], stream));
  EXPECT_FALSE(leads_to_journal(ends[1], stream + "0"));
  EXPECT_FALSE(leads_to_journal(ends[1], ""));
  for (const int end : ends) ::close(end);
  EXPECT_FALSE(leads_to_journal(-1, stream));
}

}  // namespace
}  // namespace godwit::log
