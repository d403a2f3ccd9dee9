// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/header_recipients.hpp"

#include <gmock/gmock.h>

namespace godwit::mail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> recipients_in(std::string_view message) {
  const auto found = header_recipients(message);
  if (!found) return {"error: " + found.error().message};
  std::vector<std::string> addresses;
  for (const auto& address : *found) addresses.push_back(to_string(address));
  return addresses;
}

TEST(HeaderRecipients, AreThoseOfToCcAndBcc) {
  EXPECT_THAT(
      recipients_in(
          "to: a@x.example,\r\n b@x.example\r\nFrom: z@x.example\r\nCc: root\r\nBCC: h@x.example\r\n\r\nTo: body\r\n"),
      ElementsAre("a@x.example", "b@x.example", "root", "h@x.example"));
  EXPECT_THAT(recipients_in("To: a@x.example\r\n"), ElementsAre("a@x.example"));
  EXPECT_THAT(recipients_in("Subject: s\r\n\r\n"), IsEmpty());
  EXPECT_THAT(recipients_in("no header\r\n"), IsEmpty());
  EXPECT_THAT(recipients_in(""), IsEmpty());
}

TEST(HeaderRecipients, OfAResentMessageAreThoseOfTheResending) {
  EXPECT_THAT(recipients_in(
                  "Resent-To: a@x.example\r\nResent-Bcc: b@x.example\r\nTo: old@x.example\r\nBcc: o@x.example\r\n\r\n"),
              ElementsAre("a@x.example", "b@x.example"));
}

TEST(HeaderRecipients, NobodyIsLeftOutInSilence) {
  EXPECT_THAT(recipients_in("To: a@x.example\r\nCc: John Doe\r\n\r\n"),
              ElementsAre(::testing::StartsWith("error: Cc: ")));
  std::string large;
  while (large.size() < (1U << 20U)) large += "X: y\r\n";
  EXPECT_THAT(recipients_in(large + "Bcc: a@x.example\r\n\r\n"), ElementsAre("error: the header is longer than 1 MiB"));
  large.resize(large.size() / 2 / 6 * 6);
  EXPECT_THAT(recipients_in(large + "Bcc: a@x.example\r\n\r\n"), ElementsAre("a@x.example"));
}

}  // namespace
}  // namespace godwit::mail
