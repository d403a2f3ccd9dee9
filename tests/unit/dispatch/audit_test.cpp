// SPDX-License-Identifier: Apache-2.0
#include "dispatch/audit.hpp"

#include <gmock/gmock.h>

#include "support/run_awaitable.hpp"
#include "unit/dispatch/fake_spool.hpp"

namespace godwit::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuditTest : public ::testing::Test {
 protected:
  void store(std::uint64_t id, const std::vector<std::string>& domains) {
    mail::Envelope envelope;
    envelope.sender = smtp::Mailbox{"me", "s.example"};
    for (const auto& domain : domains) envelope.recipients.push_back({.address = {"x", domain}});
    spool.envelopes[{id}] = envelope;
  }
  void enqueue(std::uint64_t id, const std::string& domain) { queue.add({.key = {{id}, domain}}); }
  Audit::Round round() { return *testing::run_awaitable(audit.round()); }
  std::vector<std::uint64_t> missing(std::vector<queue::Key> suspicious) {
    std::vector<std::uint64_t> ids;
    for (const auto& message : testing::run_awaitable(audit.missing(std::move(suspicious))))
      ids.push_back(message.id.value);
    return ids;
  }

  FakeSpool spool;
  queue::Queue queue{queue::Settings{}};
  // Whoever has an item of his own is in it.
  Audit audit{queue, spool, [this](base::MessageId id, const smtp::Mailbox& address) {
                auto own = to_string(address);
                return queue.contains({id, own}) ? own : address.domain;
              }};
};

TEST_F(AuditTest, CountsEveryDeliveryThatIsThere) {
  store(1, {"a.example", "b.example"});
  store(2, {"a.example"});
  for (const auto* domain : {"a.example", "b.example"}) enqueue(1, domain);
  enqueue(2, "a.example");
  const auto found = round();
  EXPECT_EQ(found.checked, 3U);
  EXPECT_THAT(found.suspicious, IsEmpty());
  EXPECT_EQ(found.broken, "");
}

TEST_F(AuditTest, AUserWithAnItemOfItsOwnIsNotMissing) {
  store(1, {"a.example"});
  enqueue(1, "x@a.example");
  EXPECT_THAT(round().suspicious, IsEmpty());
  EXPECT_THAT(missing({{{1}, "a.example"}}), IsEmpty());
}

TEST_F(AuditTest, AUserIsMissedBesideOneOfTheSameDomain) {
  store(1, {"a.example"});
  spool.envelopes[{1}].recipients.push_back({.address = {"y", "a.example"}});
  enqueue(1, "x@a.example");
  const auto found = round();
  EXPECT_THAT(found.suspicious, ElementsAre(queue::Key{{1}, "a.example"}));
  EXPECT_THAT(missing(found.suspicious), ElementsAre(1));
  enqueue(1, "y@a.example");
  EXPECT_THAT(missing(found.suspicious), IsEmpty());
}

TEST_F(AuditTest, DeliveryThatTheQueueForgotIsFoundByItsDomain) {
  store(1, {"a.example", "b.example"});
  store(2, {"a.example"});
  enqueue(1, "a.example");
  enqueue(2, "a.example");
  const auto found = round();
  EXPECT_THAT(found.suspicious, ElementsAre(queue::Key{{1}, "b.example"}));
  EXPECT_THAT(missing(found.suspicious), ElementsAre(1));
}

TEST_F(AuditTest, WhatWasOnlyOnItsWayIsNotMissing) {
  store(1, {"a.example"});
  store(2, {"a.example"});
  store(3, {"a.example"});
  const auto found = round();
  EXPECT_THAT(found.suspicious, SizeIs(3));
  enqueue(1, "a.example");
  spool.envelopes.erase({2});
  spool.envelopes[{3}].recipients[0].state = mail::RecipientState::delivered;
  EXPECT_THAT(missing(found.suspicious), IsEmpty());
}

TEST_F(AuditTest, ALongQueueIsCheckedInSlices) {
  for (std::uint64_t id = 1; id <= Audit::small_queue + 1; ++id) {
    store(id, {"a.example"});
    enqueue(id, "a.example");
  }
  const auto found = round();
  EXPECT_EQ(found.checked, Audit::small_queue + 1);
  EXPECT_THAT(found.suspicious, IsEmpty());
  EXPECT_EQ(found.broken, "");
}

TEST_F(AuditTest, WhatItHoldsInMemoryIsBounded) {
  for (std::uint64_t id = 1; id <= 2 * Audit::most_suspicious; ++id) store(id, {"a.example"});
  EXPECT_THAT(round().suspicious, SizeIs(Audit::most_suspicious));
}

}  // namespace
}  // namespace godwit::dispatch
