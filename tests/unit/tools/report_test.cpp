// SPDX-License-Identifier: Apache-2.0
#include "tools/report.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace godwit::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Report, StatusIsAFewLines) {
  const auto status = boost::json::parse(R"({"version":"1.2.3","uptime":3900,"healthy":true,
    "queue":{"messages":7,"waiting":3,"due":1,"active":2,"held":1},"connections":{"in":4,"out":5},
    "spool":{"bytes_live":10240,"segments":2,"quarantined":0},"listeners":["127.0.0.1:25","[::1]:25"]})");
  EXPECT_EQ(status_text(status),
            "godwitd      1.2.3, up 1h5m, healthy\n"
            "queue        7 messages; deliveries: 3 waiting, 1 due, 2 active, 1 held\n"
            "connections  4 in, 5 out\n"
            "spool        10.0 KiB live in 2 segments\n"
            "listening    127.0.0.1:25, [::1]:25\n");
}

TEST(Report, StatusSaysWhatIsSlowAndWhy) {
  const auto status = boost::json::parse(R"({"uptime":60,
    "accept_time":{"bounds":[0.001,0.01,0.1],"counts":[98,1,1,0],"sum":1},
    "commit_time":{"bounds":[0.001,0.01,0.1],"counts":[0,100,0,0],"sum":1},
    "slow":[{"name":"mx.\u001b[2J.example","state":"down","due":3,"waiting":20,"reason":"connection refused"}]})");
  const auto text = status_text(status);
  EXPECT_THAT(text, HasSubstr("accepted in      1 ms (half), 10 ms (99 of 100)\n"));
  EXPECT_THAT(text, HasSubstr("of it synced in  10 ms (half), 10 ms (99 of 100)\n"));
  EXPECT_THAT(text, HasSubstr(": 3 due, 20 waiting; down: connection refused\n"));
  EXPECT_THAT(text, HasSubstr("SLOW"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Report, DnsIsNamedWhereItDoesNotValidate) {
  const auto said = [](const char* validation) {
    boost::json::value status{{"dns", {{"validation", validation}}}};
    return status_text(status);
  };
  EXPECT_THAT(said("missing"), HasSubstr("do not validate"));
  EXPECT_THAT(said("untrusted"), HasSubstr("dns.trust_ad"));
  EXPECT_THAT(said("works"), Not(HasSubstr("DANE")));
  EXPECT_THAT(said("unknown"), Not(HasSubstr("DANE")));
}

TEST(Report, UnhealthyAndDamagedIsSaidLoudly) {
  const auto status = boost::json::parse(R"({"healthy":false,"spool":{"quarantined":3}})");
  EXPECT_THAT(status_text(status), HasSubstr("NOT HEALTHY"));
  EXPECT_THAT(status_text(status), HasSubstr("3 damaged in quarantine"));
}

TEST(Report, MissingAndWrongKeysAreNoReasonToFail) {
  for (const char* text : {"{}", R"({"queue":[],"listeners":"x","messages":{}})", R"({"messages":[{}]})"}) {
    const auto value = boost::json::parse(text);
    status_text(value);
    list_text(value);
    message_text(value);
    reload_text(value);
  }
}

TEST(Report, LimitsSayWhoMayDoMoreWhen) {
  const auto page = boost::json::parse(R"({"limits":[{"by":"sender","of":"messages","rate":"2/1h","key":"a@a.example",
    "used":2,"allowed":2,"next":"2026-11-23T09:35:55.123Z","unused":"2026-11-23T10:05:55.123Z"},{"by":"client",
    "of":"bytes","rate":"1MiB/1h","key":"192.0.2.1/32","used":1024,"allowed":1048576,"next":null,
    "unused":"2026-11-23T09:05:55.123Z"}]})");
  EXPECT_THAT(limits_text(page), HasSubstr("sender  a@a.example   2/2"));
  EXPECT_THAT(limits_text(page), HasSubstr("messages 2/1h"));
  EXPECT_THAT(limits_text(page), HasSubstr("1024/1048576  bytes 1MiB/1h  now"));
  EXPECT_EQ(limits_text(boost::json::parse(R"({"limits":[]})")), "Nobody has used anything of a limit.\n");
}

