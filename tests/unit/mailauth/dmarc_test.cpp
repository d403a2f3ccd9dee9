// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/dmarc.hpp"

#include <gmock/gmock.h>

#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::mailauth {
namespace {

using testing::FakeResolver;

class Dmarc : public ::testing::Test {
 public:
  Dmarc& record(const std::string& domain, const std::string& text) {
    resolver_.add_txt("_dmarc." + domain, text);
    return *this;
  }
  DmarcVerdict check(const std::string& domain, const std::string& spf, std::vector<std::string> dkim = {}) {
    DmarcQuery query{.domain = domain, .spf_domain = spf, .dkim_domains = std::move(dkim)};
    return testing::run_awaitable(check_dmarc(resolver_, std::move(query)));
  }
  // "fail reject"
  std::string outcome(const std::string& domain, const std::string& spf = "", std::vector<std::string> dkim = {}) {
    const auto verdict = check(domain, spf, std::move(dkim));
    return std::string(to_string(verdict.result)) + " " + std::string(to_string(verdict.wanted));
  }

 protected:
  FakeResolver resolver_;
};

// RFC 9989 appendix B.1: identifier alignment.
TEST_F(Dmarc, AlignmentIsRelaxedUnlessStrictIsAskedFor) {
  record("example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(outcome("example.com", "example.com"), "pass none");
  EXPECT_EQ(outcome("child.example.com", "example.com"), "pass none");
  EXPECT_EQ(outcome("example.com", "child.example.com"), "pass none");
  EXPECT_EQ(outcome("example.com", "example.net"), "fail reject");
  EXPECT_EQ(outcome("example.com", "", {"example.net", "mail.example.com"}), "pass none");
  EXPECT_EQ(outcome("example.com", "notexample.com"), "fail reject");
}

TEST_F(Dmarc, StrictAlignmentIsOfTheVeryDomain) {
  record("example.com", "v=DMARC1; p=quarantine; aspf=s; adkim=s");
  EXPECT_EQ(outcome("example.com", "child.example.com"), "fail quarantine");
  EXPECT_EQ(outcome("example.com", "", {"child.example.com"}), "fail quarantine");
  EXPECT_EQ(outcome("example.com", "", {"example.com"}), "pass none");
}

TEST_F(Dmarc, PoliciesOfSubdomains) {
  record("example.com", "v=DMARC1; p=none; sp=quarantine; np=reject");
  resolver_.add_address("there.example.com", "192.0.2.1");
  EXPECT_EQ(outcome("example.com"), "fail none");
  EXPECT_EQ(outcome("there.example.com"), "fail quarantine");
  EXPECT_EQ(outcome("nowhere.example.com"), "fail reject");
  record("there.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(outcome("there.example.com"), "fail reject") << "its own record comes first";
}

TEST_F(Dmarc, WhileItIsTestedOneStepLess) {
  record("a.example", "v=DMARC1; p=reject; t=y").record("b.example", "v=DMARC1; p=quarantine; t=y");
  EXPECT_EQ(outcome("a.example"), "fail quarantine");
  EXPECT_EQ(outcome("b.example"), "fail none");
}

TEST_F(Dmarc, WithoutARecordNothingIsSaid) {
  EXPECT_EQ(outcome("example.com", "example.com"), "none none");
  record("two.example", "v=DMARC1; p=reject").record("two.example", "v=DMARC1; p=none");
  EXPECT_EQ(outcome("two.example"), "none none") << "several records are none";
  record("other.example", "v=spf1 -all").record("odd.example", "v=DMARC10; p=reject");
  EXPECT_EQ(outcome("other.example"), "none none");
  EXPECT_EQ(outcome("odd.example"), "none none");
  resolver_.fail("TXT _dmarc.slow.example");
  EXPECT_EQ(outcome("slow.example"), "temperror none");
}

// RFC 9989 section 4.10: the tree walk.
TEST_F(Dmarc, TreeWalkIsBoundedAndLeavesOutTheMiddle) {
  record("example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(outcome("a.b.c.d.e.f.g.h.i.j.mail.example.com"), "fail reject");
  std::vector<std::string> expected = {"TXT _dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                       "TXT _dmarc.g.h.i.j.mail.example.com",
                                       "TXT _dmarc.h.i.j.mail.example.com",
                                       "TXT _dmarc.i.j.mail.example.com",
                                       "TXT _dmarc.j.mail.example.com",
                                       "TXT _dmarc.mail.example.com",
                                       "TXT _dmarc.example.com",
                                       "TXT _dmarc.com"};
  EXPECT_EQ(resolver_.asked, expected);
}

TEST_F(Dmarc, PublicSuffixSeparatesItsChildren) {
  record("bank", "v=DMARC1; p=reject; psd=y");
  EXPECT_EQ(outcome("one.bank", "two.bank"), "fail reject");
  EXPECT_EQ(outcome("mail.one.bank", "one.bank"), "pass none");
}

TEST_F(Dmarc, OrganisationCanEndTheWalk) {
  record("big.example", "v=DMARC1; p=reject").record("part.big.example", "v=DMARC1; p=none; psd=n");
  EXPECT_EQ(outcome("x.part.big.example", "big.example"), "fail none");
  EXPECT_EQ(outcome("x.part.big.example", "y.part.big.example"), "pass none");
}

TEST_F(Dmarc, OtherRuleForTheOrganisation) {
  record("example.co.uk", "v=DMARC1; p=reject");
  DmarcQuery query{.domain = "mail.example.co.uk", .spf_domain = "other.co.uk"};
  query.organizational_domain = [](std::string_view domain) {
    return domain.ends_with("example.co.uk") ? std::string("example.co.uk") : std::string(domain);
  };
  const auto verdict = testing::run_awaitable(check_dmarc(resolver_, std::move(query)));
  EXPECT_EQ(verdict.wanted, DmarcPolicy::reject);
  EXPECT_EQ(verdict.policy_domain, "example.co.uk");
}

// RFC 9989 section 4.7 and appendix B.1, put together: what each policy comes to for mail that does not pass.
TEST_F(Dmarc, PoliciesAsATable) {
  struct Case {
    std::string record;               // of example.com
    std::string own, there, nowhere;  // of example.com, and of subdomains that exist and do not
  };
  const std::string uri = "; rua=mailto:a@example.com";
  const std::vector<Case> cases = {
      {"p=none", "none", "none", "none"},
      {"p=quarantine", "quarantine", "quarantine", "quarantine"},
      {"p=reject", "reject", "reject", "reject"},
      {"p=reject; sp=none", "reject", "none", "none"},
      {"p=none; sp=reject", "none", "reject", "reject"},
      {"p=none; np=reject", "none", "none", "reject"},
      {"p=none; sp=quarantine; np=reject", "none", "quarantine", "reject"},
      {"p=reject; sp=reject; np=none", "reject", "reject", "none"},
      {"p=reject; t=y", "quarantine", "quarantine", "quarantine"},
      {"p=quarantine; sp=reject; np=none; t=y", "none", "quarantine", "none"},
      {"p=reject; t=n", "reject", "reject", "reject"},
      {"p=reject; t=maybe", "reject", "reject", "reject"},
      {"p=REJECT", "reject", "reject", "reject"},
      {" p = reject ;", "reject", "reject", "reject"},
      {"p=reject; ; nonsense; x=y; adkim=?", "reject", "reject", "reject"},  // errors elsewhere are passed over
      {"p=reject; p=none", "reject", "reject", "reject"},
      {"p=never" + uri, "none", "none", "none"},
      {"p=reject; sp=never" + uri, "none", "none", "none"},
      {"p=reject; np=never; sp=reject" + uri, "none", "none", "none"},
      {"sp=reject" + uri, "none", "reject", "reject"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.record);
    resolver_ = FakeResolver();
    record("example.com", "v=DMARC1; " + one.record);
    resolver_.add_address("there.example.com", "192.0.2.1");
    EXPECT_EQ(outcome("example.com"), "fail " + one.own);
    EXPECT_EQ(outcome("there.example.com"), "fail " + one.there);
    EXPECT_EQ(outcome("nowhere.example.com"), "fail " + one.nowhere);
    EXPECT_EQ(outcome("there.example.com", "example.com"), "pass none");
  }
  // Without addresses for reports, what cannot be read is no record.
  for (const char* text : {"v=DMARC1; p=never", "v=DMARC1; p=reject; sp=never", "v=DMARC1; p=reject; np=",
                           "v=DMARC1; p=never; rua=https://x.example/", "p=reject; v=DMARC1", "v=dmarc1; p=reject"}) {
    resolver_ = FakeResolver();
    record("example.com", text);
    EXPECT_EQ(outcome("example.com"), "none none") << text;
  }
}

// RFC 9989 section 5.3.2: what could not be looked up has not failed.
TEST_F(Dmarc, TemporaryFailuresAreNoFailures) {
  record("bank.example", "v=DMARC1; p=reject");
  const auto with = [&](std::string spf, std::vector<std::string> dkim) {
    DmarcQuery query{.domain = "bank.example"};
    query.spf_undecided = std::move(spf);
    query.dkim_undecided = std::move(dkim);
    return std::string(to_string(testing::run_awaitable(check_dmarc(resolver_, std::move(query))).result));
  };
  EXPECT_EQ(with("bank.example", {}), "temperror");
  EXPECT_EQ(with("", {"other.example", "mail.bank.example"}), "temperror");
  EXPECT_EQ(with("mallory.example", {"mallory.example"}), "fail") << "whose DNS is his own to break";
  resolver_.fail("TXT _dmarc.mail.bank.example");
  EXPECT_EQ(outcome("mail.bank.example"), "temperror none") << "it may have a policy of its own";
  EXPECT_EQ(outcome("bank.example"), "fail reject");
  resolver_.fail("TXT _dmarc.example");
  EXPECT_EQ(outcome("www.bank.example"), "fail reject") << "what is above decides nothing";
}

TEST_F(Dmarc, PublicSuffixListIsTheOlderRule) {
  const auto rule = by_public_suffix_list().value();
  EXPECT_EQ(rule("A.b.Example.co.uk"), "example.co.uk");
  EXPECT_EQ(rule("example.com"), "example.com");
  EXPECT_EQ(rule("co.uk"), "co.uk");
  record("example.co.uk", "v=DMARC1; p=reject");
  const auto result = [&](const std::string& spf) {
    DmarcQuery query{.domain = "mail.example.co.uk", .spf_domain = spf};
    query.organizational_domain = rule;
    return testing::run_awaitable(check_dmarc(resolver_, std::move(query))).result;
  };
  EXPECT_EQ(result("other.example.co.uk"), DmarcResult::pass);
  EXPECT_EQ(result("other.co.uk"), DmarcResult::fail);
}

// ---- where reports go: RFC 9990 section 4

class Destinations : public Dmarc {
 protected:
  // "a@x b@y!100; refused c@z"
  std::string of(const std::string& domain) {
    const auto found = testing::run_awaitable(find_dmarc_destinations(resolver_, domain, {}));
    std::string text = found.temporary ? "later " : "";
    for (const auto& uri : found.to)
      text += uri.address + (uri.largest == 0 ? " " : "!" + std::to_string(uri.largest) + " ");
    for (const auto& address : found.refused) text += "refused " + address + " ";
    return text;
  }
};

TEST_F(Destinations, OfTheSameOrganisationNeedNoConsent) {
  EXPECT_EQ(of("example.com"), "");
  record("example.com",
         "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@reports.example.com!5k, MAILTO:a@example.com");
  EXPECT_EQ(of("example.com"), "a@example.com b@reports.example.com!5120 ");
}

TEST_F(Destinations, ElsewhereMustConsent) {
  record("example.com", "v=DMARC1; p=none; rua=mailto:a@service.example,mailto:b@example.com");
  EXPECT_EQ(of("example.com"), "b@example.com refused a@service.example ");
  resolver_.add_txt("example.com._report._dmarc.service.example", "something else");
  EXPECT_EQ(of("example.com"), "b@example.com refused a@service.example ");
  resolver_.add_txt("example.com._report._dmarc.service.example", "v=DMARC1;");
  EXPECT_EQ(of("example.com"), "a@service.example b@example.com ");
}

TEST_F(Destinations, ElsewhereMayNameAnotherAddressOfItsOwn) {
  record("example.com", "v=DMARC1; p=none; rua=mailto:a@service.example");
  resolver_.add_txt("example.com._report._dmarc.service.example", "v=DMARC1; rua=mailto:b@service.example!1m");
  EXPECT_EQ(of("example.com"), "b@service.example!1048576 ");
}

TEST_F(Destinations, NobodyIsSentToAThird) {
  record("example.com", "v=DMARC1; p=none; rua=mailto:a@service.example");
  resolver_.add_txt("example.com._report._dmarc.service.example", "v=DMARC1; rua=mailto:victim@bank.example");
  EXPECT_EQ(of("example.com"), "refused a@service.example ");
}

TEST_F(Destinations, WhatCannotBeLookedUpIsAskedAgain) {
  record("example.com", "v=DMARC1; p=none; rua=mailto:a@service.example,mailto:b@example.com");
  resolver_.fail("TXT example.com._report._dmarc.service.example");
  EXPECT_EQ(of("example.com"), "later b@example.com refused a@service.example ");
  resolver_.fail("TXT _dmarc.slow.example");
  EXPECT_EQ(of("slow.example"), "later ");
}

TEST(DmarcRecordText, UrisHaveSizes) {
  const auto uris = [](const std::string& rua) {
    std::string text;
    const auto record = parse_dmarc_record("v=DMARC1; p=none; rua=" + rua).value();
    for (const auto& uri : record.reports) text += uri.address + "!" + std::to_string(uri.largest) + " ";
    return text;
  };
  EXPECT_EQ(uris("mailto:a@x.example!10"), "a@x.example!10 ");
  EXPECT_EQ(uris("mailto:a@x.example!2K,mailto:b@x.example!1g"), "a@x.example!2048 b@x.example!1073741824 ");
  EXPECT_EQ(uris("mailto:a%2Bb@x.example?subject=x"), "a+b@x.example!0 ");
  EXPECT_EQ(
      uris("mailto:a@x.example!,mailto:a@x.example!m,mailto:a@x.example!1x,mailto:a@x.example!99999999999999999g"), "");
  EXPECT_EQ(uris("https://x.example/,mailto:x,mailto:@x.example,mailto:a@b c,mailto:a%0@x.example"), "");
  std::string many = "mailto:a@x.example";
  for (int i = 0; i < 100; ++i) many += ",mailto:" + std::to_string(i) + "@x.example";
  EXPECT_THAT(parse_dmarc_record("v=DMARC1; p=none; rua=" + many).value().reports, ::testing::SizeIs(8));
}

TEST(DmarcRecordText, SaysWhatItSays) {
  const auto record =
      parse_dmarc_record("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com!10m, mailto:b@example.net; fo=1; x=y")
          .value();
  EXPECT_EQ(record.policy, DmarcPolicy::quarantine);
  EXPECT_THAT(record.reports, ::testing::ElementsAre(ReportUri{.address = "dmarc@example.com", .largest = 10U << 20U},
                                                     ReportUri{.address = "b@example.net"}));
  EXPECT_EQ(parse_dmarc_record("v=DMARC1; rua=mailto:a@b.example").value().policy, DmarcPolicy::none);
  EXPECT_FALSE(parse_dmarc_record("v=DMARC1; p=never"));
}

TEST(AuthorDomains, AreThoseOfFrom) {
  const auto of = [](std::string_view header) { return author_domains(mail::Header(header)); };
  EXPECT_THAT(of("From: A <a@Example.com>, b@example.com, c@example.net\r\n\r\n").value(),
              ::testing::ElementsAre("example.com", "example.net"));
  EXPECT_THAT(of("From: a@x.example\r\nFrom: b@y.example\r\n\r\n").value(), ::testing::SizeIs(2));
  EXPECT_FALSE(of("To: a@b.example\r\n\r\n"));
  EXPECT_FALSE(of("From: postmaster\r\n\r\n"));
}

}  // namespace
}  // namespace godwit::mailauth
