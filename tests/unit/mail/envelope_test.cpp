// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/envelope.hpp"

#include <gtest/gtest.h>

#include "godwit/base/random.hpp"
#include "mail/envelope_format.hpp"
#include "mail/fields.hpp"

namespace godwit::mail {
namespace {

base::WallTime at_nanosecond(std::int64_t nanoseconds) {
  return base::WallTime(base::Duration(nanoseconds));
}

Envelope full_envelope() {
  Envelope envelope;
  envelope.sender = smtp::Mailbox{"a b", "example.com"};
  envelope.recipients.push_back({.address = {"bob", "example.net"},
                                 .original = "Bob@Example.NET",
                                 .notify = smtp::notify_failure | smtp::notify_delay,
                                 .orcpt = "rfc822;bob@example.org",
                                 .state = RecipientState::bounced,
                                 .last_reply = "550 5.1.1 no such user",
                                 .warned = true});
  envelope.recipients.push_back(
      {.address = {"", "[192.0.2.1]"}, .expanded_alias = true, .owner = smtp::Mailbox{"owner-list", "example.com"}});
  envelope.body = smtp::BodyType::binary_mime;
  envelope.smtputf8 = true;
  envelope.require_tls = true;
  envelope.tls_optional = true;
  envelope.envid = "QQ314159";
  envelope.ret = 2;
  envelope.accepted = at_nanosecond(1'795'426'555'123'456'789);
  envelope.client_address = "2001:db8::1";
  envelope.client_hello = "mypc";
  envelope.account = "alice@example.com";
  envelope.protocol = "ESMTPSA";
  envelope.attempts = 4'000'000'000;
  envelope.next_attempt = at_nanosecond(-1);
  envelope.held = true;
  envelope.warned = true;
  envelope.release = at_nanosecond(1'795'426'600'000'000'000);
  envelope.deliver_by = DeliverBy{
      .time = at_nanosecond(1'795'426'700'000'000'000), .mode = smtp::DeliverBy::Mode::give_back, .trace = true};
  envelope.priority = -9;
  return envelope;
}

Update full_update() {
  return {.recipients = {{0, RecipientState::delivered, "250 ok"}, {70'000, RecipientState::waiting, "", true}},
          .attempts = 0,
          .next_attempt = at_nanosecond(0),
          .held = false,
          .warned = true};
}

TEST(Envelope, ComesBackFromItsBinaryForm) {
  for (const auto& envelope : {Envelope{}, full_envelope()}) {
    const auto decoded = decode_envelope(encode(envelope));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, envelope);
  }
}

TEST(Envelope, KeepsEveryPriorityAndNoOther) {
  Envelope envelope;
  for (int priority = -9; priority <= 9; ++priority) {
    envelope.priority = static_cast<std::int8_t>(priority);
    EXPECT_EQ(decode_envelope(encode(envelope))->priority, priority);
  }
  for (const std::uint64_t number : {0U, 20U}) {
    FieldWriter<format::EnvelopeTag> out;
    out.number(format::EnvelopeTag::priority, number);
    EXPECT_FALSE(decode_envelope(out.take())) << number;
  }
}

TEST(Envelope, TellsTheNullSenderFromAnEmptyLocalPart) {
  Envelope envelope;
  envelope.sender = smtp::Mailbox{};
  EXPECT_FALSE(decode_envelope(encode(envelope))->is_bounce());
  EXPECT_TRUE(decode_envelope("")->is_bounce());
}

TEST(Envelope, KeepsExtremeTimes) {
  for (const auto nanoseconds : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-2}, std::int64_t{1},
                                 std::numeric_limits<std::int64_t>::max()}) {
    Envelope envelope;
    envelope.accepted = at_nanosecond(nanoseconds);
    EXPECT_EQ(decode_envelope(encode(envelope))->accepted, at_nanosecond(nanoseconds));
  }
}

TEST(Envelope, BinaryFormIsStable) {
  Envelope envelope;
  envelope.sender = smtp::Mailbox{"a", "b"};
  envelope.recipients.push_back({.address = {"c", "d"}, .state = RecipientState::delivered});
  envelope.attempts = 300;
  EXPECT_EQ(encode(envelope), std::string("\x01\x06\x01\x01"
                                          "a\x02\x01"
                                          "b\x02\x0b\x01\x06\x01\x01"
                                          "c\x02\x01"
                                          "d\x05\x01\x01\x0d\x02\xac\x02"));
}

TEST(Envelope, SkipsFieldsOfLaterVersions) {
  const std::string later = "\xc8\x03xyz";  // tag 200
  const auto envelope = full_envelope();
  EXPECT_EQ(*decode_envelope(later + encode(envelope) + later), envelope);
  EXPECT_EQ(*decode_update(encode(full_update()) + later), full_update());
}

TEST(Envelope, RefusesDamage) {
  using namespace std::string_literals;
  for (const auto& bytes : {"\x01"s, "\x06\x05vid"s, "\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s,
                            "\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"s, "\x02\x00"s, "\x03\x01\x03"s,
                            "\x04\x01\x02"s, "\x0d\x00"s, "\x0d\x02\x01\x01"s, "\x0d\x05\xff\xff\xff\xff\x1f"s}) {
    const auto decoded = decode_envelope(bytes);
    ASSERT_FALSE(decoded) << ::testing::PrintToString(bytes);
    EXPECT_EQ(decoded.error().kind, base::ErrorKind::corrupt);
  }
}

TEST(Envelope, EveryTruncationIsDamageOrAShorterList) {
  const auto bytes = encode(full_envelope());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_envelope(std::string_view(bytes).substr(0, size));
    if (decoded) {
      EXPECT_NE(*decoded, full_envelope());
    }
  }
}

