// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "open_transaction.hpp"
#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::Dialogue;
using test::mx;
using test::open_transaction;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto start = "C: DATA\nS: 354 End data with <CR><LF>.<CR><LF>";

Dialogue data_dialogue(const smtp::SessionSettings& settings = mx()) {
  Dialogue dialogue(settings);
  dialogue.script(open_transaction).script(start);
  return dialogue;
}

TEST(ServerData, UndoesDotStuffing) {
  const auto run = data_dialogue()
                       .script(R"(
    C: ..
    C: .hidden
    C: ...x
    C: a.
    C: .
    S: 250 2.0.0 Ok: queued as 0000000000001
  )")
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre(".\r\nhidden\r\n..x\r\na.\r\n"));
}

// Connects first; then the bytes, `size` at a time, and what the session asks is answered.
void feed(test::SessionDriver& driver, std::string_view bytes, std::size_t size) {
  if (driver.replies().empty()) driver.feed(smtp::event::Connected{});
  for (; !bytes.empty() && !driver.closed(); bytes.remove_prefix(std::min(size, bytes.size()))) {
    driver.feed(smtp::event::Bytes{bytes.substr(0, size)});
    while (driver.asking()) driver.feed(driver.answer());
  }
}

// Each was somewhere taken for the end of the data (RFC 5321 section 4.1.1.4 has only CR LF . CR LF): what follows
// would have been a second message that no check saw.
const std::vector<std::string> smuggling = {
    "\\n.\\n",
    "\\n.\\r\\n",
    "\\r\\n.\\n",
    "\\r.\\r",
    "\\r.\\r\\n",
    "\\r\\n.\\r",
    "\\r\\n.\\r\\r\\n",
    "\\r\\n\\0.\\r\\n",
    "\\r\\n.\\0\\r\\n",
    "\\r\\n.\\r\\0\\n",
    "\\n\\n.\\n\\n",
    "\\r\\r.\\r\\r",
    "\\r\\n\\x20.\\r\\n",
    "\\r\\n.\\x20\\r\\n",
    "\\n.\\r",
    "\\r.\\n",
    "\\r\\n..\\r\\n",
    "\\x85.\\x85",
    "\\r\\r\\n.\\n",
    "\\x0c.\\r\\n",
    "\\x0b.\\x0b",
};

TEST(ServerData, NothingButCrLfDotCrLfEndsData) {
  for (const auto mode : {smtp::BareNewline::reject, smtp::BareNewline::normalize}) {
    for (const auto& variant : smuggling) {
      SCOPED_TRACE(variant);
      auto settings = mx();
      settings.bare_newline = mode;
      const bool has_nul = variant.find("\\0") != std::string::npos;
      auto plain = test::unescape(variant);
      for (std::size_t at; (at = plain.find("\r\n")) != std::string::npos;) plain.erase(at, 2);
      const bool bare = plain.find_first_of("\r\n") != std::string::npos;
      const std::string reply = has_nul ? "550 5.6.0 Message contains NUL"
                                : bare && mode == smtp::BareNewline::reject
                                    ? "550 5.6.0 Message contains bare <CR> or <LF>; lines must end in <CR><LF>"
                                    : "250 2.0.0 Ok: queued as 0000000000001";
      const auto run = data_dialogue(settings)
                           .client("text" + test::unescape(variant) + "MAIL FROM:<evil@c.example>\r\n.\r\nQUIT\r\n")
                           .script("S: " + reply + "\nS: 221 2.0.0 Bye\nX: quit")
                           .check();
      if (::testing::Test::HasFailure()) return;
      EXPECT_EQ(run.committed().size(), reply.starts_with("250") ? 1U : 0U);
    }
  }
}

TEST(ServerData, NormalizesBareNewlinesWhereToldTo) {
  auto settings = mx();
  settings.bare_newline = smtp::BareNewline::normalize;
  const auto run = data_dialogue(settings)
                       .script(R"(
    c: a\nb\r\nc\rd\r\r\n\n.\n\r\n.\r\n
    S: 250 2.0.0 Ok: queued as 0000000000001
  )")
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre("a\r\nb\r\nc\r\nd\r\n\r\n\r\n.\r\n\r\n"));
}

