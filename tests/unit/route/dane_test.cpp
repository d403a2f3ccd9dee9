// SPDX-License-Identifier: Apache-2.0
#include "route/dane.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string digest(32, 'x');
const dns::Tlsa good{.usage = 3, .selector = 1, .matching = 1, .data = digest};

class DaneTest : public ::testing::Test {
 protected:
  DaneTest() { dns_.authentic = true; }

  TlsPolicy policy(DaneHost host, TlsPolicy otherwise = {}) {
    return testing::run_awaitable(dane_policy(std::move(otherwise), std::move(host), dns_));
  }

  static DaneHost mx() {
    return {.name = "mx.example.net",
            .canonical_name = "mx.example.net",
            .secure = true,
            .domain = "example.net",
            .canonical_domain = "example.net"};
  }
  static DaneHost aliased_mx() {
    auto host = mx();
    host.canonical_name = "real.example.org";
    return host;
  }

  testing::FakeResolver dns_;
};

TEST_F(DaneTest, RecordsOfTheHostAreToBeMatched) {
  dns_.add_tlsa("_25._tcp.mx.example.net", good);
  EXPECT_EQ(
      policy(mx()),
      (TlsPolicy{
          .level = TlsLevel::dane, .names = {"mx.example.net", "example.net"}, .tlsa = {good}, .source = "dane"}));
}

TEST_F(DaneTest, RecordsAreLookedUpForThePortThatIsUsed) {
  auto host = mx();
  host.port = 2525;
  dns_.add_tlsa("_2525._tcp.mx.example.net", good);
  EXPECT_EQ(policy(host).level, TlsLevel::dane);
}

TEST_F(DaneTest, NothingIsAskedOfAnInsecureHost) {
  auto host = mx();
  host.secure = false;
  EXPECT_EQ(policy(host), TlsPolicy{});
  EXPECT_THAT(dns_.asked, IsEmpty());
}

TEST_F(DaneTest, WithoutRecordsAllIsAsUsual) {
  EXPECT_EQ(policy(mx()), TlsPolicy{}) << "no such name";
  dns_.add_txt("_25._tcp.mx.example.net", "no such record");
  EXPECT_EQ(policy(mx()), TlsPolicy{});
}

TEST_F(DaneTest, UnsignedRecordsCountForNothing) {
  dns_.add_tlsa("_25._tcp.mx.example.net", good).make_insecure("_25._tcp.mx.example.net");
  EXPECT_EQ(policy(mx()), TlsPolicy{});
}

TEST_F(DaneTest, AFailedLookupForbidsTheHost) {
  dns_.fail("TLSA _25._tcp.mx.example.net", dns::Status::temporary, "SERVFAIL");
  EXPECT_EQ(policy(mx()).skip, "TLSA lookup for mx.example.net failed: SERVFAIL");
}

TEST_F(DaneTest, WhereNoRecordCanBeUsedItIsEncryptedByWhomever) {
  for (const dns::Tlsa& unusable : {dns::Tlsa{.usage = 1, .selector = 1, .matching = 1, .data = digest},
                                    dns::Tlsa{.usage = 0, .selector = 0, .matching = 0, .data = "x"},
                                    dns::Tlsa{.usage = 3, .selector = 2, .matching = 1, .data = digest},
                                    dns::Tlsa{.usage = 3, .selector = 1, .matching = 9, .data = digest},
                                    dns::Tlsa{.usage = 3, .selector = 1, .matching = 1, .data = "short"},
                                    dns::Tlsa{.usage = 2, .selector = 0, .matching = 0, .data = "no certificate"}}) {
    testing::FakeResolver dns;
    dns.authentic = true;
    dns.add_tlsa("_25._tcp.mx.example.net", unusable);
    const auto made = testing::run_awaitable(dane_policy(TlsPolicy{}, mx(), dns));
    EXPECT_EQ(made, (TlsPolicy{.level = TlsLevel::require, .source = "dane"})) << static_cast<int>(unusable.usage);
  }
}

TEST_F(DaneTest, WhatCannotBeUsedIsLeftOut) {
  const dns::Tlsa by_ca{.usage = 0, .selector = 0, .matching = 1, .data = digest};
  const dns::Tlsa anchor{.usage = 2, .selector = 0, .matching = 2, .data = std::string(64, 'y')};
  dns_.add_tlsa("_25._tcp.mx.example.net", by_ca)
      .add_tlsa("_25._tcp.mx.example.net", good)
      .add_tlsa("_25._tcp.mx.example.net", anchor);
  EXPECT_THAT(policy(mx()).tlsa, ElementsAre(good, anchor));
}

TEST_F(DaneTest, BehindASecureAliasTheRecordsThereComeFirst) {
  dns_.add_tlsa("_25._tcp.real.example.org", good).add_tlsa("_25._tcp.mx.example.net", good);
  EXPECT_THAT(policy(aliased_mx()).names, ElementsAre("real.example.org", "example.net"));
}

TEST_F(DaneTest, RecordsOfTheAliasItselfAreTheSecondChoice) {
  dns_.add_tlsa("_25._tcp.mx.example.net", good);
  EXPECT_THAT(policy(aliased_mx()).names, ElementsAre("mx.example.net", "example.net"));
  EXPECT_THAT(dns_.asked, ElementsAre("TLSA _25._tcp.real.example.org", "TLSA _25._tcp.mx.example.net"));
}

TEST_F(DaneTest, ASignedAliasIntoAnUnsignedZoneHasRecordsOfItsOwn) {
  auto host = aliased_mx();
  host.secure = false;
  dns_.add_cname("mx.example.net", "real.example.org").add_tlsa("_25._tcp.mx.example.net", good);
  EXPECT_THAT(policy(host).names, ElementsAre("mx.example.net", "example.net"));
  dns_.make_insecure("mx.example.net");
  EXPECT_EQ(policy(host), TlsPolicy{});
}

TEST_F(DaneTest, ANextHopIsKnownByTheNameItsRuleGives) {
  DaneHost host{.name = "relay.example.net", .canonical_name = "real.example.org", .secure = true, .port = 587};
  dns_.add_tlsa("_587._tcp.real.example.org", good);
  EXPECT_THAT(policy(host).names, ElementsAre("real.example.org", "relay.example.net"));
}

TEST_F(DaneTest, WhereDaneIsDemandedThereIsNoOtherWay) {
  const TlsPolicy demanded{.level = TlsLevel::dane, .source = "route", .skip = "no TLSA records"};
  EXPECT_EQ(policy(mx(), demanded), demanded);
  dns_.add_tlsa("_25._tcp.mx.example.net", {.usage = 1, .selector = 1, .matching = 1, .data = digest});
  EXPECT_THAT(policy(mx(), demanded).skip, HasSubstr("no TLSA record of mx.example.net can be used"));
}

}  // namespace
}  // namespace godwit::route
