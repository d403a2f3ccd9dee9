// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/message_signing.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

using ::testing::HasSubstr;
using testing::run_awaitable;
using ::testing::StartsWith;

Findings signed_with(mailauth::Key key) {
  mailauth::SigningKey named{.domain = "example.com", .selector = "s1", .private_key = {}, .accounts = {}};
  const auto signers = std::make_shared<const mailauth::Signers>(
      std::vector<mailauth::Signer>{{.settings = std::move(named), .key = std::move(key)}});
  const testing::ManualClock clock;
  MessageSigning one(signers, clock, {.account = {}, .sender = {}, .bound = false});
  one.begin_message();
  std::string stored;
  one.put("From: a@example.com\r\nSubject: Hello\r\n\r\nHello.\r\n", stored);
  one.finish(stored);
  return run_awaitable(one.judge({}));
}

TEST(MessageSigning, AMessageIsSignedForItsAuthor) {
  const auto found = signed_with(mailauth::Key::generate(mailauth::KeyKind::ed25519, 0).value());
  EXPECT_FALSE(found.refusal);
  EXPECT_THAT(found.header, StartsWith("DKIM-Signature: "));
  EXPECT_EQ(found.summary, "signed example.com:s1");
}

TEST(MessageSigning, WhatCannotBeSignedNowIsNotTakenUnsigned) {
  const auto whole = mailauth::Key::generate(mailauth::KeyKind::ed25519, 0).value();
  const auto bytes = base::base64_decode(whole.public_text()).value();
  const auto found = signed_with(mailauth::Key::from_record(mailauth::KeyKind::ed25519, bytes).value());
  ASSERT_TRUE(found.refusal);
  EXPECT_THAT(to_line(*found.refusal), HasSubstr("451 4.3.0 Cannot sign"));
}

}  // namespace
}  // namespace godwit::policy
