// SPDX-License-Identifier: Apache-2.0
#include "dispatch/returned_mail.hpp"

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::dispatch {
namespace {

class ReturnedMail : public ::testing::Test {
 protected:
  ReturnedMail() {
    settings_.hostname = "mail.example.com";
    settings_.domains["example.com"] = {.deliver = {.kind = route::DeliverKind::maildir, .argument = "/v/{local}"},
                                        .recipients = route::RecipientRule::any,
                                        .local_parts = {},
                                        .table = {},
                                        .catch_all = {}};
    settings_.verp_senders = {"news@example.com"};
    auto paths = std::make_shared<const route::ReturnPaths>(std::vector<std::string>{"secret"}, settings_, clock_);
    router_ =
        std::make_unique<route::Router>(settings_, route::Lookups{}, std::vector<base::Endpoint>{}, std::move(paths));
    failures_.rules = {{.codes = {"5.1.1"}, .text = {}, .stages = {}, .klass = mail::FailureClass::bad_mailbox}};
  }

  std::vector<mail::Recipient> expand(smtp::Mailbox address) {
    return testing::run_awaitable(router_->expand(std::move(address))).recipients;
  }
  // The envelope of what came back to the address with which mail from `sender` left for `to`.
  mail::Envelope returned(const smtp::Mailbox& sender, mail::Recipient to) {
    const auto path = router_->sender_for(sender, to);
    mail::Envelope envelope;
    envelope.recipients = expand(*path);
    return envelope;
  }
  mail::Envelope to_verp() { return returned({"news", "example.com"}, {.address = gone_}); }
  mail::Envelope to_srs() {
    return returned({"alice", "other.example"}, {.address = gone_, .original = "away@example.com"});
  }
  std::vector<Finding> findings(const mail::Envelope& envelope, const mail::IncomingReport& report) {
    return findings_of(envelope, report, *router_, mail::FailureClassifier(failures_));
  }
  static mail::IncomingReport report_about(std::initializer_list<const char*> addresses) {
    mail::IncomingReport report;
    for (const auto* address : addresses)
      report.recipients.push_back(
          {.address = address, .action = "failed", .reply = smtp::make_reply(550, {5, 1, 1}, "no such user")});
    return report;
  }

  route::Settings settings_;
  testing::ManualClock clock_;
  std::unique_ptr<route::Router> router_;
  mail::FailureSettings failures_;
  const smtp::Mailbox gone_{"gone", "x.example"};
};

TEST_F(ReturnedMail, IsWhatComesToAddressesThatWeMadeForIt) {
  EXPECT_TRUE(is_returned(to_verp(), *router_));
  EXPECT_TRUE(is_returned(to_srs(), *router_));
  mail::Envelope other;
  other.recipients = expand({"news+detail", "example.com"});
  EXPECT_FALSE(is_returned(other, *router_));
}

TEST_F(ReturnedMail, NamesTheRecipientForSureWhateverTheReportSays) {
  const auto found = findings(to_verp(), report_about({"renamed@inside.example"}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address, "gone@x.example");
  EXPECT_TRUE(found[0].is_proven);
  EXPECT_TRUE(found[0].is_final);
  EXPECT_EQ(found[0].klass, mail::FailureClass::bad_mailbox);
}

TEST_F(ReturnedMail, TakesFromAReportOfSeveralOnlyItsOwnRecipient) {
  auto report = report_about({"victim@x.example", "Gone@X.example"});
  report.recipients[1].action = "delayed";
  const auto found = findings(to_verp(), report);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_final);
  const auto of_others = findings(to_verp(), report_about({"victim@x.example", "other@x.example"}));
  ASSERT_EQ(of_others.size(), 1U);
  EXPECT_FALSE(of_others[0].is_final);
}

TEST_F(ReturnedMail, BelievesReportsToForwardersNothing) {
  const auto found = findings(to_srs(), report_about({"victim@x.example"}));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].address, "victim@x.example");
  EXPECT_FALSE(found[0].is_proven);
}

TEST_F(ReturnedMail, KnowsComplaints) {
  mail::IncomingReport report;
  report.kind = mail::IncomingReport::Kind::complaint;
  const auto found = findings(to_verp(), report);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].is_complaint);
  EXPECT_EQ(found[0].address, "gone@x.example");
}

}  // namespace
}  // namespace godwit::dispatch
