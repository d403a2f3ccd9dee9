// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/metrics.hpp"

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace godwit::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

queue::SiteView site(std::string name, std::size_t connections, std::size_t due) {
  queue::SiteView view;
  view.name = std::move(name);
  view.connections = connections;
  view.due = due;
  return view;
}

TEST(DestinationSums, NameTheBusiestAndSumUpTheOthers) {
  DestinationSums sums;
  for (std::size_t i = 0; i < 1000; ++i) sums.add(site(fmt::format("d{}.example", i), 0, i));
  sums.add(site("connected.example", 1, 0));
  ASSERT_EQ(sums.busiest().size(), DestinationSums::named);
  EXPECT_EQ(sums.busiest()[0].name, "connected.example");
  EXPECT_EQ(sums.busiest()[1].name, "d999.example");
  std::uint64_t all = sums.other().due;
  for (const auto& sum : sums.busiest()) all += sum.due;
  EXPECT_EQ(all, 999U * 1000 / 2);
}

TEST(DestinationSums, CountWhatIsDownWhereverItIs) {
  DestinationSums sums;
  for (int i = 0; i < 50; ++i) {
    auto one = site(fmt::format("d{}.example", i), 0, 1);
    one.state = i % 2 == 0 ? queue::SiteView::State::down : queue::SiteView::State::suspended;
    sums.add(one);
  }
  EXPECT_EQ(sums.down(), 25U);
  EXPECT_EQ(sums.suspended(), 25U);
}

TEST(DestinationSums, NameWhereMostWaitsForSomething) {
  DestinationSums sums;
  for (std::size_t i = 0; i < 100; ++i) {
    auto one = site(fmt::format("d{}.example", i), 0, i);
    if (i % 10 == 0) one.reason = "connection refused";
    sums.add(one);
  }
  std::vector<std::string> names;
  for (const auto& one : sums.slow()) names.push_back(one.name);
  EXPECT_THAT(names, ::testing::ElementsAre("d90.example", "d80.example", "d70.example", "d60.example", "d50.example"));
  EXPECT_EQ(sums.slow()[0].reason, "connection refused");
}

TEST(Metrics, HistogramsAreCumulative) {
  static constexpr double bounds[] = {0.1, 1};
  base::Histogram histogram(bounds);
  for (const double value : {0.05, 0.05, 0.5, 5.0}) histogram.add(value);
  Metrics metrics;
  metrics.status.accept_time = histogram.counts();
  const auto text = to_text(metrics);
  EXPECT_THAT(text, HasSubstr("# TYPE godwit_accept_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("godwit_accept_seconds_bucket{le=\"0.1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("godwit_accept_seconds_bucket{le=\"1\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("godwit_accept_seconds_bucket{le=\"+Inf\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("godwit_accept_seconds_sum 5.6\n"));
}

TEST(Metrics, OutcomesHaveAClassOnlyWhereThereWasOne) {
  Metrics metrics;
  metrics.status.events.by_outcome[0].back() = 7;
  metrics.status.events.by_outcome[1][static_cast<std::size_t>(mail::FailureClass::network)] = 3;
  const auto text = to_text(metrics);
  EXPECT_THAT(text, HasSubstr("godwit_recipients_total{outcome=\"delivered\",class=\"none\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("godwit_recipients_total{outcome=\"deferred\",class=\"network\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("class=\"loop\"")));
}

// Names come from DNS and from configuration.
TEST(Metrics, NoNameBreaksALine) {
  Metrics metrics;
  metrics.destinations.add(site("a\"b\\c\nd\xFF", 1, 1));
  EXPECT_THAT(to_text(metrics),
              HasSubstr("godwit_destination_queued{destination=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"} 1\n"));
}

TEST(Metrics, WhatTheQueueForgotIsCounted) {
  Metrics metrics;
  metrics.status.audit = {.checked = 9, .errors = 2};
  EXPECT_THAT(to_text(metrics), HasSubstr("\ngodwit_queue_audit_errors_total 2\n"));
}

TEST(Metrics, CertificatesSayWhenTheyExpire) {
  Metrics metrics;
  Certificate replaced, usable;
  replaced.file = "/a.pem";
  replaced.expires = base::WallTime(std::chrono::seconds(4'000'000'000));
  replaced.error = "the key does not fit";
  usable.file = "/b.pem";
  metrics.status.certificates = {replaced, usable};
  const auto text = to_text(metrics);
  EXPECT_THAT(text, HasSubstr("godwit_certificate_expires_timestamp_seconds{file=\"/a.pem\"} 4000000000"));
  EXPECT_THAT(text, HasSubstr("godwit_certificate_unusable{file=\"/a.pem\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("godwit_certificate_unusable{file=\"/b.pem\"} 0\n"));
}

TEST(Metrics, LimitsSayWhomTheyHaveRefused) {
  Metrics metrics;
  EXPECT_THAT(to_text(metrics), Not(HasSubstr("godwit_limit")));
  metrics.limits = {{.by = policy::LimitBy::sender,
                     .what = policy::Limited::bytes,
                     .rate = {.count = 50U << 20U, .period = std::chrono::hours(24)},
                     .keys = 3,
                     .refusals = 7}};
  const auto text = to_text(metrics);
  EXPECT_THAT(text, HasSubstr("godwit_limit_refusals_total{by=\"sender\",of=\"bytes\",rate=\"50MiB/1d\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("godwit_limit_keys{by=\"sender\",of=\"bytes\",rate=\"50MiB/1d\"} 3\n"));
}

}  // namespace
}  // namespace godwit::control
