// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/certificate_identity.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "godwit/net/tls.hpp"

namespace godwit::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const base::WallTime made_at = *base::parse_rfc3339("2026-11-29T09:00:00Z");
constexpr base::Duration lifetime = std::chrono::hours(100);

class CertificateIdentity : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = ::testing::TempDir() + "/identity.XXXXXX";
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  CertificateSettings files(const std::string& host) {
    const auto made = make_self_signed(host, made_at, lifetime).value();
    const auto write = [&](const std::string& name, const std::string& text) {
      std::ofstream(folder / name) << text;
      return (folder / name).string();
    };
    return {.certificate = write(host + ".pem", made.certificate),
            .private_key = write(host + ".key", made.private_key)};
  }

  std::filesystem::path folder;
};

TEST_F(CertificateIdentity, ASelfSignedOneIsForItsHostFromNowOn) {
  const auto facts = check_certificate(files("mail.example.com")).value();
  EXPECT_THAT(facts.names, ElementsAre("mail.example.com"));
  EXPECT_EQ(facts.key_type, "EC prime256v1");
  EXPECT_LT(facts.not_before, made_at);
  EXPECT_EQ(facts.not_after, made_at + lifetime);
}

TEST_F(CertificateIdentity, ALongNameFitsToo) {
  const std::string host = std::string(63, 'a') + "." + std::string(63, 'b') + ".example";
  EXPECT_THAT(check_certificate(files(host)).value().names, ElementsAre(host));
}

TEST_F(CertificateIdentity, ItsRecordNamesItAndNoOther) {
  const auto mine = files("mail.example.com"), other = files("other.example.com");
  auto record = tlsa_of(mine).value();
  EXPECT_TRUE(is_usable(record));
  EXPECT_TRUE(is_named_by(mine, record).value());
  EXPECT_FALSE(is_named_by(other, record).value());
  record.matching = 2;
  EXPECT_FALSE(is_named_by(mine, record).value());
  record.matching = 1;
  record.selector = 0;
  EXPECT_FALSE(is_named_by(mine, record).value());
  record.selector = 1;
  record.usage = 2;  // nobody else issued it
  EXPECT_FALSE(is_named_by(mine, record).value());
  record.usage = 1;
  EXPECT_FALSE(is_named_by(mine, record).value());
}

TEST_F(CertificateIdentity, WhyItIsDistrustedIsTold) {
  const auto mine = files("mail.example.com");
  const auto why = [&](const std::string& host, base::Duration later) {
    return why_distrusted(mine, host, mine.certificate, made_at + later).value();
  };
  EXPECT_THAT(why_distrusted(mine, "mail.example.com", {}, made_at).value(), HasSubstr("self-signed"));
  EXPECT_EQ(why("mail.example.com", {}), "");
  EXPECT_THAT(why("mx.example.com", {}), HasSubstr("mismatch"));
  EXPECT_THAT(why("mail.example.com", 2 * lifetime), HasSubstr("expired"));
  EXPECT_THAT(why("mail.example.com", -lifetime), HasSubstr("not yet valid"));
}

TEST_F(CertificateIdentity, FilesThatCannotBeUsedAreErrors) {
  const CertificateSettings missing{.certificate = folder / "none.pem", .private_key = folder / "none.key"};
  EXPECT_EQ(tlsa_of(missing).error().kind, base::ErrorKind::not_found);
  EXPECT_FALSE(why_distrusted(missing, "mail.example.com", {}, made_at));
  EXPECT_FALSE(why_distrusted(files("mail.example.com"), "mail.example.com", folder / "none", made_at));
}

}  // namespace
}  // namespace godwit::net
