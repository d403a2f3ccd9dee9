// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/key.hpp"

#include <gtest/gtest.h>

#include "godwit/base/encoding.hpp"

namespace godwit::mailauth {
namespace {

constexpr std::size_t digest_size = 32;
constexpr std::size_t info_size = 24;  // of a SubjectPublicKeyInfo with a key of 2048 bits, before the RSAPublicKey

class RsaKeyRecord : public ::testing::Test {
 protected:
  const Key key_ = Key::generate(KeyKind::rsa, 2048).value();
  const std::string info_ = base::base64_decode(key_.public_text()).value();
  const std::string digest_ = std::string(digest_size, 'd');
  const std::string signature_ = key_.sign(digest_).value();

  bool verifies(const std::string& der) const {
    const auto read = Key::from_record(KeyKind::rsa, der);
    return read && read->verifies(digest_, signature_);
  }
};

TEST_F(RsaKeyRecord, IsReadInBothForms) {
  EXPECT_TRUE(verifies(info_));
  EXPECT_TRUE(verifies(info_.substr(info_size)));
  EXPECT_EQ(Key::from_record(KeyKind::rsa, info_).value().bits(), 2048);
  EXPECT_FALSE(Key::from_record(KeyKind::rsa, info_).value().verifies(std::string(digest_size, 'e'), signature_));
  EXPECT_FALSE(Key::from_record(KeyKind::rsa, info_).value().verifies(digest_, signature_.substr(1)));
}

TEST_F(RsaKeyRecord, WhatIsCutOrChangedIsNoKeyOrAnother) {
  for (const auto& whole : {info_, info_.substr(info_size)}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(Key::from_record(KeyKind::rsa, whole.substr(0, size))) << size;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
      auto changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 0x41);
      // The parameters of the algorithm, which are NULL, are nobody's.
      const bool counts = whole != info_ || i < 17 || i > 18;
      EXPECT_FALSE(counts && verifies(changed)) << i;
    }
  }
}

TEST_F(RsaKeyRecord, KeysOfOtherKindsAreNotTaken) {
  auto other = info_;
  other[16] = '\x0a';  // RSASSA-PSS
  EXPECT_FALSE(Key::from_record(KeyKind::rsa, other));
  // A SubjectPublicKeyInfo of Ed25519.
  const auto edwards = base::base64_decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").value();
  EXPECT_FALSE(Key::from_record(KeyKind::rsa, edwards));
  for (const auto& odd : {std::string("\x30\x84\xff\xff\xff\xff", 6), std::string("\x30\x80\x02\x01\x01", 5),
                          std::string("\x30\x06\x02\x01\x00\x02\x01\x03", 8),
                          std::string("\x30\x06\x02\x01\x81\x02\x01\x03", 8), std::string("\x30\x02\x02\x00", 4)})
    EXPECT_FALSE(Key::from_record(KeyKind::rsa, odd));
}

TEST(RsaKeyOfRecord, WhatTakesLongToVerifyWithIsRefused) {
  const auto value = [](char tag, const std::string& contents) {
    const auto size = contents.size();
    return std::string{tag, '\x82', static_cast<char>(size >> 8U), static_cast<char>(size & 255U)} + contents;
  };
  const auto key = [&](std::size_t modulus, std::size_t exponent) {
    const auto number = [&](std::size_t octets) { return value('\x02', std::string(octets, '\x7f')); };
    return Key::from_record(KeyKind::rsa, value('\x30', number(modulus) + number(exponent)));
  };
  EXPECT_TRUE(key(1024, 8));
  EXPECT_FALSE(key(1025, 3));
  EXPECT_FALSE(key(256, 9));
}

}  // namespace
}  // namespace godwit::mailauth
