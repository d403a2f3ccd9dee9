// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/return_paths.hpp"

#include <gmock/gmock.h>

#include "godwit/route/router.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Forwarding : public ::testing::Test {
 protected:
  Forwarding() {
    settings_.hostname = "mail.example.com";
    settings_.origin = "example.com";
    settings_.domains["example.com"] = {.deliver = {.kind = DeliverKind::maildir, .argument = "/v/{local}"},
                                        .recipients = RecipientRule::list,
                                        .local_parts = {"alice"},
                                        .table = {},
                                        .catch_all = "alice@example.com"};
    settings_.domains["backup.example"] = {.deliver = {.kind = DeliverKind::mx, .argument = {}},
                                           .recipients = RecipientRule::any,
                                           .local_parts = {},
                                           .table = {},
                                           .catch_all = {}};
    settings_.aliases["away@example.com"] = {"me@elsewhere.example"};
    settings_.aliases["away@backup.example"] = {"me@elsewhere.example"};
  }

  Router router(std::string domain = {}) {
    settings_.srs.domain = std::move(domain);
    auto paths = std::make_shared<const ReturnPaths>(std::vector<std::string>{"secret"}, settings_, clock_);
    return Router(settings_, {}, {}, std::move(paths));
  }
  static Expansion expand(const Router& router, smtp::Mailbox asked) {
    return testing::run_awaitable(router.expand(std::move(asked)));
  }
  // What the next host is told of mail by `sender` for what `asked` stands for.
  std::string told(const Router& router, smtp::ReversePath sender, const smtp::Mailbox& asked) {
    const auto expansion = expand(router, asked);
    EXPECT_FALSE(expansion.refusal);
    return to_string(router.sender_for(sender, expansion.recipients.at(0)));
  }

  Settings settings_;
  testing::ManualClock clock_;
  const smtp::Mailbox stranger_{"bob", "other.example"}, alias_{"away", "example.com"};
};

TEST_F(Forwarding, GivesWhatLeavesByAnAliasASenderOfTheAliasDomain) {
  const auto sender = told(router(), stranger_, alias_);
  EXPECT_THAT(sender, StartsWith("SRS0="));
  EXPECT_THAT(sender, HasSubstr("=other.example=bob@example.com"));
  EXPECT_THAT(told(router("mail.example.com"), stranger_, alias_), HasSubstr("=bob@mail.example.com"));
}

TEST_F(Forwarding, IsByTheAliasThatWasAskedForAndToAnotherHost) {
  const auto ours = router();
  const auto alias = [&](const smtp::Mailbox& asked) {
    const auto found = ours.forwarding_alias(expand(ours, asked).recipients.at(0));
    return found ? to_string(*found) : "";
  };
  EXPECT_EQ(alias({"away", "EXAMPLE.com"}), "away@example.com");
  EXPECT_EQ(alias({"away", "backup.example"}), "away@backup.example");
  EXPECT_EQ(alias({"alice", "example.com"}), "");
  EXPECT_EQ(alias({"whoever", "example.com"}), "") << "the catch-all, which is here";
  EXPECT_EQ(alias({"me", "elsewhere.example"}), "");
}

TEST_F(Forwarding, LeavesASenderThatNeedsNoOther) {
  const auto ours = router();
  EXPECT_EQ(told(ours, {}, alias_), "");  // a bounce
  EXPECT_EQ(told(ours, smtp::Mailbox{"alice", "example.com"}, alias_), "alice@example.com");
  EXPECT_EQ(told(ours, stranger_, {"alice", "example.com"}), "bob@other.example");     // stays here
  EXPECT_EQ(told(ours, stranger_, {"whoever", "example.com"}), "bob@other.example");   // the catch-all
  EXPECT_EQ(told(ours, stranger_, {"me", "elsewhere.example"}), "bob@other.example");  // relayed, not forwarded
  EXPECT_EQ(told(Router(settings_, {}, {}), stranger_, alias_), "bob@other.example");
  const smtp::Mailbox longest{std::string(64, 'b'), "other.example"};
  EXPECT_EQ(told(ours, longest, alias_), to_string(longest));
}

TEST_F(Forwarding, NamesAHostToWhichBouncesComeBack) {
  EXPECT_THAT(told(router(), stranger_, {"away", "backup.example"}), HasSubstr("=bob@mail.example.com"));
}

TEST_F(Forwarding, LeadsBouncesBackWhateverHasTheirName) {
  const auto ours = router();
  const auto sender = ours.sender_for(stranger_, expand(ours, alias_).recipients.at(0));
  const auto back = expand(ours, *sender);
  EXPECT_FALSE(back.refusal);
  EXPECT_TRUE(back.local);  // so that who may not relay may send bounces
  ASSERT_EQ(back.recipients.size(), 1U);
  EXPECT_EQ(back.recipients[0].address, stranger_);
  EXPECT_EQ(back.recipients[0].original, to_string(*sender));
}

TEST_F(Forwarding, RefusesAddressesThatItDidNotMake) {
  const auto ours = router();
  const auto forged = expand(ours, {"SRS0=abcd=AA=victim.example=bob", "example.com"});
  ASSERT_TRUE(forged.refusal);
  EXPECT_EQ(forged.refusal->code, 550);
  EXPECT_EQ(forged.refusal->enhanced, (smtp::EnhancedCode{5, 7, 1}));
  EXPECT_THAT(forged.refusal->lines[0], HasSubstr("not made here"));
  const auto sender = ours.sender_for(stranger_, expand(ours, alias_).recipients.at(0));
  clock_.now += std::chrono::hours(24 * 23);
  const auto expired = expand(ours, *sender);
  ASSERT_TRUE(expired.refusal);
  EXPECT_THAT(expired.refusal->lines[0], HasSubstr("expired"));
  // Of others' domains it is an address like any.
  EXPECT_FALSE(expand(ours, {"SRS0=abcd=AA=victim.example=bob", "other.example"}).refusal);
}

TEST_F(Forwarding, ARouteMayHaveItsRecipientsSeeSendersThatTell) {
  settings_.routes.emplace_back().domains = {"elsewhere.example"};
  settings_.routes.back().verp = true;
  const auto with_route = router();
  const smtp::Mailbox ours{"news", "example.com"}, there{"me", "elsewhere.example"}, other{"me", "other.example"};
  const auto told_there = with_route.sender_for(ours, {.address = there});
  EXPECT_THAT(to_string(told_there), StartsWith("news+b="));
  EXPECT_EQ(with_route.recipient_told_by(*told_there), there);
  EXPECT_EQ(with_route.sender_for(ours, {.address = other}), smtp::ReversePath(ours));
  EXPECT_EQ(with_route.sender_for(stranger_, {.address = there}), smtp::ReversePath(stranger_)) << "not ours to change";
}

}  // namespace
}  // namespace godwit::route
