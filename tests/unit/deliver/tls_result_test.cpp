// SPDX-License-Identifier: Apache-2.0
#include "deliver/tls_result.hpp"

#include <gmock/gmock.h>

namespace godwit::deliver {
namespace {

using route::StsPolicy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TlsResult : public ::testing::Test {
 protected:
  TlsResult() {
    hop.reporting.domain = "a.example";
    host.name = "mx.a.example";
    facts.greeted = facts.offered = facts.agreed = true;
    facts.verify = "ok";
    facts.local = *base::Endpoint::parse("192.0.2.1:40000");
    facts.remote = *base::Endpoint::parse("192.0.2.2:25");
  }
  void use(StsPolicy::Mode mode, std::vector<std::string> mx = {"mx.a.example"}) {
    StsPolicy policy{.mode = mode, .max_age = std::chrono::seconds(86400), .mx = std::move(mx)};
    hop.reporting.sts = std::make_shared<const StsPolicy>(std::move(policy));
  }
  std::string failure() const {
    const auto session = tls_session(hop, host, facts);
    return session ? session->failure : "nothing";
  }
  std::string failure_of(const std::string& handshake) {
    facts.agreed = false;
    facts.failure = handshake;
    return failure();
  }

  route::SmtpHop hop;
  route::Host host;
  TlsFacts facts;
};

TEST_F(TlsResult, ASuccessWithoutPolicy) {
  facts.verify = "self-signed certificate";  // nobody asked for more
  const auto session = tls_session(hop, host, facts);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->domain, "a.example");
  EXPECT_EQ(session->policy_type, "no-policy-found");
  EXPECT_EQ(session->failure, "");
  EXPECT_EQ(session->mail_host, "mx.a.example");
  EXPECT_EQ(session->sending_address, "192.0.2.1");
  EXPECT_EQ(session->receiving_address, "192.0.2.2");
}

TEST_F(TlsResult, WhatAMessageDemandsIsNoTroubleOfTheDomain) {
  host.tls.source = "requiretls";
  EXPECT_EQ(failure_of("certificate verify failed: hostname mismatch"), "nothing");
  EXPECT_FALSE(skipped_session(hop, host));
}

TEST_F(TlsResult, WhatHasNothingToDoWithTlsCountsNowhere) {
  facts = {};
  EXPECT_EQ(failure(), "nothing");
  facts.greeted = facts.agreed = true;
  host.tls.skip = route::not_in_sts_policy;
  hop.reporting.domain.clear();
  EXPECT_EQ(failure(), "nothing");
  EXPECT_FALSE(skipped_session(hop, host));
}

TEST_F(TlsResult, FailuresOfTheHandshakeHaveTheTypesOfTheRfc) {
  EXPECT_EQ(failure_of("certificate verify failed: certificate has expired"), "certificate-expired");
  EXPECT_EQ(failure_of("certificate verify failed: hostname mismatch"), "certificate-host-mismatch");
  EXPECT_EQ(failure_of("certificate verify failed: self-signed certificate"), "certificate-not-trusted");
  EXPECT_EQ(failure_of("no shared cipher"), "validation-failure");
  EXPECT_EQ(failure_of("peer closed during handshake"), "validation-failure");
}

TEST_F(TlsResult, NoStarttlsIsAFailure) {
  facts.agreed = facts.offered = false;
  EXPECT_EQ(failure(), "starttls-not-supported");
}

TEST_F(TlsResult, ThePolicyIsToldAsItWas) {
  use(StsPolicy::Mode::enforce, {"mx.a.example", "*.b.example"});
  const auto session = tls_session(hop, host, facts);
  EXPECT_EQ(session->policy_type, "sts");
  EXPECT_THAT(session->policy_strings,
              ElementsAre("version: STSv1", "mode: enforce", "mx: mx.a.example", "mx: *.b.example", "max_age: 86400"));
  EXPECT_THAT(session->policy_hosts, ElementsAre("mx.a.example", "*.b.example"));
}

TEST_F(TlsResult, TestingModeIsCountedAsIfItWereEnforced) {
  use(StsPolicy::Mode::testing);
  EXPECT_EQ(failure(), "");
  facts.verify = "certificate has expired";
  EXPECT_EQ(failure(), "certificate-expired");
  facts.verify = "hostname mismatch";
  EXPECT_EQ(failure(), "certificate-host-mismatch");
  facts.verify = "self-signed certificate";
  EXPECT_EQ(failure(), "certificate-not-trusted");
  facts.verify = "ok";
  use(StsPolicy::Mode::testing, {"other.example"});
  EXPECT_EQ(failure(), "validation-failure");
}

TEST_F(TlsResult, APolicyThatCouldNotBeHadIsTheFailure) {
  hop.reporting.problem = "sts-policy-invalid";
  hop.reporting.why = "there is no mx";
  const auto session = tls_session(hop, host, facts);
  EXPECT_EQ(session->policy_type, "sts");
  EXPECT_THAT(session->policy_strings, IsEmpty());
  EXPECT_EQ(session->failure, "sts-policy-invalid");
  EXPECT_EQ(session->reason, "there is no mx");
}

TEST_F(TlsResult, ASkippedHostIsAFailureWithoutAddresses) {
  use(StsPolicy::Mode::enforce, {"other.example"});
  host.tls = {.level = route::TlsLevel::verify, .source = "mta-sts", .skip = std::string(route::not_in_sts_policy)};
  const auto session = skipped_session(hop, host);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->failure, "validation-failure");
  EXPECT_EQ(session->reason, route::not_in_sts_policy);
  EXPECT_EQ(session->receiving_address, "");
}

TEST_F(TlsResult, WhereDnsIsSignedItIsThePolicy) {
  use(StsPolicy::Mode::testing, {"other.example"});
  host.tls = {.level = route::TlsLevel::dane, .source = "dane"};
  host.tls.tlsa = {{.usage = 3, .selector = 1, .matching = 1, .data = "\x01\xab"}};
  auto session = tls_session(hop, host, facts);
  EXPECT_EQ(session->policy_type, "tlsa");
  EXPECT_THAT(session->policy_strings, ElementsAre("3 1 1 01ab"));
  EXPECT_THAT(session->policy_hosts, IsEmpty());
  EXPECT_EQ(session->failure, "");
  EXPECT_EQ(failure_of("certificate verify failed: no matching DANE TLSA records"), "certificate-not-trusted");
}

TEST_F(TlsResult, WhatIsWrongWithSignedRecordsIsTold) {
  const auto type = [&](route::TlsLevel level, std::string source) {
    host.tls = {.level = level, .source = std::move(source), .skip = "why"};
    return skipped_session(hop, host)->failure;
  };
  EXPECT_EQ(type(route::TlsLevel::dane, "dane"), "dnssec-invalid");
  EXPECT_EQ(type(route::TlsLevel::require, "dane"), "tlsa-invalid");
  EXPECT_EQ(type(route::TlsLevel::dane, "default"), "dane-required");
}

}  // namespace
}  // namespace godwit::deliver
