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

TEST(DmarcRecordText, SaysWhatItSays) {
  const auto record =
      parse_dmarc_record("v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com!10m, mailto:b@example.net; fo=1; x=y")
          .value();
  EXPECT_EQ(record.policy, DmarcPolicy::quarantine);
  EXPECT_THAT(record.reports, ::testing::ElementsAre("dmarc@example.com", "b@example.net"));
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
