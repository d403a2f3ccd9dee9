// SPDX-License-Identifier: Apache-2.0
// BDAT (RFC 3030).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "open_transaction.hpp"
#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::Dialogue;
using test::mx;
using test::open_transaction;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto queued = "S: 250 2.0.0 Ok: queued as 0000000000001";

Dialogue dialogue(const smtp::SessionSettings& settings = mx()) {
  Dialogue result(settings);
  result.script(open_transaction);
  return result;
}

TEST(ServerChunk, ChunksBecomeOneMessage) {
  const auto run = dialogue()
                       .script(R"(
    c: BDAT 7\r\na\r\n.\r\nb
    S: 250 2.0.0 7 octets received
    C: NOOP
    S: 250 2.0.0 Ok
    c: BDAT 6 LAST\r\n\r\n..\r\n
    S: 250 2.0.0 Ok: queued as 0000000000001
    C: QUIT
    S: 221 2.0.0 Bye
    X: quit
  )")
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre("a\r\n.\r\nb\r\n..\r\n"));
}

constexpr auto binary_transaction = R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c.example
    S: 250 mx.example
    C: MAIL FROM:<a@c.example> BODY=BINARYMIME
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@mx.example>
    S: 250 2.1.5 Ok
)";

TEST(ServerChunk, BinaryMimeIsTakenOctetByOctet) {
  for (const auto bare_newline : {smtp::BareNewline::reject, smtp::BareNewline::normalize}) {
    auto settings = mx();
    settings.bare_newline = bare_newline;
    const auto run = Dialogue(settings)
                         .script(binary_transaction)
                         .script(R"(
    c: BDAT 7\r\na\n\0\r\r\n\r
    S: 250 2.0.0 7 octets received
    c: BDAT 4 LAST\r\n.\nb\r
    S: 250 2.0.0 Ok: queued as 0000000000001
  )")
                         .check();
    EXPECT_THAT(run.committed(), ElementsAre(std::string("a\n\0\r\r\n\r.\nb\r", 11)));
  }
}

TEST(ServerChunk, ALineThatCannotBeReadEndsTheConnectionSinceOctetsFollowIt) {
  struct Case {
    std::string line;
    const char* reply;
  };
  const Case cases[] = {
      {"BDAT 3\x01 LAST\r\n", "S: 500 5.5.2 Control or 8-bit characters in a command"},
      {"bdat 3\n", "S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)"},
      {"BDAT 3\r LAST\r\n",
       "S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)"},
      {"BDAT 3" + std::string(3000, ' ') + "\r\n", "S: 500 5.5.2 Line too long"}};
  for (const auto& [line, reply] : cases)
    dialogue().client(line + "RSET\r\nMAIL FROM:<x@y.example>\r\n").script(reply).script("X: errors").check();
}

TEST(ServerChunk, BinaryMimeDoesNotGoWithData) {
  Dialogue(mx())
      .script(binary_transaction)
      .script("C: DATA\nS: 503 5.5.1 A BINARYMIME message is sent with BDAT\nC: BDAT 0 LAST")
      .script(queued)
      .check();
}

TEST(ServerChunk, PipelinedChunksAndWhatFollowsThemAreToldApart) {
  const auto run =
      dialogue()
          .client("BDAT 3\r\nx\r\nBDAT 12\r\nMAIL FROM:\r\nBDAT 0 LAST\r\nMAIL FROM:<c@c.example>\r\nQUIT\r\n")
          .script("S: 250 2.0.0 3 octets received\nS: 250 2.0.0 12 octets received")
          .script(queued)
          .script("S: 250 2.1.0 Ok\nS: 221 2.0.0 Bye")
          .check();
  // What did not end in a line end is given one.
  EXPECT_THAT(run.committed(), ElementsAre("x\r\nMAIL FROM:\r\n"));
}

TEST(ServerChunk, AMessageMayBeEmpty) {
  const auto run = dialogue().script("C: BDAT 0 LAST").script(queued).check();
  EXPECT_THAT(run.committed(), ElementsAre(""));
}

TEST(ServerChunk, ALineEndMayBeCutByAChunk) {
  const auto run = dialogue()
                       .client("BDAT 2\r\na\rBDAT 1\r\n\nBDAT 1 last\r\nb")
                       .script("S: 250 2.0.0 2 octets received\nS: 250 2.0.0 1 octets received")
                       .script(queued)
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre("a\r\nb\r\n"));
}

