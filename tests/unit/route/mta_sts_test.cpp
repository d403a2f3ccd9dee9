// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/mta_sts.hpp"

#include <gmock/gmock.h>

namespace godwit::route {
namespace {

using Mode = StsPolicy::Mode;
using namespace std::chrono_literals;

TEST(StsPolicy, IsReadWithEitherLineEnd) {
  const StsPolicy expected{.mode = Mode::enforce, .max_age = 604800s, .mx = {"mail.example.com", "*.example.net"}};
  const std::string text = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.Example.NET\nmax_age: 604800\n";
  std::string with_crlf;
  for (const char c : text) with_crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (const auto& form : {text, with_crlf, text.substr(0, text.size() - 1), text + "\r\n\n"}) {
    const auto policy = parse_sts_policy(form);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(*policy, expected);
  }
}

TEST(StsPolicy, TakesWhatTheRfcLeavesOpen) {
  for (const char* text : {
           "mode:testing\nmx:a.example\nmax_age:0\nversion:STSv1",           // any order, no space
           "version: STSv1 \nmode:\ttesting\t\nmx: a.example \nmax_age: 0",  // blanks around values
           "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 0\nfuture.field: whatever: x",  // unknown field
           "version: STSv1\nmode: testing\nmode: enforce\nmx: a.example\nmax_age: 0\nmax_age: x",  // the first counts
           "version: STSv1\nmode: testing\nmx: A.EXAMPLE\nmax_age: 0000000000",
       }) {
    const auto policy = parse_sts_policy(text);
    ASSERT_TRUE(policy) << text << ": " << policy.error().message;
    EXPECT_EQ(*policy, (StsPolicy{.mode = Mode::testing, .max_age = 0s, .mx = {"a.example"}})) << text;
  }
  EXPECT_TRUE(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 31557600"));
}

TEST(StsPolicy, RefusesWhatIsWrongAndSaysWhat) {
  const std::string good = "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 86400\n";
  const auto with = [&](const std::string& what, const std::string& instead) {
    auto text = good;
    return text.replace(text.find(what), what.size(), instead);
  };
  std::string many = good;
  for (std::size_t i = 0; i < most_sts_patterns; ++i) many += "mx: b.example\n";
  const std::pair<std::string, const char*> cases[] = {
      {"", "version is \"\""},
      {"<html>404</html>", "no field"},
      {with("STSv1", "STSv2"), "version is \"STSv2\""},
      {with("STSv1", "stsv1"), "version is \"stsv1\""},
      {with("version", "Version"), "version is \"\""},
      {with("mode: enforce\n", ""), "mode is \"\""},
      {with("enforce", "Enforce"), "mode is \"Enforce\""},
      {with("enforce", "report"), "mode is \"report\""},
      {with("mx: a.example\n", ""), "there is no mx"},
      {with("a.example", ""), "mx is \"\""},
      {with("a.example", "a..example"), "mx is"},
      {with("a.example", "a.example."), "mx is"},
      {with("a.example", "*"), "mx is"},
      {with("a.example", "*.*.example"), "mx is"},
      {with("a.example", "mail.*.example"), "mx is"},
      {with("a.example", "a.example, b.example"), "mx is"},
      {with("a.example", "b\xC3\xBC.example"), "mx is"},
      {with("a.example", std::string(64, 'a') + ".example"), "mx is"},
      {with("86400", ""), "max_age is \"\""},
      {with("86400", "1d"), "max_age is \"1d\""},
      {with("86400", "-1"), "max_age is"},
      {with("86400", "31557601"), "max_age is"},
      {with("86400", "99999999999999999999"), "max_age is"},
      {good + "no field\n", "no field"},
      {good + ": x\n", "no field"},
      {many, "more than 200 mx"},
      {good + std::string(largest_sts_policy, '\n'), "too long"},
  };
  for (const auto& [text, why] : cases) {
    const auto policy = parse_sts_policy(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_THAT(policy.error().message, ::testing::HasSubstr(why)) << text;
  }
}

TEST(StsRecord, GivesItsId) {
  for (const char* record :
       {"v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z", "v=STSv1 ; id=20160831085700Z ;",
        "v=STSv1; x=y; id=20160831085700Z; id=2", "v=STSv1; id = 20160831085700Z"})
    EXPECT_EQ(sts_record_id({"other", record, "v=spf1 -all"}), "20160831085700Z") << record;
}

TEST(StsRecord, OtherThanExactlyOneGoodOneIsNone) {
  const std::string good = "v=STSv1; id=1;";
  for (const std::vector<std::string>& records : std::initializer_list<std::vector<std::string>>{
           {},
           {good, good},
           {good, "v=STSv1"},
           {"v=STSv1"},
           {"v=STSv1;"},
           {"v=STSv1; id="},
           {"v=STSv1; id=a-b;"},
           {"v=STSv1; id=" + std::string(33, '1')},
           {"v=STSv1; id"},
           {"v=STSv1;; id=1"},
           {"v=STSv2; id=1"},
           {"v=STSv10; id=1"},
           {"id=1; v=STSv1"},
           {" v=STSv1; id=1"},
       })
    EXPECT_EQ(sts_record_id(records), "") << ::testing::PrintToString(records);
}

TEST(StsAllows, OneLabelForTheStar) {
  const StsPolicy policy{.mode = Mode::enforce, .max_age = 1s, .mx = {"mail.example.com", "*.example.net"}};
  for (const char* host :
       {"mail.example.com", "MAIL.example.com", "mail.example.com.", "mx1.example.net", "mx.EXAMPLE.net"})
    EXPECT_TRUE(sts_allows(policy, host)) << host;
  for (const char* host : {"example.com", "x.mail.example.com", "example.net", "a.b.example.net", ".example.net",
                           "mail.example.com.evil.example", "evilexample.net", "[192.0.2.1]", ""})
    EXPECT_FALSE(sts_allows(policy, host)) << host;
}

}  // namespace
}  // namespace godwit::route
