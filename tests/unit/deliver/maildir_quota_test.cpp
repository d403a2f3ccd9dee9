// SPDX-License-Identifier: Apache-2.0
#include "deliver/maildir_quota.hpp"

#include <gtest/gtest.h>

#include "godwit/deliver/maildir.hpp"

namespace godwit::deliver {
namespace {

TEST(MaildirSize, AddsUpWhatWasAddedAndRemoved) {
  const auto size = parse_maildirsize("1000000S,500C\n  12000 10\n-2000 -1\n300 1\n");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->limits, (MailboxLimits{.bytes = 1000000, .messages = 500}));
  EXPECT_EQ(size->usage, (MailboxUsage{.bytes = 10300, .messages = 10}));
  EXPECT_EQ(to_string(size->limits), "1000000S,500C");
  EXPECT_EQ(to_string(MailboxLimits{.bytes = 0, .messages = 7}), "7C");
  EXPECT_EQ(parse_maildirsize("5C\n")->limits.messages, 5);
}

TEST(MaildirSize, KnowsWhatIsNoSuchFile) {
  for (const char* text : {"hello\n", "10S\nx 1\n", "10S\n12\n", "-5S\n"})
    EXPECT_FALSE(parse_maildirsize(text)) << text;
}

TEST(MailboxLimits, MessageMustFitWhole) {
  const MailboxLimits limits{.bytes = 1000, .messages = 2};
  EXPECT_TRUE(limits.have_room({.bytes = 900, .messages = 1}, 100));
  EXPECT_FALSE(limits.have_room({.bytes = 900, .messages = 1}, 101));
  EXPECT_FALSE(limits.have_room({.bytes = 0, .messages = 2}, 1));
  EXPECT_FALSE(limits.have_room({.bytes = 2000, .messages = 0}, 1));
  EXPECT_TRUE(MailboxLimits{}.have_room({.bytes = 2000, .messages = 9}, 1U << 30U));
}

TEST(MaildirName, MaySayTheSize) {
  EXPECT_EQ(size_in_name("123.abc.host,S=4711:2,S"), 4711U);
  EXPECT_EQ(size_in_name("123.abc.host,S=4711,W=4800"), 4711U);
  EXPECT_EQ(size_in_name("123.abc.host:2,S"), std::nullopt);
  EXPECT_EQ(size_in_name("123.abc.host,S=x"), std::nullopt);
}

TEST(DetailFolder, IsOneOfMaildirPlusPlus) {
  EXPECT_EQ(detail_folder({"alice+Lists", "x.example"}, "+"), "/.lists");
  EXPECT_EQ(detail_folder({"alice+lists.cxx", "x.example"}, "+"), "/.lists.cxx");
  EXPECT_EQ(detail_folder({"alice+../../etc", "x.example"}, "+").find('/', 1), std::string::npos);
  EXPECT_EQ(detail_folder({"alice+", "x.example"}, "+"), "");
  EXPECT_EQ(detail_folder({"alice", "x.example"}, "+"), "");
  EXPECT_EQ(detail_folder({"alice+x", "x.example"}, ""), "");
}

}  // namespace
}  // namespace godwit::deliver
