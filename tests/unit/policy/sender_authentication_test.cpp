// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/sender_authentication.hpp"

#include <gmock/gmock.h>

#include "godwit/mailauth/dkim.hpp"
#include "policy/dmarc_row.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::run_awaitable;
using ::testing::StartsWith;

constexpr std::string_view message = "From: ceo@bank.example\r\nSubject: Hello\r\n\r\nHello.\r\n";

class SenderAuthenticationTest : public ::testing::Test {
 protected:
  SenderAuthenticationTest() {
    settings_.service = "mx.example.com";
    resolver_.add_txt("good.example", "v=spf1 ip4:192.0.2.1 -all")
        .add_txt("bad.example", "v=spf1 -all exp=why.bad.example")
        .add_txt("why.bad.example", "ask %{d}")
        .add_txt("_dmarc.bank.example", "v=DMARC1; p=reject")
        .add_txt("_dmarc.careful.example", "v=DMARC1; p=quarantine");
  }

  Findings judge(std::string_view text, const std::string& domain = "good.example") {
    SenderAuthentication one(settings_, signers_, resolver_, clock_,
                             {.client = base::IpAddress::parse("192.0.2.1").value(),
                              .hello = "mail.good.example",
                              .sender = smtp::Mailbox{"a", domain},
                              .is_forwarded = [](const auto& to) { return to.domain == "outside.example"; }});
    refusal_ = run_awaitable(one.check_sender());
    one.begin_message();
    stored_.clear();
    one.put(text, stored_);
    one.finish(stored_);
    return run_awaitable(one.judge(recipients_));
  }

  void use_key(mailauth::KeyKind kind) {
    auto key = mailauth::Key::generate(kind, 1024).value();
    resolver_.add_txt("s1._domainkey.lists.example", dkim_record(key));
    mailauth::SigningKey named{.domain = "lists.example", .selector = "s1", .private_key = {}, .accounts = {}};
    signers_ = std::make_shared<const mailauth::Signers>(
        std::vector<mailauth::Signer>{{.settings = std::move(named), .key = std::move(key)}});
  }

  mailauth::Settings settings_;
  std::shared_ptr<const mailauth::Signers> signers_;
  testing::FakeResolver resolver_;
  testing::ManualClock clock_;
  std::vector<mail::Recipient> recipients_ = {{.address = {"b", "here.example"}},
                                              {.address = {"c", "outside.example"}}};
  std::optional<smtp::Reply> refusal_;
  std::string stored_;
};

TEST_F(SenderAuthenticationTest, VerdictsAreOnlyReportedUnlessConfigured) {
  const auto found = judge(message);
  EXPECT_THAT(found.header, StartsWith("Authentication-Results: mx.example.com;\r\n\tspf=pass"));
  EXPECT_THAT(found.header, HasSubstr("dmarc=fail (p=reject dis=reject)"));
  EXPECT_EQ(found.summary, "spf=pass dkim=none dmarc=fail(reject)");
  EXPECT_FALSE(found.refusal);
  EXPECT_THAT(found.hold, IsEmpty());
  judge(message, "bad.example");
  EXPECT_FALSE(refusal_);
}

TEST_F(SenderAuthenticationTest, PoliciesAreApplied) {
  settings_.apply_dmarc = true;
  ASSERT_TRUE(judge(message).refusal);
  EXPECT_THAT(to_line(*judge(message).refusal), StartsWith("550 5.7.26 bank.example asks"));
  EXPECT_THAT(judge("From: a@careful.example\r\n\r\n").hold, HasSubstr("careful.example asks to quarantine"));
  EXPECT_TRUE(judge("From: x@good.example, ceo@bank.example\r\n\r\n").refusal) << "the strictest author counts";
  EXPECT_FALSE(judge("From: x@good.example\r\n\r\n").refusal);
  resolver_.fail("TXT _dmarc.bank.example");
  EXPECT_FALSE(judge(message).refusal) << "what cannot be looked up is taken";
}

TEST_F(SenderAuthenticationTest, SpfFailsAreRefusedWithTheDomainsWords) {
  settings_.reject_spf_fail = true;
  judge(message, "bad.example");
  ASSERT_TRUE(refusal_);
  EXPECT_THAT(to_line(*refusal_), StartsWith("550 5.7.23"));
  EXPECT_THAT(to_line(*refusal_), HasSubstr("ask bad.example"));
  judge(message);
  EXPECT_FALSE(refusal_);
}

TEST_F(SenderAuthenticationTest, LookUpsEndWithTheirTime) {
  settings_.timeout = base::Duration::zero();
  EXPECT_EQ(judge(message).summary, "spf=temperror dkim=none dmarc=temperror(none)");
}

TEST_F(SenderAuthenticationTest, ForgedResultsAreNotStored) {
  judge("Authentication-Results: mx.example.com; dmarc=pass\r\n" + std::string(message));
  EXPECT_EQ(stored_, message);
}

