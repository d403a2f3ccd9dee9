// SPDX-License-Identifier: Apache-2.0
#include "dispatch/own_signatures.hpp"

#include <gmock/gmock.h>

namespace godwit::dispatch {
namespace {

using ::testing::StartsWith;

mailauth::Signers signers_with(mailauth::Key key) {
  return mailauth::Signers(
      {{.settings = {.domain = "mail.example", .selector = "s1", .private_key = {}, .accounts = {}},
        .key = std::move(key)}});
}

constexpr const char* notice = "From: postmaster@mail.example\r\nSubject: x\r\n\r\nx\r\n";

TEST(OwnSignatures, AreMadeWhereAKeyIsForTheHost) {
  const auto signers = signers_with(mailauth::Key::generate(mailauth::KeyKind::ed25519, 0).value());
  EXPECT_THAT(own_signatures(notice, &signers, {}).value(), StartsWith("DKIM-Signature:"));
  EXPECT_EQ(own_signatures("From: x@other.example\r\n\r\nx\r\n", &signers, {}).value(), "");
  EXPECT_EQ(own_signatures(notice, nullptr, {}).value(), "");
}

TEST(OwnSignatures, WithAKeyThatDoesNotSignThereIsNoMessage) {
  const auto signers =
      signers_with(mailauth::Key::from_record(mailauth::KeyKind::ed25519, std::string(32, 'k')).value());
  const auto signatures = own_signatures(notice, &signers, {});
  ASSERT_FALSE(signatures);
  EXPECT_EQ(signatures.error().kind, base::ErrorKind::io);
}

}  // namespace
}  // namespace godwit::dispatch
