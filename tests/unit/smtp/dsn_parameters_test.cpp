// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/dsn_parameters.hpp"

#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

TEST(DsnParameters, ValuesAreTakenUpToTheLengthThatTheStandardAsksFor) {
  EXPECT_TRUE(read_envid(std::string(longest_envid, 'x')));
  EXPECT_FALSE(read_envid(std::string(longest_envid + 1, 'x')));
  const std::string type = "rfc822;";
  EXPECT_TRUE(read_orcpt(type + std::string(longest_orcpt - type.size(), 'x')));
  EXPECT_FALSE(read_orcpt(type + std::string(longest_orcpt - type.size() + 1, 'x')));
  const std::string umlauts = "utf-8;" + std::string(300, 'x') + "\u00FC\u00FC\u00FC\u00FC";
  EXPECT_EQ(orcpt_text(*read_orcpt(umlauts)).size(), umlauts.size() + 4 * 4);
  EXPECT_EQ(orcpt_text(*read_orcpt(umlauts + std::string(longest_orcpt - umlauts.size(), 'x'))), "");
  EXPECT_FALSE(read_envid(""));
}

TEST(DsnParameters, NotifyWordsMayRepeatButNeverStandsAlone) {
  EXPECT_EQ(read_notify("success,SUCCESS"), notify_success);
  EXPECT_EQ(read_notify("NEVER"), notify_never);
  EXPECT_FALSE(read_notify("NEVER,NEVER"));
  EXPECT_FALSE(read_notify("DELAY,NEVER"));
  EXPECT_FALSE(read_notify(""));
}

TEST(DsnParameters, OnlyPrintableTextComesOut) {
  EXPECT_EQ(read_envid("a+20b+2B+3D"), "a b+=");
  for (const char* bad : {"a+0D+0Ab", "a+00", "a+7F", "a+80", "a+2b", "+", "a+4", "a=b", "a b"}) {
    EXPECT_FALSE(read_envid(bad)) << bad;
    EXPECT_FALSE(read_orcpt(std::string("rfc822;") + bad)) << bad;
  }
  EXPECT_EQ(read_orcpt("x-y;a;b"), "x-y;a;b");
  for (const char* bad : {"x y;a", "x=y;a", ";a"}) EXPECT_FALSE(read_orcpt(bad)) << bad;
}

TEST(DsnParameters, WhatIsWrittenReadsBackTheSame) {
  std::string all;
  for (char c = ' '; c < 0x7F; ++c) all += c;
  const auto envid = all.substr(0, 30);
  EXPECT_EQ(read_envid(envid_text(envid)), envid);
  EXPECT_EQ(read_orcpt(orcpt_text("rfc822;" + all)), "rfc822;" + all);
  EXPECT_EQ(orcpt_text("x+y;a+b"), "x+y;a+2Bb");
  for (int notify = 1; notify < 16; ++notify) {
    if ((notify & notify_never) != 0 && notify != notify_never) continue;
    EXPECT_EQ(read_notify(notify_text(static_cast<std::uint8_t>(notify))), notify);
  }
  for (const std::uint8_t ret : {return_full, return_headers}) EXPECT_EQ(read_return(return_text(ret)), ret);
}

TEST(DsnParameters, NothingWrittenCanEndTheParameterOrTheLine) {
  for (const std::string evil : {"a\r\nDATA\r\n", "a b=c", "\xff\0x"}) {
    EXPECT_TRUE(is_xtext(envid_text(evil)));
    EXPECT_EQ(orcpt_text(evil).find_first_of(" =\r\n"), std::string::npos);
  }
}

}  // namespace
}  // namespace godwit::smtp