TEST(Report, ListHasALineAMessage) {
  const auto page = boost::json::parse(R"({"messages":[
    {"id":"06ZQ3W8K1M4TR","state":"waiting","sender":"alice@example.com","size":4711,"attempts":2,
     "accepted":"2026-11-23T09:35:55.123Z","next_attempt":"2026-11-23T09:45:55.123Z","recipients_waiting":5,
     "recipients":["a@x.example","b@x.example","c@x.example","d@x.example"],"last_reply":"451 4.3.0 later"},
    {"id":"06ZQ3W8K1M4TS","state":"active","sender":"","size":9,"attempts":0,"accepted":"2026-11-23T09:35:55.123Z",
     "next_attempt":null,"recipients_waiting":1,"recipients":["e@x.example"],"last_reply":null}]})");
  EXPECT_EQ(list_text(page),
            "ID             STATE    SIZE     ACCEPTED              TRIES  NEXT                  SENDER             "
            "RECIPIENTS                              LAST REPLY\n"
            "06ZQ3W8K1M4TR  waiting  4.6 KiB  2026-11-23 09:35:55Z  2      2026-11-23 09:45:55Z  alice@example.com  "
            "a@x.example b@x.example c@x.example +2  451 4.3.0 later\n"
            "06ZQ3W8K1M4TS  active   9 B      2026-11-23 09:35:55Z  0      -                     <>                 "
            "e@x.example                             -\n");
  EXPECT_EQ(list_text(boost::json::parse(R"({"messages":[]})")), "");
}

TEST(Report, MessageShowsDestinationsAndRecipients) {
  const auto message = boost::json::parse(R"({"id":"06ZQ3W8K1M4TR","state":"waiting","sender":"alice@example.com",
    "size":10,"accepted":"2026-11-23T09:35:55.123Z","client":{"address":"192.0.2.1","hello":"pc","account":null,
    "protocol":"ESMTP"},"destinations":[{"name":"x.example","state":"waiting","attempts":1,"next_attempt":null,"reason":"in delivery"}],
    "recipients":[{"address":"bob@x.example","state":"waiting","original":null,"last_reply":"connection refused"}]})");
  const std::string text = message_text(message);
  EXPECT_THAT(text, HasSubstr("from      192.0.2.1 (pc), account -, ESMTP\n"));
  EXPECT_THAT(text, HasSubstr("x.example    waiting  1      -     in delivery\n"));
  EXPECT_THAT(text, HasSubstr("bob@x.example  waiting  -         -      connection refused\n"));
}

TEST(Report, MessageShowsWhatItAsksOfTls) {
  EXPECT_THAT(message_text(boost::json::parse(R"({"tls":"required"})")), HasSubstr("TLS       required\n"));
  EXPECT_THAT(message_text(boost::json::parse(R"({"tls":null})")), Not(HasSubstr("TLS")));
}

TEST(Report, NothingFromAPeerControlsTheTerminal) {
  const auto message =
      boost::json::parse(R"({"sender":"\u001b[2J@x","recipients":[{"last_reply":"550 \u001b]0;x\u0007\r\n"}]})");
  const std::string text = message_text(message);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\x07")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Report, RefusedReloadGivesAllErrors) {
  const auto refused = boost::json::parse(R"({"applied":false,"errors":["a:1:1: x did you mean y?","a:2:1: y"]})");
  EXPECT_EQ(reload_text(refused),
            "a:1:1: x did you mean y?\na:2:1: y\nThe configuration was refused; the present one stays.\n");
}

TEST(Report, AppliedReloadNamesWhatNeedsARestart) {
  EXPECT_EQ(reload_text(boost::json::parse(R"({"applied":true,"restart_needed":[]})")),
            "The configuration is in force.\n");
  EXPECT_THAT(reload_text(boost::json::parse(R"({"applied":true,"restart_needed":["spool.directory","user"]})")),
              HasSubstr("Only after a restart: spool.directory, user\n"));
}

TEST(Report, SizesAreRounded) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
  EXPECT_EQ(size_text(50U << 20U), "50.0 MiB");
}

}  // namespace
}  // namespace godwit::tools
