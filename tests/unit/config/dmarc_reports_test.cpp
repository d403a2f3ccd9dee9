// SPDX-License-Identifier: Apache-2.0
// The section of DMARC aggregate reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using ::testing::Not;
using testing::warnings;

TEST(DmarcReportsSection, SaysWhoReportsAndWhereReportsCome) {
  const auto loaded = load_below(
      "dkim: {keys: [{domain: example.com, selector: s1, private_key: /k.pem}]}\n"
      "dmarc_reports: {enabled: true, contact: a@Mail.Example.com, sender: b@example.com, destinations: 2, addresses: "
      "dmarc@example.com}\n"
      "verification: {organizational_domain: public_suffix_list, received_spf: true}\n");
  ASSERT_THAT(errors(loaded), IsEmpty());
  EXPECT_THAT(warnings(loaded), Not(Contains(HasSubstr("reports"))));
  const auto& reports = loaded.settings.dispatch.dmarc_reports;
  EXPECT_TRUE(reports.enabled);
  EXPECT_EQ(reports.contact, "a@mail.example.com");
  EXPECT_EQ(reports.destinations, 2U);
  EXPECT_THAT(reports.addresses, ElementsAre("dmarc@example.com"));
  EXPECT_TRUE(loaded.settings.mailauth.public_suffix_list);
  EXPECT_TRUE(loaded.settings.mailauth.received_spf);
}

TEST(DmarcReportsSection, WhatNobodyWillBelieveIsNoticed) {
  const auto said = [](const std::string& text) { return warnings(load_below(text)); };
  EXPECT_THAT(said("dmarc_reports: {enabled: true}\n"), Contains(HasSubstr("nothing is reported")));
  EXPECT_THAT(said("postmaster: a@example.com\ndmarc_reports: {enabled: true}\n"),
              Contains(HasSubstr("dkim.keys has no key of example.com")));
  EXPECT_THAT(said("dmarc_reports: {enabled: false}\n"), Not(Contains(HasSubstr("dmarc_reports"))));
}

}  // namespace
}  // namespace godwit::config