TEST(ServerChunk, BareNewlinesAndNulsAreRefusedWhenTheChunkWasRead) {
  for (const std::string content : {"a\nb\r\n", "a\rb\r\n", "ab\r\n\r"}) {
    const auto run = dialogue()
                         .client("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content + "NOOP\r\n")
                         .script(R"(
    S: 550 5.6.0 Message contains bare <CR> or <LF>; lines must end in <CR><LF>
    S: 250 2.0.0 Ok
  )")
                         .check();
    EXPECT_THAT(run.committed(), IsEmpty()) << content;
  }
  const auto run = dialogue()
                       .client("BDAT 5 LAST\r\n" + std::string("a\0b\r\n", 5) + "NOOP\r\n")
                       .script("S: 550 5.6.0 Message contains NUL\nS: 250 2.0.0 Ok")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
}

TEST(ServerChunk, BareNewlinesAreNormalizedWhereToldTo) {
  auto settings = mx();
  settings.bare_newline = smtp::BareNewline::normalize;
  const auto run = dialogue(settings)
                       .client("BDAT 4\r\na\nb\rBDAT 2 LAST\r\nc\r")
                       .script("S: 250 2.0.0 4 octets received")
                       .script(queued)
                       .check();
  EXPECT_THAT(run.committed(), ElementsAre("a\r\nb\r\nc\r\n"));
}

// RFC 3030 section 2: the octets of a refused chunk, and of those pipelined behind it, are read and forgotten.
TEST(ServerChunk, AfterAFailureTheChunksInThePipelineAreSkipped) {
  const auto run = dialogue()
                       .script("A: begin full")
                       .client("BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
                       .script(R"(
    S: 452 4.3.1 Insufficient system storage
    S: 503 5.5.1 Need MAIL first
    S: 250 2.0.0 Ok
  )")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
}

TEST(ServerChunk, ChunksOutOfPlaceAreSkipped) {
  const auto run = Dialogue(mx())
                       .script("S: 220 mx.example ESMTP Godwit")
                       .client("BDAT 6 LAST\r\nQUIT\r\n")
                       .script("S: 503 5.5.1 Send HELO or EHLO first\nC: HELO c.example\nS: 250 mx.example")
                       .client("BDAT 6 LAST\r\nQUIT\r\n")
                       .script("S: 503 5.5.1 Need MAIL first\nC: MAIL FROM:<a@c.example>\nS: 250 2.1.0 Ok")
                       .client("BDAT 6\r\nQUIT\r\n")
                       .script("S: 503 5.5.1 Need RCPT first\nC: NOOP\nS: 250 2.0.0 Ok")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
}

TEST(ServerChunk, ChunksAreCountedTogetherAgainstTheSizeLimit) {
  auto settings = mx();
  settings.message_size = 10;
  const auto run = dialogue(settings)
                       .client("BDAT 8\r\n123456\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
                       .script(R"(
    S: 250 2.0.0 8 octets received
    S: 552 5.3.4 Message size exceeds the limit
    S: 250 2.0.0 Ok
  )")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
}

TEST(ServerChunk, BetweenChunksNothingElseBelongsToTheMessage) {
  const auto run = dialogue()
                       .client("BDAT 3\r\nx\r\n")
                       .script(R"(
    S: 250 2.0.0 3 octets received
    C: RCPT TO:<c@mx.example>
    S: 503 5.5.1 The message was begun with BDAT
    C: DATA
    S: 503 5.5.1 The message was begun with BDAT
    C: MAIL FROM:<x@c.example>
    S: 503 5.5.1 The sender was given already
    C: RSET
    S: 250 2.0.0 Ok
    C: BDAT 0 LAST
    S: 503 5.5.1 Need MAIL first
  )")
                       .check();
  EXPECT_THAT(run.committed(), IsEmpty());
  EXPECT_THAT(run.trace(), ::testing::Contains("discard"));
}

// How many octets are no commands then is anybody's guess.
TEST(ServerChunk, AWrongSizeEndsTheConnection) {
  for (const std::string wrong : {"", "x", "-1", "1 2", "1 LASTX", "99999999999999999999", "0x10", "+1"}) {
    const auto run = dialogue()
                         .client("BDAT " + wrong + "\r\nRCPT TO:<evil@mx.example>\r\n")
                         .script("S: 501 5.5.4 Syntax: BDAT size [LAST]\nX: errors")
                         .check();
    EXPECT_THAT(run.committed(), IsEmpty()) << wrong;
  }
}

}  // namespace
}  // namespace godwit