TEST(Envelope, SurvivesRandomDamage) {
  base::SeededRandom random(20261123);
  const std::string originals[] = {encode(full_envelope()), encode(full_update())};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = originals[round % 2];
    for (auto changes = random.below(4) + 1; changes > 0; --changes) {
      const auto place = random.below(bytes.size());
      switch (random.below(3)) {
        case 0:
          bytes[place] = static_cast<char>(random.next());
          break;
        case 1:
          bytes.insert(place, 1, static_cast<char>(random.next()));
          break;
        default:
          bytes.erase(place, 1);
          break;
      }
    }
    // What decodes must encode and decode again to the same.
    if (const auto envelope = decode_envelope(bytes)) {
      EXPECT_EQ(*decode_envelope(encode(*envelope)), *envelope);
    }
    if (const auto update = decode_update(bytes)) {
      EXPECT_EQ(*decode_update(encode(*update)), *update);
    }
  }
}

TEST(Update, ComesBackFromItsBinaryForm) {
  for (const auto& update : {Update{}, full_update()}) {
    const auto decoded = decode_update(encode(update));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, update);
  }
}

TEST(Update, ChangesOnlyWhatItNames) {
  Envelope envelope = full_envelope();
  envelope.recipients[1].last_reply = "451 later";
  Envelope expected = envelope;
  expected.recipients[1].state = RecipientState::delivered;
  expected.recipients[1].last_reply = "250 ok";
  expected.recipients[1].warned = true;
  expected.held = false;
  apply({.recipients = {{1, RecipientState::delivered, "250 ok", true}, {2, RecipientState::deleted, "beyond"}},
         .attempts = {},
         .next_attempt = {},
         .held = false,
         .warned = {}},
        envelope);
  EXPECT_EQ(envelope, expected);
}

TEST(Update, LaterOnesWin) {
  Envelope envelope = full_envelope();
  apply(full_update(), envelope);
  EXPECT_EQ(envelope.attempts, 0U);
  EXPECT_EQ(envelope.next_attempt, at_nanosecond(0));
  EXPECT_EQ(envelope.recipients[0].state, RecipientState::delivered);
}

TEST(Envelope, WaitsWhileAnyRecipientDoes) {
  Envelope envelope = full_envelope();
  EXPECT_TRUE(has_waiting(envelope));
  envelope.recipients[1].state = RecipientState::expired;
  EXPECT_FALSE(has_waiting(envelope));
  EXPECT_FALSE(has_waiting(Envelope{}));
}

}  // namespace
}  // namespace godwit::mail
