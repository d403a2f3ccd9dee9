// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/event_counts.hpp"

#include <gmock/gmock.h>

#include "godwit/control/counting_logger.hpp"

namespace godwit::control {
namespace {

template <std::size_t size>
std::uint64_t named(const std::array<std::string_view, size>& names, const std::array<std::uint64_t, size>& values,
                    std::string_view name) {
  const auto at = std::ranges::find(names, name) - names.begin();
  return values.at(static_cast<std::size_t>(at));
}

std::uint64_t outcome(const EventCounts::Values& values, std::string_view name, std::size_t klass) {
  return values.by_outcome.at(
      static_cast<std::size_t>(std::ranges::find(EventCounts::outcomes, name) - EventCounts::outcomes.begin()))[klass];
}

constexpr auto no_class = EventCounts::classes - 1;

class Counted : public ::testing::Test {
 protected:
  CountingLogger log{log::null_logger()};
  // The null logger wants nothing, so events are written as those do who know that somebody listens.
  void write(std::string_view event, log::Fields fields) { log.write(log::Level::info, event, fields); }
  EventCounts::Values counts() const { return log.counts(); }
};

TEST_F(Counted, AcceptedMessagesCountWithRecipientsAndBytes) {
  write("accepted", {{"id", "A"}, {"recipients", 3}, {"size", 1000}});
  write("accepted", {{"id", "B"}, {"recipients", 1}, {"size", 24}});
  EXPECT_EQ(counts().accepted, 2U);
  EXPECT_EQ(counts().accepted_recipients, 4U);
  EXPECT_EQ(counts().accepted_bytes, 1024U);
}

TEST_F(Counted, OutcomesCountByClass) {
  write("delivered", {{"id", "A"}});
  write("deferred", {{"id", "A"}, {"class", "greylisting"}});
  write("bounced", {{"id", "A"}, {"class", "bad_mailbox"}});
  write("bounced", {{"id", "A"}, {"class", "no such class"}});
  EXPECT_EQ(outcome(counts(), "delivered", no_class), 1U);
  EXPECT_EQ(outcome(counts(), "deferred", static_cast<std::size_t>(mail::FailureClass::greylisting)), 1U);
  EXPECT_EQ(outcome(counts(), "bounced", static_cast<std::size_t>(mail::FailureClass::bad_mailbox)), 1U);
  EXPECT_EQ(outcome(counts(), "bounced", no_class), 1U);
}

TEST_F(Counted, RefusalsCountByStageAndKind) {
  write("rejected", {{"stage", "rcpt"}, {"reply", "550 5.1.1 no such user"}});
  write("rejected", {{"stage", "rcpt"}, {"reply", std::string("450 4.2.0 later")}});
  write("rejected", {{"stage", "data"}, {"reason", "the spool refused it"}});
  write("rejected", {{"stage", "unheard of"}, {"reply", "554 5.7.1 no"}});
  EXPECT_EQ(named(EventCounts::stages, counts().rejected, "rcpt"), 1U);
  EXPECT_EQ(named(EventCounts::stages, counts().put_off, "rcpt"), 1U);
  EXPECT_EQ(named(EventCounts::stages, counts().put_off, "data"), 1U);
  EXPECT_EQ(named(EventCounts::stages, counts().rejected, "other"), 1U);
}

TEST_F(Counted, WhatNobodyCountsIsNoError) {
  write("login_failed", {{"client", "192.0.2.1"}});
  write("unheard_of", {});
  EXPECT_EQ(named(EventCounts::other_events, counts().others, "login_failed"), 1U);
}

}  // namespace
}  // namespace godwit::control
