// SPDX-License-Identifier: Apache-2.0
// The checks that need nothing but what the client says and DNS.
#include <filesystem>

#include "check_fixture.hpp"
#include "policy/header_check.hpp"
#include "policy/hello_check.hpp"

namespace godwit::policy {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Kind = Verdict::Kind;

class ReverseDnsCheckTest : public CheckFixture {
 protected:
  Verdict ask_for(ClientName::Status status) {
    facts_.client_name = {.status = status, .name = status == ClientName::Status::none ? "" : "host.example"};
    return ask("reverse_dns", Stage::connect);
  }
};

TEST_F(ReverseDnsCheckTest, AHostWithoutANameIsRefused) {
  EXPECT_EQ(said(ask_for(ClientName::Status::none)), "550 5.7.25 Your address 192.0.2.1 has no name in reverse DNS");
  settings_.reverse_dns.action = CheckAction::defer;
  EXPECT_THAT(said(ask_for(ClientName::Status::none)), StartsWith("450 4.7.25"));
}

TEST_F(ReverseDnsCheckTest, ANameThatDoesNotLeadBackIsRefusedWhereItMust) {
  EXPECT_EQ(ask_for(ClientName::Status::mismatch).kind, Kind::no_opinion);
  settings_.reverse_dns.require = ReverseDnsSettings::Required::verified;
  EXPECT_EQ(ask_for(ClientName::Status::mismatch).kind, Kind::reject);
  EXPECT_EQ(ask_for(ClientName::Status::temporary).kind, Kind::no_opinion);
  EXPECT_EQ(ask_for(ClientName::Status::found).kind, Kind::no_opinion);
}

TEST(ClientNames, OnlyANameThatLeadsBackIsBelieved) {
  testing::FakeResolver resolver;
  const auto address = *base::IpAddress::parse("2001:db8::1");
  const auto find = [&] { return testing::run_awaitable(find_client_name(resolver, address)); };
  EXPECT_EQ(find().status, ClientName::Status::none);
  resolver.add_ptr("2001:db8::1", "bank.example");
  EXPECT_EQ(find(), (ClientName{.status = ClientName::Status::mismatch, .name = "bank.example"}));
  resolver.add_ptr("2001:db8::1", "host.example").add_address("host.example", "2001:db8::1");
  EXPECT_EQ(find(), (ClientName{.status = ClientName::Status::found, .name = "host.example"}));
  resolver.fail("PTR 2001:db8::1");
  EXPECT_EQ(find().status, ClientName::Status::temporary);
}

TEST(HelloNames, FormsThatAreWrong) {
  const auto client = *base::IpAddress::parse("192.0.2.1");
  for (const auto* good : {"mail.example", "a_b.example", "[192.0.2.1]"})
    EXPECT_THAT(hello_fault(good, client), IsEmpty());
  EXPECT_EQ(hello_fault("192.0.2.1", client), "is an address without brackets");
  EXPECT_EQ(hello_fault("[192.0.2.2]", client), "is not your address");
  EXPECT_EQ(hello_fault("localhost", client), "is not the full name of a host");
  EXPECT_EQ(hello_fault("what ever", client), "is no name of a host");
  EXPECT_EQ(hello_fault("[IPv6:2001:db8::1]", *base::IpAddress::parse("2001:db8::1")), "");
}

class HelloCheckTest : public CheckFixture {};

TEST_F(HelloCheckTest, WhoCallsHimselfByOurNameIsRefused) {
  facts_.hello.name = "MAIL.example.com";
  EXPECT_EQ(said(ask("hello", Stage::helo)), "550 5.7.1 You call yourself by our own name");
}

TEST_F(HelloCheckTest, NamesAreLookedUpOnlyWhereTheyMust) {
  EXPECT_EQ(ask("hello", Stage::helo).kind, Kind::no_opinion);
  EXPECT_THAT(resolver_.asked, IsEmpty());
  settings_.hello.unknown_name = CheckAction::reject;
  EXPECT_EQ(ask("hello", Stage::helo).kind, Kind::reject);
  resolver_.add_mx("mail.client.example", 10, "mx.example");
  EXPECT_EQ(ask("hello", Stage::helo).kind, Kind::no_opinion);
  settings_.hello.bad_name = CheckAction::quarantine;
  facts_.hello.name = "localhost";
  EXPECT_EQ(ask("hello", Stage::helo).kind, Kind::quarantine);
}

class SenderDomainCheckTest : public CheckFixture {
 protected:
  Verdict ask_it() { return ask("sender_domain", Stage::mail); }
};

TEST_F(SenderDomainCheckTest, ADomainNeedsAnMxOrAnAddress) {
  EXPECT_EQ(said(ask_it()), "550 5.1.8 The domain sender.example of the sender has no MX and no address");
  resolver_.add_txt("sender.example", "v=spf1 -all");
  EXPECT_EQ(ask_it().kind, Kind::reject);
  resolver_.add_address("sender.example", "2001:db8::1");
  EXPECT_EQ(ask_it().kind, Kind::no_opinion);
  facts_.sender.reset();
  EXPECT_EQ(ask_it().kind, Kind::no_opinion) << "a report has no sender";
}

TEST_F(SenderDomainCheckTest, WhoTakesNoMailSendsNone) {
  resolver_.add_mx("sender.example", 0, "");
  EXPECT_THAT(said(ask_it()), StartsWith("550 5.7.27 sender.example takes no mail"));
  settings_.sender_domain.null_mx = CheckAction::none;
  EXPECT_EQ(ask_it().kind, Kind::no_opinion);
}

TEST_F(SenderDomainCheckTest, WhatCannotBeLookedUpPasses) {
  resolver_.fail("MX sender.example");
  EXPECT_EQ(ask_it().kind, Kind::no_opinion);
}

constexpr std::string_view good_header = "From: a@sender.example\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n\r\n";

class HeaderCheckTest : public CheckFixture {
 protected:
  Verdict ask_about(std::string header) {
    facts_.header = std::move(header);
    return ask("header", Stage::end);
  }
};

TEST_F(HeaderCheckTest, AMessageNeedsAnAuthor) {
  EXPECT_EQ(ask_about(std::string(good_header)).kind, Kind::no_opinion);
  EXPECT_EQ(said(ask_about("Subject: a\r\n\r\n")), "550 5.6.0 The message has no From (RFC 5322)");
  EXPECT_EQ(ask_about("From:  \r\n\r\n").kind, Kind::reject);
  EXPECT_EQ(ask_about("").kind, Kind::reject);
}

TEST_F(HeaderCheckTest, OldDevicesOfOursMaySendWithoutOne) {
  facts_.stranger = false;
  EXPECT_EQ(ask_about("Subject: a\r\n\r\n").kind, Kind::no_opinion);
  facts_.service = smtp::Service::submission;
  EXPECT_EQ(ask_about("Subject: a\r\n\r\n").kind, Kind::reject);
}

TEST_F(HeaderCheckTest, TheStrictestRuleDecides) {
  settings_.header.missing_date = CheckAction::quarantine;
  settings_.header.repeated = CheckAction::defer;
  EXPECT_EQ(ask_about("From: a@b.example\r\n\r\n").kind, Kind::quarantine);
  const auto verdict = ask_about("From: a@b.example\r\nfrom: c@d.example\r\n\r\n");
  EXPECT_EQ(verdict.kind, Kind::defer);
  EXPECT_EQ(verdict.evidence, "The message has several fields From (RFC 5322); The message has no Date (RFC 5322)");
}

TEST_F(HeaderCheckTest, ManyHopsAreTooMany) {
  settings_.header.most_received = 3;
  std::string header;
  for (int i = 0; i < 4; ++i) header += "Received: from a by b\r\n";
  EXPECT_THAT(header_faults(header + std::string(good_header), settings_.header), SizeIs(1));
  settings_.header.most_received = 0;
  EXPECT_THAT(header_faults(header + std::string(good_header), settings_.header), IsEmpty());
}

TEST_F(HeaderCheckTest, AHeaderHasABound) {
  settings_.header.most_fields = 3;
  settings_.header.most_bytes = 200;
  const auto rest = std::string(good_header);
  EXPECT_THAT(header_faults("Subject: a\r\n" + rest, settings_.header), IsEmpty());
  EXPECT_EQ(said(ask_about("A: a\r\nB: b\r\n" + rest)), "550 5.6.0 The header has more than 3 fields");
  EXPECT_EQ(said(ask_about("A: " + std::string(200, 'a') + "\r\n" + rest)),
            "550 5.6.0 The header has more than 200 bytes");
  settings_.header.too_large = CheckAction::header;
  EXPECT_EQ(ask_about("A: a\r\nB: b\r\n" + rest).header, "X-Godwit-Finding: The header has more than 3 fields\r\n");
}

class GreylistCheckTest : public CheckFixture {
 protected:
  GreylistCheckTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-greylist-check-XXXXXX").string();
    state_.directory = ::mkdtemp(folder.data());
    list_ = std::make_unique<state::Greylist>(state_, io_.get_executor(), clock_, log::null_logger());
    stores_.greylist = list_.get();
  }
  ~GreylistCheckTest() override { std::filesystem::remove_all(state_.directory); }
  Verdict ask_it() {
    return ask("greylist", settings_.greylist.at == GreylistSettings::At::message ? Stage::end : Stage::mail);
  }

