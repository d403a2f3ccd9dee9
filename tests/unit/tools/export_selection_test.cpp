// SPDX-License-Identifier: Apache-2.0
#include "tools/spool_commands.hpp"

#include <gtest/gtest.h>

namespace godwit::tools {
namespace {

mail::Envelope to_one_and_two() {
  mail::Envelope envelope;
  envelope.sender = smtp::Mailbox{"mod", "abc.example"};
  for (const char* local : {"one", "two"}) envelope.recipients.emplace_back().address = {local, "xyz.example"};
  envelope.recipients[0].state = mail::RecipientState::delivered;
  return envelope;
}

TEST(ExportSelection, ARecipientThatHasItsCopySelectsNothing) {
  const mail::Envelope envelope = to_one_and_two();
  const auto selects = [&](ExportSelection selection) { return selection.selects(envelope); };
  EXPECT_TRUE(selects({}));
  EXPECT_TRUE(selects({.sender = "@ABC.example"}));
  EXPECT_TRUE(selects({.recipient = "two@*"}));
  EXPECT_TRUE(selects({.destination = "*.example"}));
  EXPECT_TRUE(selects({.sender = "mod@abc.example", .recipient = "@xyz.example"}));
  EXPECT_FALSE(selects({.recipient = "one@xyz.example"}));
  EXPECT_FALSE(selects({.sender = "@xyz.example"}));
  EXPECT_FALSE(selects({.sender = "<>"}));
  EXPECT_FALSE(selects({.destination = "abc.example"}));
}

}  // namespace
}  // namespace godwit::tools