TEST_F(SenderAuthenticationTest, TrustedSealersVouchForWhatTheyChanged) {
  use_key(mailauth::KeyKind::rsa);
  settings_.seal_as = "lists.example";
  settings_.apply_dmarc = true;
  resolver_.add_txt("_dmarc.good.example", "v=DMARC1; p=reject");
  // A list gets it from its author, whom it verifies, and passes it on from another domain.
  const std::string written = "From: a@good.example\r\nSubject: Hello\r\n\r\nHello.\r\n";
  const auto at_the_list = judge(written);
  ASSERT_THAT(at_the_list.seal, StartsWith("ARC-Seal: i=1;"));
  ASSERT_THAT(at_the_list.header, HasSubstr("dmarc=pass"));
  const auto sealed = at_the_list.seal + written;
  resolver_.add_txt("lists.example", "v=spf1 ip4:192.0.2.1 -all");
  EXPECT_TRUE(judge(sealed, "lists.example").refusal) << "nobody said that the list is trusted";
  settings_.trusted_sealers = {"lists.example"};
  const auto trusted = judge(sealed, "lists.example");
  EXPECT_FALSE(trusted.refusal);
  EXPECT_THAT(trusted.summary, HasSubstr("arc=pass dmarc=fail(none)"));
  EXPECT_THAT(trusted.seal, StartsWith("ARC-Seal: i=2;")) << "and the chain goes on";
  EXPECT_TRUE(judge(sealed + "More.\r\n", "lists.example").refusal) << "changed behind the seal";
}

TEST_F(SenderAuthenticationTest, OnlyWhatIsForwardedIsSealed) {
  use_key(mailauth::KeyKind::rsa);
  settings_.seal_as = "lists.example";
  EXPECT_NE(judge(message).seal, "");
  recipients_.pop_back();
  EXPECT_EQ(judge(message).seal, "");
}

TEST_F(SenderAuthenticationTest, SpfHasAFieldOfItsOwnWhereWanted) {
  EXPECT_THAT(judge(message).header, Not(HasSubstr("Received-SPF")));
  settings_.received_spf = true;
  EXPECT_THAT(judge(message).header, HasSubstr("\r\nReceived-SPF: pass (mx.example.com: domain of good.example "));
}

TEST_F(SenderAuthenticationTest, ADeadKeyServerSparesNobodyThePolicy) {
  settings_.apply_dmarc = true;
  const std::string signed_by_mallory =
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mallory.example; s=s1; h=from; "
      "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n";
  resolver_.fail("TXT s1._domainkey.mallory.example");
  EXPECT_TRUE(judge(signed_by_mallory + "From: ceo@bank.example\r\n\r\n").refusal);
  auto by_the_bank = signed_by_mallory;
  by_the_bank.replace(by_the_bank.find("mallory"), 7, "bank");
  resolver_.fail("TXT s1._domainkey.bank.example");
  const auto found = judge(by_the_bank + "From: ceo@bank.example\r\n\r\n");
  EXPECT_FALSE(found.refusal) << "it may be good";
  EXPECT_THAT(found.summary, HasSubstr("dmarc=temperror"));
}

// ---- what is told of it

std::string told(const DmarcObserved& observed) {
  return row_of(observed).rest;
}

TEST(DmarcRow, SaysWhatWasDoneAndWhy) {
  using mailauth::DmarcPolicy;
  DmarcObserved observed;
  observed.client = base::IpAddress::parse("192.0.2.1").value();
  observed.applied = true;
  auto& dmarc = observed.dmarc;
  dmarc.domain = "sub.x.example";
  dmarc.policy_domain = "x.example";
  dmarc.record.policy = dmarc.published = dmarc.wanted = DmarcPolicy::reject;
  dmarc.result = mailauth::DmarcResult::fail;
  EXPECT_FALSE(is_reported(dmarc)) << "nobody wants it";
  dmarc.record.reports = {{.address = "a@x.example"}};
  ASSERT_TRUE(is_reported(dmarc));
  const auto says = [&](const std::string& disposition, const std::string& reason) {
    const auto text = told(observed);
    EXPECT_THAT(text, HasSubstr("<disposition>" + disposition + "</disposition>"));
    EXPECT_EQ(text.find("<reason>") != std::string::npos, !reason.empty()) << text;
    EXPECT_THAT(text, HasSubstr(reason.empty() ? "</spf></policy_evaluated>" : "<type>" + reason + "</type>"));
  };
  says("reject", "");
  observed.applied = false;
  says("none", "local_policy");
  observed.applied = true;
  dmarc.wanted = DmarcPolicy::quarantine;
  says("quarantine", "policy_test_mode");
  dmarc.wanted = DmarcPolicy::none;
  observed.vouched_for = true;
  says("none", "trusted_forwarder");
  observed.vouched_for = false;
  dmarc.result = mailauth::DmarcResult::pass;
  says("pass", "");
  dmarc.published = DmarcPolicy::none;
  says("none", "");
  dmarc.result = mailauth::DmarcResult::temp_error;
  EXPECT_FALSE(is_reported(dmarc));
}

TEST(DmarcRow, SignaturesThatPassComeFirst) {
  DmarcObserved observed;
  observed.client = base::IpAddress::parse("192.0.2.1").value();
  observed.dmarc.domain = observed.dmarc.policy_domain = "x.example";
  using mailauth::DkimResult;
  observed.dkim = {{.result = DkimResult::fail, .domain = "bad.example", .selector = "a"},
                   {.result = DkimResult::pass, .domain = "other.example", .selector = "b"},
                   {.result = DkimResult::pass, .domain = "x.example", .selector = "c"}};
  const auto text = told(observed);
  EXPECT_LT(text.find("x.example</domain><selector>c"), text.find("other.example"));
  EXPECT_LT(text.find("other.example"), text.find("bad.example"));
  const auto row = row_of(observed);
  EXPECT_EQ(row.domain, "x.example");
  EXPECT_EQ(row.source, "192.0.2.1");
  EXPECT_THAT(row.policy, HasSubstr("<discovery_method>treewalk</discovery_method><p>none</p>"));
}

TEST_F(SenderAuthenticationTest, OnlyRsaSeals) {
  use_key(mailauth::KeyKind::ed25519);
  settings_.seal_as = "lists.example";
  EXPECT_EQ(judge(message).seal, "");
}

}  // namespace
}  // namespace godwit::policy