  state::Settings state_;
  std::unique_ptr<state::Greylist> list_;
};

TEST_F(GreylistCheckTest, WhoTriesAgainIsTaken) {
  EXPECT_EQ(said(ask_it()), "451 4.7.1 Greylisted, try again in 5m");
  clock_.now += std::chrono::minutes(5);
  facts_.client = *base::IpAddress::parse("192.0.2.200");  // of the same network
  EXPECT_EQ(ask_it().evidence, "192.0.2.0/24 tried again after 5m");
  facts_.sender->local = "b";
  EXPECT_EQ(ask_it().evidence, "known 192.0.2.0/24");
}

TEST_F(GreylistCheckTest, WhoIsKnownToBeGoodNeedNotWait) {
  facts_.identity.dkim_domains = {"sender.example"};
  EXPECT_EQ(ask_it().kind, Kind::no_opinion);
  facts_.identity = {.spf = "pass", .spf_domain = "sender.example"};
  EXPECT_EQ(ask_it().evidence, "pass: spf");
  facts_.identity = {};
  facts_.vouched = true;
  EXPECT_EQ(ask_it().kind, Kind::no_opinion);
  settings_.greylist.pass = {};
  EXPECT_EQ(ask_it().kind, Kind::defer);
}

TEST_F(GreylistCheckTest, APoolCountsAsOneByTheDomainThatLetsItSend) {
  settings_.greylist.pass = {};
  settings_.greylist.at = GreylistSettings::At::envelope;
  facts_.identity = {.spf = "pass", .spf_domain = "sender.example"};
  EXPECT_EQ(ask_it().kind, Kind::defer);
  clock_.now += std::chrono::minutes(6);
  facts_.client = *base::IpAddress::parse("2001:db8::1");
  EXPECT_EQ(ask_it().evidence, "spf:sender.example tried again after 6m");
}

}  // namespace
}  // namespace godwit::policy
