// SPDX-License-Identifier: Apache-2.0
// The addresses are those that Mail::SRS 0.31 makes with the same secret on the same day.
#include "godwit/mail/srs.hpp"

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

using smtp::Mailbox;

const base::WallTime day{std::chrono::seconds(1'700'000'000)};
constexpr auto days = [](int count) { return std::chrono::hours(24 * count); };

const Srs srs({"tops3cr3t"});

std::string rewritten(const Mailbox& sender) {
  const auto result = srs.rewrite(sender, "ours.example", day);
  return result ? to_string(*result) : "too long";
}

std::string restored(std::string_view local, base::WallTime now = day, const Srs& by = srs) {
  const auto result = by.restore(local, now);
  if (result) return to_string(*result);
  switch (result.error()) {
    case Srs::Fault::malformed:
      return "malformed";
    case Srs::Fault::forged:
      return "forged";
    case Srs::Fault::expired:
      break;
  }
  return "expired";
}

TEST(Srs, MakesTheAddressesThatOthersMake) {
  EXPECT_EQ(rewritten({"Alice.B", "example.com"}), "SRS0=PtM/=G3=example.com=Alice.B@ours.example");
  EXPECT_EQ(rewritten({"SRS0=abcd=XY=first.example=bob", "hop.example"}),
            "SRS1=RL+5=hop.example==abcd=XY=first.example=bob@ours.example");
  EXPECT_EQ(rewritten({"SRS0+abcd=XY=first.example=bob", "hop.example"}),
            "SRS1=Rv27=hop.example=+abcd=XY=first.example=bob@ours.example");
  EXPECT_EQ(rewritten({"SRS1=zzzz=hop.example==abcd=XY=first.example=bob", "second.example"}),
            "SRS1=RL+5=hop.example==abcd=XY=first.example=bob@ours.example");
}

TEST(Srs, RestoresWhatItMade) {
  for (const Mailbox& sender :
       {Mailbox{"Alice.B", "example.com"}, Mailbox{"a=b=c+d", "example.com"}, Mailbox{"a b", "x.example"},
        Mailbox{"SRS0", "x.example"}, Mailbox{"SRS1=odd", "x.example"}, Mailbox{"x", "[192.0.2.1]"},
        Mailbox{"SRS0-abcd=XY=first.example=bob", "hop.example"},
        Mailbox{"SRS1=abcd==efgh=ZZ=x.example=a", "x.example"}, Mailbox{"SRS1=abcd=no host=efgh", "x.example"}}) {
    const auto made = srs.rewrite(sender, "ours.example", day);
    ASSERT_TRUE(made) << to_string(sender);
    EXPECT_TRUE(Srs::is_rewritten(made->local));
    EXPECT_EQ(restored(made->local), to_string(sender));
  }
}

TEST(Srs, LeadsARewrittenAddressBackToItsFirstHost) {
  EXPECT_EQ(restored("SRS1=RL+5=hop.example==abcd=XY=first.example=bob"), "SRS0=abcd=XY=first.example=bob@hop.example");
  EXPECT_EQ(restored("SRS1=Rv27=hop.example=+abcd=XY=first.example=bob"), "SRS0+abcd=XY=first.example=bob@hop.example");
}

TEST(Srs, TakesEverySeparatorAndChangesOfCase) {
  EXPECT_EQ(restored("SRS0+PtM/=G3=example.com=Alice.B"), "Alice.B@example.com");
  EXPECT_EQ(restored("srs0-PtM/=g3=example.com=alice.b"), "alice.b@example.com");
  EXPECT_EQ(restored("srs0=ptm/=g3=example.com=alice.b"), "alice.b@example.com");
  EXPECT_EQ(restored("SRS0=PTM/=G3=EXAMPLE.COM=ALICE.B"), "ALICE.B@example.com");
  EXPECT_EQ(restored("SRS0=pTm/=G3=example.com=Alice.B"), "forged");  // no host changes case so
}

TEST(Srs, RefusesWhatNoSecretMade) {
  EXPECT_EQ(restored("SRS0=AAAA=G3=example.com=Alice.B"), "forged");
  EXPECT_EQ(restored("SRS0=PtM/=G3=example.com=Mallory"), "forged");
  EXPECT_EQ(restored("SRS0=PtM/=G3=example.org=Alice.B"), "forged");
  EXPECT_EQ(restored("SRS0=PtM/=G4=example.com=Alice.B"), "forged");
  EXPECT_EQ(restored("SRS0=PtM=G3=example.com=Alice.B"), "forged");  // a shorter hash is easier to guess
  EXPECT_EQ(restored("SRS0==G3=example.com=Alice.B"), "forged");
  EXPECT_EQ(restored("SRS1=AAAA=hop.example==abcd=XY=first.example=bob"), "forged");
  EXPECT_EQ(restored("SRS0=" + std::string(60, 'A') + "=G3=example.com=Alice.B"), "forged");
}

TEST(Srs, RefusesWhatHasNotItsForm) {
  for (const auto* local : {"SRS0=", "SRS0=x", "SRS0===", "SRS0=PtM/=G3=example.com", "SRS0=PtM/=G=example.com=a",
                            "SRS0=PtM/=G1=example.com=a", "SRS1=", "SRS1=RL+5", "SRS1=RL+5=hop.example"})
    EXPECT_EQ(restored(local), "malformed") << local;
  for (const auto* local : {"", "SRS0", "SRS0abc", "SRS2=abcd=XY=x=y", "xSRS0=abcd=XY=x=y", "srs"})
    EXPECT_FALSE(Srs::is_rewritten(local)) << local;
}

TEST(Srs, ExpiresAfterThreeWeeks) {
  constexpr std::string_view local = "SRS0=PtM/=G3=example.com=Alice.B";
  EXPECT_EQ(restored(local, day + days(21)), "Alice.B@example.com");
  EXPECT_EQ(restored(local, day + days(22)), "expired");
  EXPECT_EQ(restored(local, day - days(1)), "Alice.B@example.com");  // made by a host whose clock is ahead
  EXPECT_EQ(restored(local, day - days(2)), "expired");
  EXPECT_EQ(restored(local, day + days(1024)), "Alice.B@example.com");  // two characters know no more
}

TEST(Srs, SignsWithTheFirstSecretAndKnowsTheOthers) {
  const Srs rotated({"next", "tops3cr3t"});
  EXPECT_EQ(restored("SRS0=PtM/=G3=example.com=Alice.B", day, rotated), "Alice.B@example.com");
  const auto made = rotated.rewrite({"Alice.B", "example.com"}, "ours.example", day);
  ASSERT_TRUE(made);
  EXPECT_EQ(restored(made->local), "forged");
  EXPECT_EQ(restored(made->local, day, Srs({"next"})), "Alice.B@example.com");
}

TEST(Srs, MakesNoLocalPartThatHostsMayRefuse) {
  const Mailbox longest{std::string(39, 'a'), "example.com"};
  ASSERT_TRUE(srs.rewrite(longest, "ours.example", day));
  EXPECT_EQ(srs.rewrite(longest, "ours.example", day)->local.size(), 64U);
  EXPECT_FALSE(srs.rewrite({std::string(40, 'a'), "example.com"}, "ours.example", day));
  EXPECT_FALSE(srs.rewrite({std::string(36, 'a') + " b", "example.com"}, "ours.example", day));  // with its quotes
}

}  // namespace
}  // namespace godwit::mail
