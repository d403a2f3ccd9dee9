// SPDX-License-Identifier: Apache-2.0
#include "tools/top_report.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

boost::json::value status_of(int accepted, int uptime = 100) {
  auto value = boost::json::parse(R"({"version":"1.2.3","healthy":true,
    "queue":{"messages":7,"waiting":3,"due":1,"active":2,"held":1},"connections":{"in":4,"out":5},
    "totals":{"accepted":0,"delivered":10,"deferred":0,"bounced":0,"expired":0,"rejected":0,"put_off":0},
    "accept_time":{"bounds":[0.001,0.01,0.1],"counts":[5,0,0,0],"sum":1}})");
  value.as_object()["uptime"] = uptime;
  value.at("totals").as_object()["accepted"] = accepted;
  value.at("accept_time").at("counts").as_array()[1] = accepted;
  return value;
}

const auto busy_page = boost::json::parse(R"({"down":1,"destinations":[
  {"name":"mx.\u001b[2J.example","due":7,"active":2,"waiting":3,"held":0,"connections":2,"down":true}]})");

TEST(TopReport, RatesAreOfTheTimeBetween) {
  const auto summary = top_summary(status_of(100), status_of(130), 2, busy_page);
  EXPECT_EQ(summary.at("per_second").at("accepted"), 15.0);
  EXPECT_EQ(summary.at("per_second").at("delivered"), 0.0);
  EXPECT_EQ(summary.at("accepted_within").at("half"), 0.01);
  const auto text = top_text(summary);
  EXPECT_THAT(text, HasSubstr("queue        7 messages; deliveries: 3 waiting, 1 due, 2 active, 1 held\n"));
  EXPECT_THAT(text, HasSubstr("accepted in  10 ms (half), 10 ms (99 of 100)\n"));
  EXPECT_THAT(text, HasSubstr("15.0"));
  EXPECT_THAT(text, HasSubstr("down"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TopReport, ADaemonThatWasStartedAnewCountsFromNothing) {
  EXPECT_EQ(top_summary(status_of(100), status_of(4, 1), 2, busy_page).at("per_second").at("accepted"), 2.0);
  EXPECT_EQ(top_summary(status_of(100), status_of(130, 1), 2, busy_page).at("per_second").at("accepted"), 65.0);
}

TEST(TopReport, WithoutTrafficNothingIsDividedByIt) {
  const auto summary = top_summary(status_of(100), status_of(100), 2, boost::json::parse("{}"));
  EXPECT_TRUE(summary.at("accepted_within").at("half").is_null());
  EXPECT_THAT(top_text(summary), HasSubstr("Nothing is queued."));
  top_text(boost::json::parse("{}"));
}

}  // namespace
}  // namespace godwit::tools
