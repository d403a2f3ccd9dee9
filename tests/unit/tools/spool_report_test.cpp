// SPDX-License-Identifier: Apache-2.0
#include "tools/spool_report.hpp"

#include <gmock/gmock.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

spool::SpoolReport damaged_report() {
  spool::SpoolReport report;
  spool::SegmentReport& segment = report.segments.emplace_back();
  segment.file = "journal/00000001.seg";
  segment.live = 2;
  segment.faults.push_back(
      {.file = segment.file, .offset = 8192, .size = 4096, .salvaged = 3, .id = {}, .what = "checksums do not hold"});
  report.body_faults.push_back(
      {.file = "large/06ZQ3W8K1M4TR", .id = base::parse_message_id("06ZQ3W8K1M4TR"), .what = "the body is missing"});
  report.live = 2;
  report.orphans = {"\x1b[31mname"};
  return report;
}

TEST(SpoolReport, TextNamesEveryDamageWithItsPlace) {
  const std::string text = to_text(damaged_report(), "/var/spool/godwit");
  EXPECT_THAT(text, HasSubstr("damaged: journal/00000001.seg, at 8192, 4096 bytes: checksums do not hold; 3 records in "
                              "it can still be read\n"));
  EXPECT_THAT(text, HasSubstr("damaged: large/06ZQ3W8K1M4TR, message 06ZQ3W8K1M4TR: the body is missing\n"));
  EXPECT_THAT(text, HasSubstr("in 2 places"));
}

TEST(SpoolReport, ANameInAFolderReachesTheTerminalEscaped) {
  EXPECT_THAT(to_text(damaged_report(), "/x"), Not(HasSubstr("\x1b")));
}

TEST(SpoolReport, JsonHasTheSame) {
  const boost::json::value json = to_json(damaged_report(), "/var/spool/godwit");
  EXPECT_EQ(json.at("sound"), boost::json::value(false));
  EXPECT_EQ(json.at("messages").to_number<int>(), 2);
  const boost::json::array& damages = json.at("damages").as_array();
  ASSERT_EQ(damages.size(), 2U);
  EXPECT_EQ(damages[0].at("offset").to_number<int>(), 8192);
  EXPECT_EQ(damages[0].at("salvaged").to_number<int>(), 3);
  EXPECT_TRUE(damages[0].at("id").is_null());
  EXPECT_EQ(damages[1].at("id"), boost::json::value("06ZQ3W8K1M4TR"));
}

TEST(SpoolReport, ASoundSpoolSaysSo) {
  spool::SpoolReport report;
  EXPECT_THAT(to_text(report, "/x"), HasSubstr("none"));
  EXPECT_EQ(to_json(report, "/x").at("sound"), boost::json::value(true));
}

}  // namespace
}  // namespace godwit::tools
