// SPDX-License-Identifier: Apache-2.0
#include "daemon/past_envelope.hpp"

#include <gmock/gmock.h>

namespace godwit::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Fields = std::vector<state::HistoryField>;

state::HistoryEvent event(const std::string& name, Fields fields) {
  state::HistoryEvent made;
  made.name = name;
  made.fields = std::move(fields);
  return made;
}

state::HistoryEvent accepted(Fields more) {
  Fields fields{{"id", "06ZQ3W8K1M4TR"}, {"size", std::int64_t{4711}}};
  fields.insert(fields.end(), more.begin(), more.end());
  return event("accepted", fields);
}

std::vector<std::string> texts(const std::vector<smtp::Mailbox>& addresses) {
  std::vector<std::string> all;
  for (const auto& address : addresses) all.push_back(smtp::to_string(address));
  return all;
}

TEST(PastEnvelope, IsWhatWasRecorded) {
  const auto envelope = past_envelope(accepted({{"from", "<a@a.example>"},
                                                {"to", "<b@b.example>,<\"c,>d\"@b.example>"},
                                                {"client", "192.0.2.1"},
                                                {"service", "submission"},
                                                {"account", "a@a.example"}}));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(smtp::to_string(envelope->sender), "a@a.example");
  EXPECT_THAT(texts(envelope->recipients), ElementsAre("b@b.example", "\"c,>d\"@b.example"));
  EXPECT_EQ(envelope->asked, 2U);
  EXPECT_EQ(envelope->size, 4711U);
  EXPECT_EQ(base::to_string(envelope->client.address), "192.0.2.1");
  EXPECT_EQ(envelope->client.service, smtp::Service::submission);
  EXPECT_EQ(envelope->client.account, "a@a.example");
}

TEST(PastEnvelope, OlderOnesNameNoService) {
  const auto service = [](const char* client, const char* account) {
    return past_envelope(accepted({{"from", "<>"}, {"to", "<b@b.example>"}, {"client", client}, {"account", account}}))
        .value()
        .client.service;
  };
  EXPECT_EQ(service("192.0.2.1", ""), smtp::Service::mx);
  EXPECT_EQ(service("2001:db8::1", "a@a.example"), smtp::Service::submission);
  EXPECT_EQ(service("user:root", ""), smtp::Service::local);
}

TEST(PastEnvelope, ARefusedRecipientStandsAlone) {
  const auto envelope = past_envelope(
      event("rejected",
            {{"client", "192.0.2.1"}, {"stage", "rcpt"}, {"from", "<>"}, {"to", "b@b.example"}, {"service", "mx"}}));
  ASSERT_TRUE(envelope);
  EXPECT_FALSE(envelope->sender);
  EXPECT_THAT(texts(envelope->recipients), ElementsAre("b@b.example"));
  const auto at_mail = past_envelope(
      event("rejected", {{"client", "192.0.2.1"}, {"stage", "mail"}, {"from", "<a@a.example>"}, {"to", ""}}));
  ASSERT_TRUE(at_mail);
  EXPECT_THAT(at_mail->recipients, IsEmpty());
}

TEST(PastEnvelope, WhatCannotBeReadIsNone) {
  EXPECT_FALSE(past_envelope(accepted({})));
  EXPECT_FALSE(past_envelope(accepted({{"from", "<>"}, {"to", "<b@b.example>"}, {"client", "nowhere"}})));
  EXPECT_FALSE(past_envelope(accepted({{"from", "<"}, {"to", "<b@b.example>"}, {"client", "192.0.2.1"}})));
  EXPECT_FALSE(past_envelope(accepted({{"from", "<>"}, {"to", "nobody"}, {"client", "192.0.2.1"}})));
  EXPECT_FALSE(
      past_envelope(event("rejected", {{"client", "192.0.2.1"}, {"stage", "rcpt"}, {"from", "<>"}, {"to", ""}})));
}

TEST(PastEnvelope, ACutListEndsWhereItIsWhole) {
  EXPECT_THAT(texts(parse_paths("<a@a.example>,<b@b.example>,<c@c.ex")), ElementsAre("a@a.example", "b@b.example"));
  EXPECT_THAT(parse_paths(""), IsEmpty());
  EXPECT_THAT(parse_paths("<>,<a@a.example>"), IsEmpty());
}

TEST(PastEnvelopes, TheWholeOneCompletesWhatWasAccepted) {
  PastEnvelopes envelopes;
  envelopes.remember(event("envelope", {{"id", "06ZQ3W8K1M4TR"},
                                        {"from", "<given@a.example>"},
                                        {"to", "<1@b.example>,<2@b.example>,<3@b.exa"},
                                        {"asked", std::int64_t{900}}}));
  const auto seen = accepted({{"from", "<rewritten@a.example>"}, {"to", "<1@b.example>"}, {"client", "192.0.2.1"}});
  const auto envelope = envelopes.complete(seen);
  ASSERT_TRUE(envelope);
  EXPECT_EQ(smtp::to_string(envelope->sender), "given@a.example");
  EXPECT_THAT(envelope->recipients, SizeIs(2));
  EXPECT_EQ(envelope->asked, 900U);
  // Only of that message, and once.
  EXPECT_EQ(envelopes.complete(seen)->asked, 1U);
}

}  // namespace
}  // namespace godwit::daemon
