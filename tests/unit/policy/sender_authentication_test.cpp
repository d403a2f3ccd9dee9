// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/sender_authentication.hpp"

#include <gmock/gmock.h>

#include "godwit/mailauth/dkim.hpp"
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

TEST_F(SenderAuthenticationTest, OnlyRsaSeals) {
  use_key(mailauth::KeyKind::ed25519);
  settings_.seal_as = "lists.example";
  EXPECT_EQ(judge(message).seal, "");
}

}  // namespace
}  // namespace godwit::policy
