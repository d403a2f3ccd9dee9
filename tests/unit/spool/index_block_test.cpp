// SPDX-License-Identifier: Apache-2.0
#include "spool/index_block.hpp"

#include <gtest/gtest.h>

namespace godwit::spool {
namespace {

mail::Envelope envelope() {
  mail::Envelope e;
  e.sender = smtp::Mailbox{"a", "x.example"};
  for (const char* domain : {"c.example", "b.example", "c.example", "gone.example"})
    e.recipients.push_back({.address = {"r", domain}, .original = {}, .orcpt = {}, .last_reply = {}});
  e.recipients.back().state = mail::RecipientState::delivered;
  e.held = true;
  e.next_attempt = base::WallTime(std::chrono::seconds(5));
  return e;
}

TEST(IndexBlock, EntriesComeBack) {
  mail::Update update;
  update.next_attempt = base::WallTime(std::chrono::seconds(9));
  const std::string bytes = encode_index_entry(RecordType::message, body_is_large, base::MessageId{1}, 4096, 70,
                                               summarise(envelope(), 1234)) +
                            encode_index_entry(RecordType::update, 0, base::MessageId{1}, 8192, 20, summarise(update)) +
                            encode_index_entry(RecordType::done, 0, base::MessageId{1}, 8300, 0, "");
  const auto entries = decode_index(bytes);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  const IndexEntry& message = entries->front();
  EXPECT_EQ(message.body_size, 1234U);
  EXPECT_EQ(message.sender, "a@x.example");
  EXPECT_EQ(message.waiting, 3U);
  EXPECT_TRUE(message.held);
  EXPECT_EQ(message.domains, (std::vector<std::string>{"b.example", "c.example"}));
  EXPECT_EQ((*entries)[1].next_attempt, update.next_attempt);
  EXPECT_EQ((*entries)[2].offset, 8300U);
}

TEST(IndexBlock, EachCutIsMalformed) {
  const std::string bytes =
      encode_index_entry(RecordType::message, 0, base::MessageId{1}, 4096, 70, summarise(envelope(), 1234));
  EXPECT_EQ(bytes.size(), index_entry_size(summarise(envelope(), 1234).size()));
  for (std::size_t size = 1; size < bytes.size(); ++size) EXPECT_FALSE(decode_index(bytes.substr(0, size))) << size;
}

}  // namespace
}  // namespace godwit::spool
