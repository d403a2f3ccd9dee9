// SPDX-License-Identifier: Apache-2.0
#include "acme/key.hpp"

#include <gmock/gmock.h>

#include "acme/certificate_request.hpp"
#include "godwit/base/base64url.hpp"

namespace godwit::acme {
namespace {

TEST(Key, IsTheSameFromItsPem) {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::rsa2048}) {
    const auto key = Key::make(type);
    ASSERT_TRUE(key);
    const auto again = Key::from_pem(key->to_pem());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->type(), type);
    EXPECT_EQ(again->to_pem(), key->to_pem());
  }
  EXPECT_FALSE(Key::from_pem("no key"));
  EXPECT_FALSE(Key::from_pem(""));
}

// RFC 7515 appendix A.3: the key, and RFC 7638's form of it.
TEST(Key, HasTheThumbprintOfItsPublicHalf) {
  const auto key = Key::from_pem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\n"
      "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\n"
      "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->jwk(), R"({"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  EXPECT_EQ(key->thumbprint(), base::base64url_encode(sha256(key->jwk())));
  EXPECT_EQ(key->sign("text").size(), 64U);
}

TEST(CertificateRequest, ChainsThatAreNoneAreRefused) {
  const auto key = Key::make(KeyType::ecdsa_p256);
  for (const std::string& pem : {std::string(), std::string("text"), key->to_pem(),
                                 std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")})
    EXPECT_FALSE(checked_chain(pem, *key, {"mail.example.com"}, base::WallTime{})) << pem;
}

}  // namespace
}  // namespace godwit::acme
