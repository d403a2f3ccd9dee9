// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "godwit/deliver/maildir.hpp"

namespace godwit::deliver {
namespace {

TEST(SafePathSegment, KeepsOrdinaryNames) {
  EXPECT_EQ(safe_path_segment("alice.smith+x_y-z"), "alice.smith+x_y-z");
}

TEST(SafePathSegment, NeverLeavesTheFolder) {
  for (const char* hostile : {"..", ".", "/etc/passwd", "a/b", "../../x", "a\nb", "", ".hidden"}) {
    const auto segment = safe_path_segment(hostile);
    EXPECT_FALSE(segment.empty()) << hostile;
    EXPECT_EQ(segment.find('/'), std::string::npos) << hostile;
    EXPECT_NE(segment.front(), '.') << hostile;
    EXPECT_EQ(segment.find('\n'), std::string::npos) << hostile;
  }
}

TEST(SafePathSegment, DifferentNamesGiveDifferentSegments) {
  EXPECT_NE(safe_path_segment("a/b"), safe_path_segment("a=2Fb"));
  std::string one(300, 'a');
  std::string two = one;
  one.push_back('1');
  two.push_back('2');
  EXPECT_NE(safe_path_segment(one), safe_path_segment(two));
  EXPECT_NE(safe_path_segment(""), safe_path_segment("="));
}

TEST(SafePathSegment, LongNamesFitAFileName) {
  std::string name(64, '/');
  name.append(300, 'x');
  EXPECT_LE(safe_path_segment(name).size(), 200U);
}

TEST(MaildirPath, FillsTheTemplateWithoutTheDetail) {
  EXPECT_EQ(maildir_path("/var/vmail/{domain}/{local}", {"Alice+news", "Example.com"}, "+"),
            "/var/vmail/example.com/alice");
  EXPECT_EQ(maildir_path("/m/{local}/.{detail}", {"alice+news", "example.com"}, "+"), "/m/alice/.news");
}

TEST(MaildirPath, ASeparatorInFrontIsPartOfTheName) {
  EXPECT_EQ(maildir_path("/m/{local}", {"+x", "example.com"}, "+"), "/m/+x");
}

}  // namespace
}  // namespace godwit::deliver
