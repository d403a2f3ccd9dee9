// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/received.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "godwit/mail/safe_text.hpp"

namespace godwit::mail {
namespace {

Trace submission() {
  return {.hello = "mypc",
          .client_name = "pc.abc.example",
          .client_address = "192.0.2.1",
          .hostname = "mail.xyz.example",
          .protocol = "ESMTPSA",
          .id = {1},
          .tls_version = "TLSv1.3",
          .tls_cipher = "TLS_AES_256_GCM_SHA384",
          .recipient = smtp::Mailbox{"bob", "example.net"},
          .time = {}};
}

TEST(Received, SaysWhoCameHowAndForWhom) {
  EXPECT_EQ(received_field(submission()),
            "Received: from mypc (pc.abc.example [192.0.2.1])\r\n"
            "\tby mail.xyz.example with ESMTPSA id 0000000000001\r\n"
            "\t(TLSv1.3 cipher TLS_AES_256_GCM_SHA384)\r\n"
            "\tfor <bob@example.net>;\r\n"
            "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
}

TEST(Received, LeavesOutWhatIsNotKnown) {
  Trace trace = submission();
  trace.client_name.clear();
  trace.client_address = "2001:db8::1";
  trace.tls_version.clear();
  trace.recipient.reset();
  EXPECT_EQ(received_field(trace),
            "Received: from mypc (unknown [IPv6:2001:db8::1])\r\n"
            "\tby mail.xyz.example with ESMTPSA id 0000000000001;\r\n"
            "\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
  trace.client_address.clear();
  EXPECT_TRUE(received_field(trace).starts_with("Received: by mail.xyz.example with ")) << "made here";
}

TEST(Received, NamesTheUserOfThisMachine) {
  Trace trace = submission();
  trace.client_address.clear();
  trace.local_user = "DOM\\bob (x";
  trace.protocol = "local";
  EXPECT_TRUE(received_field(trace).starts_with("Received: by mail.xyz.example (user DOM?bob??x) with local id "))
      << received_field(trace);
}

TEST(Received, TheClientsWordsCannotBreakTheField) {
  Trace trace = submission();
  trace.hello = "x) by evil; (\r\nSubject: y\"<\\>\x01\xff";
  const auto field = received_field(trace);
  EXPECT_TRUE(field.starts_with("Received: from x??by?evil???\?\?Subject:?y?????? (pc")) << field;
  trace.hello = std::string(5000, 'a');
  trace.client_name = trace.hello;
  EXPECT_LT(received_field(trace).find("\r\n"), 998U);
  trace.hello.clear();
  EXPECT_TRUE(received_field(trace).starts_with("Received: from unknown (")) << "no empty word";
}

TEST(Received, ComposesReturnPathAndDeliveredTo) {
  EXPECT_EQ(return_path_field(smtp::ReversePath{}), "Return-Path: <>\r\n");
  EXPECT_EQ(return_path_field(smtp::Mailbox{"alice", "example.com"}), "Return-Path: <alice@example.com>\r\n");
  EXPECT_EQ(delivered_to_field({"bob", "example.net"}), "Delivered-To: bob@example.net\r\n");
  EXPECT_EQ(delivered_to_field({"a\r\nX", "example.net"}).find("\r\nX"), std::string::npos);
}

TEST(DeliveredTo, IsReadOfTheHeaderOnly) {
  using ::testing::ElementsAre;
  EXPECT_THAT(delivered_to("Received: x\r\nDelivered-To: Alice@X.example\r\n\r\nDelivered-To: bob@x.example\r\n"),
              ElementsAre("alice@x.example"));
  EXPECT_THAT(delivered_to("delivered-to:\r\n alice@x.example\r\nDelivered-To: bob@x.example\r\n\r\n"),
              ElementsAre("alice@x.example", "bob@x.example"));
  EXPECT_THAT(delivered_to("To: alice@x.example\r\n\r\n"), ElementsAre());
}

TEST(SafeText, MasksWhatIsNotPrintable) {
  EXPECT_EQ(safe_text("a\r\nb\tc\x7f\xc3\xa4"), "a??b?c???");
  EXPECT_EQ(safe_utf8("\xc3\xa4\n\xc3"), "\xc3\xa4??");
  EXPECT_EQ(safe_text("abcdef", 3), "abc");
  EXPECT_EQ(safe_utf8("a\xc3\xa4", 2), "a") << "never half a character";
}

TEST(SafeText, FoldsLongFieldsAtSpaces) {
  std::string words;
  for (int i = 0; i < 60; ++i) words += "word" + std::to_string(i) + ' ';
  words += std::string(3000, 'x');
  const auto field = folded_field("Name", words);
  std::size_t line = 0;
  for (std::size_t at = 0; at < field.size(); at = line + 2) {
    line = field.find("\r\n", at);
    ASSERT_NE(line, std::string::npos);
    EXPECT_LE(line - at, 998U);
  }
  EXPECT_TRUE(field.starts_with("Name: word0 word1 "));
  EXPECT_NE(field.find("\r\n word"), std::string::npos);
}

}  // namespace
}  // namespace godwit::mail
