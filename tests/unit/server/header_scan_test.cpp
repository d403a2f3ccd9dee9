// SPDX-License-Identifier: Apache-2.0
#include "server/header_scan.hpp"

#include <gtest/gtest.h>

namespace godwit::server {
namespace {

constexpr std::string_view message =
    "Received: from a\r\n\tby b\r\nSubject: Received: no\r\nRECEIVED: from c\r\nReceived : odd\r\n received: folded\r\n"
    "\r\nReceived: in the body\r\n";

HeaderScan scan_of(std::string_view text, std::size_t split = 0) {
  HeaderScan scan;
  scan.put(text.substr(0, split));
  scan.put(text.substr(split));
  return scan;
}

TEST(HeaderScan, CountsReceivedFieldsOfTheHeaderOnly) {
  EXPECT_EQ(scan_of(message).received_fields(), 2U);
}

TEST(HeaderScan, DoesNotMindWhereTheBytesAreSplit) {
  for (std::size_t at = 0; at <= message.size(); ++at) EXPECT_EQ(scan_of(message, at).received_fields(), 2U) << at;
}

TEST(HeaderScan, FindsTheMessageIdWhereverTheBytesAreSplit) {
  constexpr std::string_view text =
      "Subject: x\r\nMESSAGE-ID:  <20261129.a-long-local-part@host.example> \r\nMessage-ID: "
      "<second@x>\r\n\r\nMessage-ID: <no>\r\n";
  constexpr std::string_view folded = "Message-ID:\r\n <folded.and.long.enough@host.example>\r\nTo: a\r\n\r\n";
  for (std::size_t at = 0; at <= text.size(); ++at)
    EXPECT_EQ(scan_of(text, at).message_id(), "<20261129.a-long-local-part@host.example>") << at;
  for (std::size_t at = 0; at <= folded.size(); ++at)
    EXPECT_EQ(scan_of(folded, at).message_id(), "<folded.and.long.enough@host.example>") << at;
  EXPECT_EQ(scan_of("Subject: x\r\n\r\nMessage-ID: <in@the.body>\r\n").message_id(), "");
  EXPECT_EQ(scan_of("Message-ID:\r\nTo: a\r\n\r\n").message_id(), "");
}

TEST(HeaderScan, SeesEightBitCharactersOfTheHeaderOnly) {
  EXPECT_TRUE(scan_of("Subject: a long enough line, and then \xC3\xBC\r\n\r\nHello\r\n").eight_bit());
  EXPECT_TRUE(scan_of("Subject: no end \xC3\xBC").eight_bit());
  EXPECT_FALSE(scan_of("Subject: plain\r\n\r\nGr\xC3\xBC\xC3\x9F dich\r\n").eight_bit());
}

TEST(HeaderScan, KeepsTheSubjectWhereItIsAskedTo) {
  constexpr std::string_view text =
      "X: y\r\n folded: no\r\nSUBJECT: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_und?= more of it,\r\n\tand more than "
      "a line "
      "has\r\nMessage-ID: <a@b>\r\n not: this\r\nSubject: second\r\n\r\nSubject: in the body\r\n";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    HeaderScan scan(HeaderScan::Subject::kept);
    scan.put(text.substr(0, at));
    scan.put(text.substr(at));
    EXPECT_EQ(scan.subject(),
              "Gr\xC3\xBC\xC3\x9F"
              "e und more of it,\tand more than a line has")
        << at;
    EXPECT_EQ(scan.message_id(), "<a@b>");
    EXPECT_EQ(scan_of(text, at).subject(), "");
  }
}

TEST(HeaderScan, SubjectIsCutBetweenCharacters) {
  const auto subject_of = [](const std::string& subject) {
    HeaderScan scan(HeaderScan::Subject::kept);
    scan.put("Subject: " + subject + "\r\n\r\n");
    return scan.subject();
  };
  std::string long_one = "x";
  for (int i = 0; i < 100'000; ++i) long_one += "\xC3\xBC";
  EXPECT_EQ(subject_of(long_one), long_one.substr(0, 399));
  std::string folded;
  for (int i = 0; i < 10'000; ++i) folded += "0123456789\r\n ";
  EXPECT_EQ(subject_of(folded).size(), 400U);
  EXPECT_EQ(subject_of(""), "");
  EXPECT_EQ(subject_of(" \xFF "), "\xEF\xBF\xBD");
}

TEST(HeaderScan, KnowsWhenTlsIsNotRequired) {
  for (const auto* field : {"TLS-Required: No", "tls-required:no", "TLS-REQUIRED: \tNO  ", "TLS-Required:\r\n No"})
    EXPECT_TRUE(scan_of(field + std::string("\r\nSubject: x\r\n\r\n")).tls_optional()) << field;
  for (const auto* field : {"TLS-Required: Yes", "TLS-Required: Nope", "TLS-Required:", "TLS-Required: No\r\n t",
                            "X-TLS-Required: No", "TLS-Required:\r\nX: y\r\n No", "Subject: x\r\n\r\nTLS-Required: No"})
    EXPECT_FALSE(scan_of(field + std::string("\r\nSubject: x\r\n\r\n")).tls_optional()) << field;
}

}  // namespace
}  // namespace godwit::server
