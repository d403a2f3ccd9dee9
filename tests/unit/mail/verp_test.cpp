// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/verp.hpp"

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

using smtp::Mailbox;

const base::WallTime sending_day{std::chrono::seconds(1'700'000'000)};
const Verp verp({"secret"}, "+");
const Mailbox sender{"news", "example.com"}, recipient{"Bob.B", "x.example"};

TEST(Verp, NamesTheRecipientInTheSender) {
  const auto made = verp.sender_for(sender, recipient, sending_day);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->local.starts_with("news+b=")) << made->local;
  EXPECT_TRUE(made->local.ends_with("=G3=x.example=Bob.B")) << made->local;
  EXPECT_EQ(made->domain, "example.com");
  EXPECT_EQ(verp.recipient_of(*made, sending_day), recipient);
}

TEST(Verp, KnowsItsAddressesWhereTheirCaseWasLost) {
  auto made = *verp.sender_for(sender, recipient, sending_day);
  made.local = base::to_lower(made.local);
  EXPECT_EQ(verp.recipient_of(made, sending_day), (Mailbox{"bob.b", "x.example"}));
}

TEST(Verp, ReadsRecipientsWithSignsOfItsOwn) {
  for (const Mailbox& odd : {Mailbox{"a=b", "x.example"}, Mailbox{"a+b=c", "x.example"}, Mailbox{"a b", "x.example"}})
    EXPECT_EQ(verp.recipient_of(*verp.sender_for(sender, odd, sending_day), sending_day), odd);
}

TEST(Verp, BelievesOnlyWhatItMade) {
  const auto made = *verp.sender_for(sender, recipient, sending_day);
  const auto changed = [&](std::string_view from, std::string_view to) {
    auto other = made;
    other.local.replace(other.local.find(from), from.size(), to);
    return verp.recipient_of(other, sending_day);
  };
  EXPECT_FALSE(changed("Bob.B", "Victim"));
  EXPECT_FALSE(changed("x.example", "y.example"));
  EXPECT_FALSE(changed("news", "other"));
  EXPECT_FALSE(changed("=G3=", "=G4="));
  EXPECT_FALSE(verp.recipient_of({made.local, "example.org"}, sending_day));
  EXPECT_FALSE(Verp({"another"}, "+").recipient_of(made, sending_day));
  EXPECT_TRUE(Verp({"another", "secret"}, "+").recipient_of(made, sending_day));
  EXPECT_FALSE(verp.recipient_of(made, sending_day + std::chrono::hours(24 * 22)));
  for (const auto* local : {"news", "news+b=", "news+b=x", "news+b====", "news+detail", "+b=AAAA=G3=x.example=bob"})
    EXPECT_FALSE(verp.recipient_of({local, "example.com"}, sending_day)) << local;
}

TEST(Verp, MakesNoLocalPartThatHostsMayRefuse) {
  EXPECT_FALSE(verp.sender_for(sender, {std::string(50, 'a'), "x.example"}, sending_day));
}

}  // namespace
}  // namespace godwit::mail