TEST(ServerData, ReadsAMessageThatIsTooLargeToItsEnd) {
  auto settings = mx();
  settings.message_size = 100;
  const auto run = data_dialogue(settings)
                       .client(std::string(99, 'x') + "\r\n" + std::string(5000, 'y') + "\r\n.\r\nNOOP\r\n")
                       .script("S: 552 5.3.4 Message size exceeds the limit\nS: 250 2.0.0 Ok")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
  const auto fits = data_dialogue(settings)
                        .client(std::string(98, 'x') + "\r\n.\r\n")
                        .script("S: 250 2.0.0 Ok: queued as 0000000000001")
                        .check();
  EXPECT_EQ(fits.committed().at(0).size(), 100U);
}

TEST(ServerData, BoundsRefusedMessages) {
  auto settings = mx();
  settings.errors = 1;
  Dialogue dialogue(settings);
  dialogue.script(open_transaction);
  for (int i = 0; i < 5; ++i) dialogue.script("A: begin full\nC: DATA\nS: 452 4.3.1 Insufficient system storage");
  dialogue.script(start)
      .client("a\nb\r\n.\r\n")
      .script("S: 550 5.6.0 Message contains bare <CR> or <LF>; lines must end in <CR><LF>");
  for (int i = 0; i < 2; ++i) dialogue.script("C: RSET\nS: 250 2.0.0 Ok");
  dialogue.script("C: NOOP\nS: 250 2.0.0 Ok\nS: 421 4.7.0 mx.example Error: too many errors\nX: errors").check();
}

TEST(ServerData, TakesLinesLongerThanTheStandardHas) {
  const auto run = data_dialogue()
                       .client(std::string(100000, 'x') + "\r\n.\r\n")
                       .script("S: 250 2.0.0 Ok: queued as 0000000000001")
                       .check();
  EXPECT_EQ(run.committed().at(0).size(), 100002U);
}

TEST(ServerData, GivesAMessageOfOneReadOutInOneBody) {
  test::SessionDriver driver(mx());
  driver.feed(smtp::event::Connected{});
  driver.feed(smtp::event::Bytes{"HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n"});
  while (driver.asking()) driver.feed(driver.answer());
  EXPECT_EQ(driver.read_limit(), 64U * 1024U);
  std::string message;
  for (int i = 0; i < 100; ++i) message += "..a line that was stuffed\r\n";
  driver.feed(smtp::event::Bytes{message + ".\r\n"});
  while (driver.asking()) driver.feed(driver.answer());
  EXPECT_THAT(driver.trace(), ElementsAre("sender <>", "recipient <b@mx.example>", "begin", "body", "commit"));
}

struct RefusalCase {
  const char* answer;
  const char* reply;
};

TEST(ServerData, BlamesTheRightSideForARefusal) {
  const std::vector<RefusalCase> cases = {{"full", "452 4.3.1 Insufficient system storage"},
                                          {"unhealthy", "451 4.3.0 Cannot take mail right now, try again later"},
                                          {"back_pressure", "451 4.3.0 Cannot take mail right now, try again later"},
                                          {"too_large", "552 5.3.4 Message size exceeds the limit"},
                                          {"not_canonical", "550 5.6.0 Message content is malformed"},
                                          {"policy", "550 5.7.1 Message refused"}};
  for (const auto& [answer, reply] : cases) {
    SCOPED_TRACE(answer);
    const std::string why = answer;
    const std::string refusal = std::string("S: ") + reply;
    const auto before =
        Dialogue(mx()).script(open_transaction).script("A: begin " + why + "\nC: DATA\n" + refusal).check();
    EXPECT_EQ(before.trace().back(), "close");
    const auto middle =
        data_dialogue()
            .script("A: body " + why + "\nC: text\nC: more\nC: .\n" + refusal + "\nC: NOOP\nS: 250 2.0.0 Ok")
            .check();
    EXPECT_THAT(middle.committed(), IsEmpty());
    const auto end = data_dialogue().script("A: commit " + why + "\nC: text\nC: .\n" + refusal).check();
    EXPECT_THAT(end.committed(), IsEmpty());
    if (::testing::Test::HasFailure()) return;
  }
}

