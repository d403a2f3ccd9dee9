// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/export_file.hpp"

#include <gmock/gmock.h>

namespace godwit::mail {
namespace {

using ::testing::HasSubstr;

ExportFile a_file() {
  ExportFile file;
  file.id = *base::parse_message_id("06ZQ3W8K1M4TR");
  file.envelope.sender = smtp::Mailbox{"mod", "abc.example"};
  for (const char* local : {"one", "two"}) {
    Recipient& recipient = file.envelope.recipients.emplace_back();
    recipient.address = {local, "xyz.example"};
    recipient.last_reply = "451 4.3.0 \xff later\n";
  }
  file.envelope.recipients[0].state = RecipientState::delivered;
  file.envelope.attempts = 3;
  file.envelope.held = true;
  file.envelope.envid = "envid";
  file.body_size = 1234;
  file.body_crc = 0x00C0FFEE;
  return file;
}

TEST(ExportFile, ComesBackAsItWas) {
  const ExportFile file = a_file();
  const auto back = decode_export_file(encode(file));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id, file.id);
  EXPECT_EQ(back->envelope, file.envelope);
  EXPECT_EQ(back->body_size, file.body_size);
  EXPECT_EQ(back->body_crc, file.body_crc);
}

TEST(ExportFile, IsReadableText) {
  const std::string text = encode(a_file());
  EXPECT_THAT(text, HasSubstr("Godwit-Export: 1\nId: 06ZQ3W8K1M4TR\nSender: <mod@abc.example>\n"
                              "Recipient: <one@xyz.example> delivered\nRecipient: <two@xyz.example> waiting\n"
                              "Body-Size: 1234\nBody-Checksum: 00c0ffee\nEnvelope: "));
}

TEST(ExportFile, AFlippedBitAnywhereIsNoticed) {
  const std::string text = encode(a_file());
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const int bit : {1, 4, 64}) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ bit);
      EXPECT_FALSE(decode_export_file(damaged)) << "at " << at;
    }
}

TEST(ExportFile, ACutOneIsNoticed) {
  const std::string text = encode(a_file());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(decode_export_file(text.substr(0, size))) << "cut at " << size;
}

TEST(ExportFile, ALaterFormatIsToldFromDamage) {
  const auto later = decode_export_file("Godwit-Export: 2\nSomething: else\n");
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().kind, base::ErrorKind::unsupported);
}

}  // namespace
}  // namespace godwit::mail
