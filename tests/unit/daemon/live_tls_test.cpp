// SPDX-License-Identifier: Apache-2.0
#include "daemon/live_tls.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "support/hanging_keys.hpp"
#include "support/test_certificate.hpp"

namespace godwit::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_certificate;
using ::testing::Not;

class LiveTlsTest : public ::testing::Test {
 protected:
  LiveTlsTest() {
    settings_.certificates = {make_certificate(folder_, "mail", {.names = {"mail.example.com"}})};
    loaded_ = load_tls(settings_, now_);
  }
  testing::TemporaryFolder folder_;
  base::WallTime now_ = base::SystemClock().wall();
  net::TlsSettings settings_;
  TlsLoaded loaded_;
};

TEST_F(LiveTlsTest, SaysWhoseTheCertificateIsAndUntilWhen) {
  ASSERT_THAT(loaded_.complaints, IsEmpty());
  ASSERT_TRUE(loaded_.tls.server && loaded_.tls.client);
  ASSERT_EQ(loaded_.tls.certificates.size(), 1U);
  const auto& certificate = loaded_.tls.certificates[0];
  EXPECT_EQ(certificate.subject, "CN=mail.example.com");
  EXPECT_GT(certificate.expires.value(), now_);
  EXPECT_EQ(certificate.error, "");
}

TEST_F(LiveTlsTest, NoticesFilesWrittenReplacedAndRemoved) {
  EXPECT_FALSE(has_changed(settings_, loaded_.tls));
  make_certificate(folder_, "mail", {.names = {"mail.example.com"}});
  EXPECT_TRUE(has_changed(settings_, loaded_.tls));
  loaded_ = load_tls(settings_, now_);
  EXPECT_FALSE(has_changed(settings_, loaded_.tls));
  const auto other = make_certificate(folder_, "other", {.names = {"mail.example.com"}});
  std::filesystem::rename(other.certificate, settings_.certificates[0].certificate);
  EXPECT_TRUE(has_changed(settings_, loaded_.tls));
  loaded_ = load_tls(settings_, now_);
  std::filesystem::remove(settings_.certificates[0].private_key);
  EXPECT_TRUE(has_changed(settings_, loaded_.tls));
}

TEST_F(LiveTlsTest, IsMadeAnewForNewTicketKeysThoughNoFileChanges) {
  EXPECT_FALSE(is_stale(loaded_.tls, now_ + ticket_keys_kept - std::chrono::seconds(1)));
  EXPECT_TRUE(is_stale(loaded_.tls, now_ + ticket_keys_kept));
  const auto again = load_tls(settings_, now_ + ticket_keys_kept);
  EXPECT_FALSE(is_stale(again.tls, now_ + ticket_keys_kept));
  EXPECT_EQ(replaced(loaded_.tls, again, now_).server, again.tls.server);
}

TEST_F(LiveTlsTest, IsMadeAnewWhenTheTimeOfAnOcspResponseIsOver) {
  auto tls = loaded_.tls;
  tls.certificates[0].staple_until = now_ + std::chrono::hours(1);
  EXPECT_FALSE(is_stale(tls, now_ + std::chrono::minutes(59)));
  EXPECT_TRUE(is_stale(tls, now_ + std::chrono::hours(1)));
  EXPECT_THAT(staple_problem(tls.certificates[0], now_ + std::chrono::hours(1)), HasSubstr("OCSP response was over"));
  tls.made = now_ + std::chrono::hours(1);
  EXPECT_FALSE(is_stale(tls, tls.made)) << "once is enough";
}

TEST_F(LiveTlsTest, AMissingOcspResponseHoldsUpNothing) {
  settings_.certificates[0].ocsp_response = folder_ / "response.der";
  loaded_ = load_tls(settings_, now_);
  EXPECT_THAT(loaded_.complaints, IsEmpty());
  EXPECT_TRUE(loaded_.tls.server);
  EXPECT_THAT(loaded_.tls.certificates[0].staple_error, HasSubstr("response.der"));
}

TEST_F(LiveTlsTest, OneThatIsAwaitedCountsWhenItIsThere) {
  settings_.certificates = {
      {.certificate = folder_ / "own.crt", .private_key = folder_ / "own.key", .is_awaited = true}};
  loaded_ = load_tls(settings_, now_);
  EXPECT_THAT(loaded_.complaints, IsEmpty());
  EXPECT_FALSE(loaded_.tls.server);
  EXPECT_TRUE(loaded_.tls.client);
  EXPECT_FALSE(has_changed(settings_, loaded_.tls));
  make_certificate(folder_, "own", {.names = {"mail.example.com"}});
  EXPECT_TRUE(has_changed(settings_, loaded_.tls));
  const auto then = replaced(loaded_.tls, load_tls(settings_, now_), now_);
  EXPECT_TRUE(then.server);
  ASSERT_EQ(then.certificates.size(), 1U);
  EXPECT_EQ(then.certificates[0].subject, "CN=mail.example.com");
}

