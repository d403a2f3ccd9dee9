// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/password.hpp"

#include <gtest/gtest.h>

#include "unit/auth/known_hash.hpp"

namespace godwit::auth {
namespace {

using namespace std::string_literals;

TEST(Password, HashMatchesItsPasswordAndNoOther) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$y$"));
  EXPECT_TRUE(password_matches("correct horse", *hash));
  EXPECT_FALSE(password_matches("correct hors", *hash));
  EXPECT_FALSE(password_matches("", *hash));
}

TEST(Password, SameTwiceGivesDifferentHashes) {
  EXPECT_NE(*hash_password("x"), *hash_password("x"));
}

TEST(Password, HashesOfOtherKindsAreVerified) {
  EXPECT_TRUE(password_matches("password", sha512));
}

TEST(Password, NothingAfterANulIsIgnored) {
  EXPECT_FALSE(password_matches("password\0x"s, sha512));
  EXPECT_FALSE(hash_password("a\0b"s));
}

TEST(Password, OverlongAndEmptyAreRefused) {
  EXPECT_FALSE(hash_password(std::string(512, 'a')));
  EXPECT_FALSE(password_matches(std::string(600, 'a'), sha512));
  EXPECT_FALSE(hash_password(""));
  EXPECT_TRUE(hash_password(std::string(511, 'a')));
}

TEST(Password, UnknownKindMatchesNothing) {
  for (const char* hash : {"", "!", "*", "*0", "plain", "{SSHA}xyz", "$99$x$y"}) {
    EXPECT_FALSE(is_known_hash(hash)) << hash;
    EXPECT_FALSE(password_matches("plain", hash)) << hash;
  }
  EXPECT_FALSE(password_matches("x", std::string(1000, '$')));
}

TEST(Password, GeneratedOnesDifferAndMakeHashes) {
  const std::string password = generate_password();
  EXPECT_EQ(password.size(), 24U);
  EXPECT_NE(password, generate_password());
  EXPECT_TRUE(hash_password(password));
}

TEST(Password, SecretsMatchHoweverTheLettersWereComposed) {
  const auto secrets = make_secrets("p\u00E4ssword");
  ASSERT_TRUE(secrets);
  EXPECT_TRUE(password_matches("p\u00E4ssword", *secrets));
  EXPECT_TRUE(password_matches("pa\u0308ssword", *secrets));
  EXPECT_FALSE(password_matches("password", *secrets));
}

TEST(Password, KeysForScramAloneVerifyAPassword) {
  auto secrets = make_secrets("secret");
  ASSERT_TRUE(secrets && secrets->scram);
  secrets->hash.clear();
  EXPECT_TRUE(password_matches("secret", *secrets));
  EXPECT_FALSE(password_matches("Secret", *secrets));
  EXPECT_FALSE(password_matches("", Secrets{}));
}

TEST(Password, SecretsOfOnePasswordDifferByTheirSalts) {
  EXPECT_NE(make_secrets("secret")->scram->salt, make_secrets("secret")->scram->salt);
}

TEST(Password, SecretsAreNotMadeOfWhatSaslprepProhibits) {
  for (const char* password : {"", "a\x07", "\xFF"}) EXPECT_FALSE(make_secrets(password)) << password;
  EXPECT_FALSE(make_secrets(std::string(512, 'x')));
}

}  // namespace
}  // namespace godwit::auth