// Whatever refuses a message: its bytes, to the one true end, are never commands.
TEST(ServerData, TheRestOfARefusedMessageIsNeverRead) {
  using smtp::event::Refused, smtp::event::RefusedWhy;
  struct Case {
    std::string beginning;  // of the message
    test::Ask refused_at = test::Ask::none;
    RefusedWhy why = RefusedWhy::policy;
  };
  const std::vector<Case> cases = {{"a\nb\r\n"},
                                   {std::string("a\0\r\n", 4)},
                                   {std::string(2000, 'x') + "\r\n"},
                                   {"a\r\n", test::Ask::body, RefusedWhy::full},
                                   {"a\r\n", test::Ask::body, RefusedWhy::unhealthy},
                                   {"a\r\n", test::Ask::commit, RefusedWhy::policy}};
  auto settings = mx();
  settings.message_size = 1000;
  for (const auto& [beginning, refused_at, why] : cases) {
    for (const auto& variant : smuggling) {
      for (const std::size_t size : {1, 7, 10000}) {
        SCOPED_TRACE(test::unescape(variant) + beginning.substr(0, 10) + std::to_string(size));
        test::SessionDriver driver(settings);
        driver.prepare(refused_at, Refused{why, {}});
        feed(driver, "HELO c\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n", 10000);
        const auto before = driver.replies().size();
        feed(driver,
             beginning + test::unescape(variant) +
                 "MAIL FROM:<evil@c.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
             size);
        EXPECT_THAT(driver.replies().substr(before),
                    ::testing::MatchesRegex("[45]5[0-9] [^\r\n]*\r\n250 2.0.0 Ok\r\n"));
        EXPECT_EQ(std::ranges::count(driver.trace(), "sender <evil@c.example>"), 0);
        EXPECT_THAT(driver.committed(), IsEmpty());
        EXPECT_THAT(driver.violations(), IsEmpty());
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

std::vector<std::string> after_refused_data(std::string_view bytes, std::size_t size) {
  test::SessionDriver driver(mx());
  feed(driver, "HELO c\r\nMAIL FROM:<a@c.example>\r\n", 1000);
  feed(driver, bytes, size);
  return driver.trace();
}

// A client that does not wait for 354.
TEST(ServerData, AMessageSentBehindARefusedDataIsNotRead) {
  const std::string hidden = "RCPT TO:<b@mx.example>\r\nDATA\r\nx\r\n.\r\n";
  EXPECT_THAT(after_refused_data("DATA\r\n" + hidden, 1000), ElementsAre("sender <a@c.example>", "close"));
  for (const std::string header : {"Subject: x\r\n\r\n", "\r\n", "\xff\r\n", "a\nb\r\n", ".\r\n"})
    for (const std::size_t size : {std::size_t(1), std::size_t(6), header.size() + 6, std::size_t(1000)})
      EXPECT_THAT(after_refused_data("DATA\r\n" + header + hidden, size), ElementsAre("sender <a@c.example>", "close"))
          << size << " " << header;
  EXPECT_THAT(after_refused_data("DATA now\r\nSubject: x\r\n\r\n" + hidden, 10),
              ElementsAre("sender <a@c.example>", "close"));
  EXPECT_THAT(after_refused_data("DATA\r\nRSET\r\nMAIL FROM:<b@c.example>\r\n", 6),
              ::testing::Not(::testing::Contains("close")))
      << "a command is one";
}

TEST(ServerData, DataWithoutRecipientsIsRefused) {
  Dialogue(mx())
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: DATA
    S: 503 5.5.1 Send HELO or EHLO first
    C: HELO c
    S: 250 mx.example
    C: DATA
    S: 503 5.5.1 Need MAIL first
    C: MAIL FROM:<a@c.example>
    S: 250 2.1.0 Ok
    C: DATA
    S: 503 5.5.1 Need RCPT first
    A: recipient 550 5.1.1 No such user
    C: RCPT TO:<b@mx.example>
    C: DATA
    S: 550 5.1.1 No such user
    S: 554 5.5.1 No valid recipients
    C: DATA now
    S: 501 5.5.4 No parameters allowed
  )")
      .check();
}

TEST(ServerData, PeerThatLeavesInTheMiddleLeavesNothing) {
  test::SessionDriver driver(mx());
  driver.feed(smtp::event::Connected{});
  driver.feed(smtp::event::Bytes{"HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n"});
  while (driver.asking()) driver.feed(driver.answer());
  driver.feed(smtp::event::Bytes{"half of"});
  while (driver.asking()) driver.feed(driver.answer());
  driver.feed(smtp::event::PeerClosed{});
  EXPECT_THAT(driver.trace(),
              ElementsAre("sender <>", "recipient <b@mx.example>", "begin", "body", "discard", "close"));
}

}  // namespace
}  // namespace godwit