TEST_F(LiveTlsTest, OneThatIsAwaitedStaysInForceWhileNobodyCanTellWhetherItIsThere) {
  testing::HangingKeys keys;
  settings_.certificates[0].is_awaited = true;
  loaded_ = load_tls(settings_, now_, {}, keys);
  ASSERT_TRUE(loaded_.tls.server);
  keys.hangs_at_files = keys.hangs_at_stamps = true;
  ASSERT_TRUE(has_changed(settings_, loaded_.tls, {}, keys));
  const auto loaded = load_tls(settings_, now_, {}, keys);
  ASSERT_THAT(loaded.complaints, Not(IsEmpty()));
  EXPECT_THAT(loaded.complaints[0].message, HasSubstr("no answer"));
  const auto kept = replaced(loaded_.tls, loaded, now_);
  EXPECT_EQ(kept.server, loaded_.tls.server);
  EXPECT_FALSE(has_changed(settings_, kept, {}, keys)) << "it is said once";
  keys.hangs_at_files = keys.hangs_at_stamps = false;
  EXPECT_TRUE(has_changed(settings_, kept, {}, keys));
  EXPECT_EQ(replaced(kept, load_tls(settings_, now_, {}, keys), now_).certificates[0].error, "");
}

TEST_F(LiveTlsTest, WhatCouldNotBeReadInTimeIsReadAgainThoughItDoesNotChange) {
  testing::HangingKeys keys;
  keys.hangs_at_files = true;
  const auto kept = replaced(loaded_.tls, load_tls(settings_, now_, {}, keys), now_);
  EXPECT_EQ(kept.server, loaded_.tls.server);
  EXPECT_TRUE(has_changed(settings_, kept, {}, keys));
}

TEST_F(LiveTlsTest, NoticesALinkThatPointsElsewhere) {
  const auto other = make_certificate(folder_, "other", {.names = {"mail.example.com"}});
  const auto link = folder_ / "live.crt";
  std::filesystem::create_symlink(settings_.certificates[0].certificate, link);
  settings_.certificates[0].certificate = link;
  loaded_ = load_tls(settings_, now_);
  EXPECT_FALSE(has_changed(settings_, loaded_.tls));
  std::filesystem::remove(link);
  std::filesystem::create_symlink(other.certificate, link);
  EXPECT_TRUE(has_changed(settings_, loaded_.tls));
}

TEST_F(LiveTlsTest, BlamesTheFileThatIsWrong) {
  folder_.write("mail.key", "no key\n");
  auto wrong = load_tls(settings_, now_);
  ASSERT_EQ(wrong.complaints.size(), 1U);
  EXPECT_EQ(wrong.complaints[0].key, "private_key");
  EXPECT_EQ(wrong.complaints[0].index, 0);
  make_certificate(folder_, "mail", {.names = {"mail.example.com"}, .valid_from = -7200, .valid_for = 3600});
  wrong = load_tls(settings_, now_);
  ASSERT_EQ(wrong.complaints.size(), 1U);
  EXPECT_EQ(wrong.complaints[0].key, "certificate");
  EXPECT_THAT(wrong.complaints[0].message, HasSubstr("expired"));
}

TEST_F(LiveTlsTest, OneThatIsOutOfDateIsUsableButComplainedOf) {
  for (const auto shift : {std::chrono::hours(48), std::chrono::hours(-48)}) {
    const auto loaded = load_tls(settings_, now_ + shift);
    EXPECT_TRUE(loaded.usable());
    EXPECT_TRUE(loaded.tls.server);
    ASSERT_EQ(loaded.complaints.size(), 1U);
    EXPECT_TRUE(loaded.complaints[0].of_date);
    EXPECT_THAT(loaded.complaints[0].message,
                HasSubstr(shift.count() > 0 ? "mail.crt: the certificate expired on 20" : "is not valid before 20"));
    EXPECT_TRUE(is_out_of_date(loaded.tls, now_ + shift));
    EXPECT_FALSE(is_out_of_date(loaded.tls, now_));
  }
  folder_.write("mail.key", "no key\n");
  EXPECT_FALSE(load_tls(settings_, now_).usable());
}

TEST_F(LiveTlsTest, OneThatIsOutOfDateReplacesOnlyAnotherThatIs) {
  make_certificate(folder_, "mail", {.names = {"late.example.com"}, .valid_from = -7200, .valid_for = 3600});
  const auto late = load_tls(settings_, now_);
  const auto kept = replaced(loaded_.tls, late, now_);
  EXPECT_EQ(kept.server, loaded_.tls.server);
  EXPECT_THAT(kept.certificates[0].error, HasSubstr("expired"));
  const auto tomorrow = now_ + std::chrono::hours(48);  // ours has expired, too
  EXPECT_EQ(replaced(loaded_.tls, load_tls(settings_, tomorrow), tomorrow).certificates[0].subject,
            "CN=late.example.com");
}

TEST_F(LiveTlsTest, WhatIsWrongLeavesThePresentInForceAndIsSaidUntilItIsMended) {
  folder_.write("mail.key", "no key\n");
  const auto kept = replaced(loaded_.tls, load_tls(settings_, now_), now_);
  EXPECT_EQ(kept.server, loaded_.tls.server);
  EXPECT_EQ(kept.certificates[0].subject, "CN=mail.example.com");
  EXPECT_THAT(kept.certificates[0].error, HasSubstr("no PEM private key"));
  EXPECT_FALSE(has_changed(settings_, kept));  // not tried again before the next change
  make_certificate(folder_, "mail", {.names = {"new.example.com"}});
  EXPECT_TRUE(has_changed(settings_, kept));
  const auto mended = replaced(kept, load_tls(settings_, now_), now_);
  EXPECT_NE(mended.server, loaded_.tls.server);
  EXPECT_EQ(mended.certificates[0].subject, "CN=new.example.com");
  EXPECT_EQ(mended.certificates[0].error, "");
}

}  // namespace
}  // namespace godwit::daemon
