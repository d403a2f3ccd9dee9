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
  e.warned = true;
  e.attempts = 4;
  e.accepted = base::WallTime(std::chrono::seconds(3));
  e.next_attempt = base::WallTime(std::chrono::seconds(5));
  return e;
}

std::string message_entry(const mail::Envelope& of) {
  const std::string summary = summarise(of, 1234);
  return encode(IndexEntry{RecordType::message, body_is_large, base::MessageId{1}, 4096, 70, summary});
}

TEST(IndexBlock, TellsWhenAndHowUrgentlyAMessageIsToBeDelivered) {
  auto e = envelope();
  MessageSummary message;
  ASSERT_TRUE(decode_summary(summarise(e, 1), message));
  EXPECT_EQ(message.release, base::WallTime{});
  EXPECT_FALSE(message.deliver_by);
  EXPECT_EQ(message.priority, 0);
  e.release = base::WallTime(std::chrono::seconds(6));
  e.deliver_by = mail::DeliverBy{
      .time = base::WallTime(std::chrono::seconds(7)), .mode = smtp::DeliverBy::Mode::give_back, .trace = false};
  e.priority = -3;
  const auto summary = summarise(e, 1);
  ASSERT_TRUE(decode_summary(summary, message));
  EXPECT_EQ(message.release, e.release);
  EXPECT_EQ(message.deliver_by, e.deliver_by);
  EXPECT_EQ(message.priority, -3);
  EXPECT_FALSE(decode_summary(std::string_view(summary).substr(0, summary.size() - 1), message)) << "cut";
  // What the message before had is not left over.
  ASSERT_TRUE(decode_summary(summarise(envelope(), 1), message));
  EXPECT_FALSE(message.deliver_by);
}

TEST(IndexBlock, EntriesComeBack) {
  mail::Update update;
  update.next_attempt = base::WallTime(std::chrono::seconds(9));
  update.held = true;
  update.warned = false;
  update.recipients.push_back({2, mail::RecipientState::bounced, {}});
  const std::string summary = summarise(update, 77);
  const std::string done = summarise(mail::Update{}, 7);
  const std::string bytes = message_entry(envelope()) +
                            encode(IndexEntry{RecordType::update, 0, base::MessageId{1}, 8192, 20, summary}) +
                            encode(IndexEntry{RecordType::done, 0, base::MessageId{1}, 8300, 0, done});
  ASSERT_TRUE(is_complete_index(bytes));
  IndexReader reader(bytes);
  const auto first = reader.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->flags, body_is_large);
  MessageSummary message;
  ASSERT_TRUE(decode_summary(first->summary, message));
  EXPECT_EQ(message.body_size, 1234U);
  EXPECT_EQ(message.sender, "a@x.example");
  EXPECT_FALSE(message.bounce);
  EXPECT_EQ(message.waiting, 3U);
  EXPECT_EQ(message.attempts, 4U);
  EXPECT_EQ(message.accepted, envelope().accepted);
  EXPECT_TRUE(message.held);
  EXPECT_TRUE(message.warned);
  EXPECT_EQ(message.domains, (std::vector<std::string_view>{"b.example", "c.example", "gone.example"}));
  using Run = MessageSummary::Run;
  constexpr auto waiting = mail::RecipientState::waiting;
  EXPECT_EQ(
      message.recipients,
      (std::vector<Run>{{1, waiting, 1}, {0, waiting, 1}, {1, waiting, 1}, {2, mail::RecipientState::delivered, 1}}));
  UpdateSummary known;
  ASSERT_TRUE(decode_summary(reader.next()->summary, known));
  EXPECT_EQ(known.holder, 77U);
  EXPECT_EQ(known.update, update);
  const auto last = reader.next();
  EXPECT_EQ(last->offset, 8300U);
  ASSERT_TRUE(decode_summary(last->summary, known));
  EXPECT_EQ(known.holder, 7U);
  EXPECT_EQ(known.update, mail::Update{});
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.malformed());
}

TEST(IndexBlock, EachCutIsMalformedOrSaysTooLittle) {
  const std::string summary = summarise(envelope(), 1234);
  const std::string bytes = message_entry(envelope());
  EXPECT_EQ(bytes.size(), index_entry_size(summary.size()));
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(is_complete_index(bytes.substr(0, size))) << size;
  MessageSummary message;
  for (std::size_t size = 0; size < summary.size(); ++size)
    EXPECT_FALSE(decode_summary(std::string_view(summary).substr(0, size), message)) << size;
}

// Written before summaries told the state of each recipient.
TEST(IndexBlock, AnEntryOfTheFirstVersionIsNotComplete) {
  const std::string update(8, '\0');
  EXPECT_FALSE(is_complete_index(encode(IndexEntry{RecordType::update, 0, base::MessageId{1}, 4096, 9, update})));
  EXPECT_FALSE(is_complete_index(encode(IndexEntry{RecordType::done, 0, base::MessageId{1}, 4096, 0, ""})));
}

TEST(IndexBlock, ThousandsOfRecipientsOfOneDomainAreOneRun) {
  mail::Envelope list = envelope();
  for (int i = 0; i < 5000; ++i)
    list.recipients.push_back(
        {.address = {"r" + std::to_string(i), "list.example"}, .original = {}, .orcpt = {}, .last_reply = {}});
  EXPECT_LT(summarise(list, 1).size(), summarise(envelope(), 1).size() + 100);
}

TEST(IndexBlock, ManyDomainsComeBackSorted) {
  mail::Envelope many;
  for (int i = 1000; i < 2000; ++i)
    many.recipients.push_back(
        {.address = {"r", "d" + std::to_string(i)}, .original = {}, .orcpt = {}, .last_reply = {}});
  const std::string summary = summarise(many, 1);
  MessageSummary message;
  ASSERT_TRUE(decode_summary(summary, message));
  EXPECT_TRUE(message.bounce);
  ASSERT_EQ(message.domains.size(), 1000U);
  EXPECT_EQ(message.domains[900], "d1900");
  ASSERT_EQ(message.recipients.size(), 1000U);
  EXPECT_EQ(message.recipients[900].domain, 900U);
}

}  // namespace
}  // namespace godwit::spool
