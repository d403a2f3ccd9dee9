// SPDX-License-Identifier: Apache-2.0
// Every command in every state that a client can bring a session into without a login.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "open_transaction.hpp"
#include "state_table.hpp"

namespace godwit {
namespace {

using test::always;
using test::check_table;
using test::Dialogue;
using test::greeted_way;
using test::mx;
using test::recipient_way;
using test::sender_way;
using test::StateLine;
using test::Way;

const std::vector<Way> ways_of_a_stranger = {
    {"connected", "S: 220 mx.example ESMTP Godwit\n"},
    {"greeted with HELO", "S: 220 mx.example ESMTP Godwit\nC: HELO c\ns: 250 mx\n"},
    {"sender given", sender_way},
    {"recipient given", recipient_way},
    {"all recipients refused", sender_way + "A: recipient 550 5.1.1 No\nC: RCPT TO:<x@mx.example>\ns: 550 5.1.1\n"},
    {"between two chunks", recipient_way + "c: BDAT 3\\r\\nx\\r\\n\ns: 250 2.0.0 3\n"},
    {"recipient of a binary message given", greeted_way + "C: MAIL FROM:<a@c.example> BODY=BINARYMIME\ns: 250 2.1.0\n"
                                                          "C: RCPT TO:<b@mx.example>\ns: 250 2.1.5\n"},
    {"sender refused", greeted_way + "A: sender 550 5.7.1 No\nC: MAIL FROM:<x@c.example>\ns: 550 5.7.1\n"},
    {"DATA refused", greeted_way + "C: DATA\ns: 503 5.5.1\n"},
    {"commit refused", recipient_way + "A: commit full\nC: DATA\ns: 354\nC: .\ns: 452 4.3.1\n"},
    {"message sent", recipient_way + "C: DATA\ns: 354\nC: .\ns: 250 2.0.0 Ok: queued\n"},
    {"TLS begun", "S: 220 mx.example ESMTP Godwit\nC: STARTTLS\ns: 220 2.0.0\n"},
};

TEST(ServerStates, OfAStranger) {
  const auto count = ways_of_a_stranger.size();
  const std::string later = "503 5.5.1";
  const std::string mail = "250 2.1.0";
  const std::string rcpt = "250 2.1.5";
  const std::string left = " -> policy";  // nobody knows whether it belongs to the message that DATA was for
  const auto no_command = [&](std::string command, const std::string& reply) {
    StateLine line = always(std::move(command), reply, count);
    line.replies[8] += left;
    return line;
  };
  StateLine starttls = always("STARTTLS", "220 2.0.0", count);
  starttls.replies.back() = later;
  check_table(
      mx(), ways_of_a_stranger,
      {
          always("HELO c.example", "250 mx", count),
          always("ehlo c.example", "250-mx", count),
          always("HELO", "501 Syntax", count),
          no_command("EHLO \xc3\xbc.example", "501 Syntax"),
          no_command("LHLO c.example", "500 5.5.1"),
          {"MAIL FROM:<a@b.example>", {later, mail, later, later, later, later, later, mail, mail, mail, mail, later}},
          {"mail from:<>", {later, mail, later, later, later, later, later, mail, mail, mail, mail, later}},
          {"RCPT TO:<a@b.example>", {later, later, rcpt, rcpt, rcpt, later, rcpt, later, later, later, later, later}},
          {"DATA", {later, later, later, "354", "554 5.5.1", later, later, later, later, later, later, later}},
          {"BDAT 0",
           {later, later, later, "250 2.0.0 0", "554 5.5.1", "250 2.0.0 0", "250 2.0.0 0", later, later, later, later,
            later}},
          {"BDAT 3 LAST\r\nx",
           {later, later, later, "250 2.0.0 Ok: queued", "554 5.5.1", "250 2.0.0 Ok: queued", "250 2.0.0 Ok: queued",
            later, later, later, later, later}},
          {"BDAT 6 LAST\r\nQUIT",
           {later, later, later, "250 2.0.0 Ok: queued", "554 5.5.1", "250 2.0.0 Ok: queued", "250 2.0.0 Ok: queued",
            later, later, later, later, later}},
          always("BDAT x", "501 5.5.4 -> errors", count),
          always("DATA x", "501 5.5.4", count),
          always("RSET", "250 2.0.0", count),
          always("RSET x", "501 5.5.4", count),
          always("NOOP", "250 2.0.0", count),
          always("NOOP any words", "250 2.0.0", count),
          always("HELP", "214 2.0.0", count),
          always("VRFY a", "252 2.0.0", count),
          always("VRFY", "501 5.5.4", count),
          always("EXPN a", "502 5.5.1", count),
          always("EXPN", "501 5.5.4", count),
          always("ETRN d.example", "459 4.7.1", count),
          always("XCLIENT ADDR=192.0.2.1", "550 5.7.1", count),
          always("AUTH PLAIN AGFsaWNlAHNlY3JldA==", "503 5.5.1", count),
          starttls,
          always("STARTTLS x", "501 5.5.4", count),
          always("QUIT", "221 2.0.0 -> quit", count),
          always("QUIT x", "501 5.5.4", count),
          no_command("XYZZY", "500 5.5.1"),
          no_command("", "500 5.5.2"),
          no_command("NOOP\nNOOP", "500 5.5.2"),
          no_command("NOOP \x01", "500 5.5.2"),
          no_command(std::string(3000, 'x'), "500 5.5.2"),
          always("Subject: x", "500 5.5.1 -> policy", count),
          always("GET / HTTP/1.1", "500 5.5.1 -> policy", count),
      });
}

// Syntax that is looked at only where the command may stand.
TEST(ServerStates, OfACommandWithoutItsArguments) {
  const std::vector<Way> ways = {{"connected", "S: 220 mx.example ESMTP Godwit\n"},
                                 {"greeted with EHLO", greeted_way},
                                 {"sender given", sender_way},
                                 {"recipient given", recipient_way}};
  check_table(mx(), ways,
              {
                  {"MAIL", {"503 5.5.1", "501 5.5.4", "503 5.5.1", "503 5.5.1"}},
                  {"RCPT", {"503 5.5.1", "503 5.5.1", "501 5.5.4", "501 5.5.4"}},
                  always("BDAT", "501 5.5.4 -> errors", 4),
              });
}

TEST(ServerStates, OfAClientThatIsTrusted) {
  auto settings = mx();
  settings.trusted = settings.may_xclient = true;
  settings.vrfy = settings.expn = smtp::Audience::trusted;
  const std::vector<Way> ways = {
      {"connected", "S: 220 mx.example ESMTP Godwit\n"},
      {"greeted with EHLO", greeted_way},
      {"recipient given", recipient_way},
      {"speaks for another",
       greeted_way + "A: answer 220 mx.example ESMTP Godwit\nC: XCLIENT ADDR=192.0.2.1\ns: 220 mx\n"},
  };
  const std::string later = "503 5.5.1";
  const std::string answered = "250 2.0.0 Answered";
  check_table(settings, ways,
              {
                  always("HELO c.example", "250 mx", ways.size()),
                  {"MAIL FROM:<a@b.example> MT-PRIORITY=3", {later, "250 2.1.0", later, later}},
                  {"RCPT TO:<a@b.example>", {later, later, "250 2.1.5", later}},
                  {"DATA", {later, later, "354", later}},
                  always("VRFY a", answered, ways.size()),
                  always("VRFY a@@", "501 5.1.3", ways.size()),
                  always("EXPN a", answered, ways.size()),
                  {"ETRN d.example", {answered, answered, later, answered}},
                  {"ETRN", {"501 5.5.4", "501 5.5.4", later, "501 5.5.4"}},
                  {"XCLIENT ADDR=192.0.2.1", {answered, answered, later, answered}},
                  {"XCLIENT ADDR", {"501 5.5.4", "501 5.5.4", later, "501 5.5.4"}},
                  always("RSET", "250 2.0.0", ways.size()),
                  always("QUIT", "221 2.0.0 -> quit", ways.size()),
              });
}

const std::vector<std::string> all_commands = {"HELO c",
                                               "EHLO c",
                                               "LHLO c",
                                               "MAIL FROM:<>",
                                               "DATA",
                                               "RCPT TO:<a@b.example>",
                                               "BDAT 0 LAST",
                                               "RSET",
                                               "NOOP",
                                               "QUIT",
                                               "HELP",
                                               "VRFY a",
                                               "EXPN a",
                                               "ETRN d",
                                               "XCLIENT ADDR=192.0.2.1",
                                               "STARTTLS",
                                               "AUTH PLAIN",
                                               "XYZZY",
                                               "",
                                               "GET / HTTP/1.1"};

// Between 354 and the dot, and within a chunk, nothing is a command.
TEST(ServerStates, OfAMessage) {
  for (const auto& command : all_commands) {
    SCOPED_TRACE(command);
    const auto content = command + "\r\n";
    const auto data = Dialogue(mx())
                          .script(recipient_way + "C: DATA\ns: 354")
                          .client(content + ".\r\n")
                          .script("s: 250 2.0.0 Ok: queued")
                          .script(test::in_step(""))
                          .check();
    EXPECT_THAT(data.committed(), ::testing::ElementsAre(content));
    const auto chunk = Dialogue(mx())
                           .script(recipient_way)
                           .client("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content)
                           .script("s: 250 2.0.0 Ok: queued")
                           .script(test::in_step(""))
                           .check();
    EXPECT_THAT(chunk.committed(), ::testing::ElementsAre(content));
  }
}

TEST(ServerStates, OfAClosedSession) {
  for (const char* last : {"QUIT", "GET / HTTP/1.1", "BDAT x"})
    for (const auto& command : all_commands) {
      test::SessionDriver driver(mx());
      driver.feed(smtp::event::Connected{});
      driver.feed(smtp::event::Bytes{std::string(last) + "\r\n"});
      const auto said = driver.replies();
      driver.feed(smtp::event::Bytes{command + "\r\n"});
      EXPECT_EQ(driver.replies(), said) << last << ", " << command;
      EXPECT_THAT(driver.violations(), ::testing::IsEmpty());
    }
}

}  // namespace
}  // namespace godwit
