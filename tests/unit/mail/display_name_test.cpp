// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/display_name.hpp"

#include <gtest/gtest.h>

#include "godwit/mail/address_list.hpp"

namespace godwit::mail {
namespace {

const smtp::Mailbox alice{"alice", "x.example"};

TEST(DisplayName, IsQuotedOrEncodedWhereItMustBe) {
  EXPECT_EQ(named_address("", alice), "alice@x.example");
  EXPECT_EQ(named_address(" \n", alice), "alice@x.example");
  EXPECT_EQ(named_address("CronDaemon", {"root", ""}), "CronDaemon <root>");
  EXPECT_EQ(named_address("Alice Doe", alice), "Alice Doe <alice@x.example>");
  EXPECT_EQ(named_address("Doe, A. \"x\\y\"", alice), "\"Doe, A. \\\"x\\\\y\\\"\" <alice@x.example>");
  EXPECT_EQ(named_address("M\xC3\xBCller", alice), "=?UTF-8?B?TcO8bGxlcg==?= <alice@x.example>");
  EXPECT_EQ(named_address("=?UTF-8?B?eA==?=", alice), "=?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?= <alice@x.example>");
}

TEST(DisplayName, NothingInItBreaksTheField) {
  for (const std::string& name :
       {std::string("a\r\nBcc: eve@x.example"), std::string("\xFF\xFE"), std::string("a\0b", 3), std::string(1000, 'x'),
        std::string("<eve@x.example>"), std::string("\xE2\x82\xAC") + std::string(400, 'y')}) {
    const auto written = named_address(name, alice);
    const auto list = parse_address_list(written);
    ASSERT_TRUE(list) << written;
    ASSERT_EQ(list->size(), 1U) << written;
    EXPECT_EQ(list->front().mailbox, alice);
    EXPECT_LT(written.size(), 500U);
  }
}

}  // namespace
}  // namespace godwit::mail
