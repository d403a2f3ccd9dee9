// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/key_holder.hpp"

#include <gmock/gmock.h>

#include "support/test_certificate.hpp"

namespace godwit::net {
namespace {

using ::testing::HasSubstr;
using testing::KeyType;
using testing::make_certificate;
using ::testing::Not;
using ::testing::StartsWith;

class KeyHolderTest : public ::testing::Test {
 protected:
  std::string text_of(const std::string& path) { return read_plain_file(path, 100'000).value(); }

  testing::TemporaryFolder folder_;
  CertificateSettings files_ = make_certificate(folder_, "one", {.names = {"mail.example.com"}});
};

TEST_F(KeyHolderTest, CertificatesComeWithoutWhatElseIsInTheFile) {
  const auto certificate = text_of(files_.certificate), key = text_of(files_.private_key);
  for (const auto& text : {certificate + key + certificate, key + certificate + "words\n" + certificate}) {
    const auto found = own_keys().certificates(folder_.write("all.pem", text)).value();
    EXPECT_EQ(found, certificate + certificate);
  }
  const auto torn = certificate.substr(0, certificate.find("-----END"));
  const auto found = own_keys().certificates(folder_.write("torn.pem", torn + key)).value();
  EXPECT_EQ(found, torn);
  EXPECT_THAT(found, Not(HasSubstr("PRIVATE")));
}

TEST_F(KeyHolderTest, AKeyIsFoundBesideCertificates) {
  const auto path = folder_.write("all.pem", text_of(files_.certificate) + text_of(files_.private_key));
  EXPECT_TRUE(own_keys().private_key(path));
}

TEST_F(KeyHolderTest, WhatIsNoKeyIsNamed) {
  const auto encrypted =
      make_certificate(folder_, "closed", {.names = {"x"}, .key = KeyType::rsa, .passphrase = "secret"});
  EXPECT_THAT(own_keys().private_key(encrypted.private_key).error().message, HasSubstr("is encrypted"));
  EXPECT_THAT(own_keys().private_key(files_.certificate).error().message, HasSubstr("no PEM private key in it"));
  const auto missing = own_keys().private_key(folder_ / "none");
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(missing.error().message, StartsWith(folder_ / "none"));
  const auto large = own_keys().private_key(folder_.write("large", std::string(200'000, 'x')));
  EXPECT_EQ(large.error().kind, base::ErrorKind::exhausted);
}

TEST_F(KeyHolderTest, AStampTellsWhatWasReplaced) {
  const auto before = own_keys().stamp(files_.private_key).value();
  EXPECT_EQ(own_keys().stamp(files_.private_key), before);
  std::filesystem::rename(files_.certificate, files_.private_key);
  EXPECT_NE(own_keys().stamp(files_.private_key), before);
  EXPECT_EQ(own_keys().stamp(files_.certificate).value().size, -1);
}

}  // namespace
}  // namespace godwit::net
