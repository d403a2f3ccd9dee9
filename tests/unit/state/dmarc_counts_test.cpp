// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/dmarc_counts.hpp"

#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <boost/asio/io_context.hpp>

#include "godwit/log/line.hpp"
#include "godwit/state/dmarc_sums.hpp"
#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QuietLog final : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field> fields) override {
    names.emplace_back(event);
    lines.push_back(log::text_line({}, log::Level::warn, event, fields));
  }
  std::vector<std::string> names;
  std::vector<std::string> lines;
};

class DmarcStore : public ::testing::Test {
 protected:
  DmarcStore() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-dmarc-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    clock_.now = base::MonoTime(base::WallTime(today_).time_since_epoch() + std::chrono::hours(12));
    restart();
  }
  ~DmarcStore() override { std::filesystem::remove_all(folder_); }

  // What was not saved is lost, as in a crash.
  void restart() { counts_ = std::make_unique<DmarcCounts>(folder_, io_.get_executor(), clock_, log_); }
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return testing::run_awaitable(io_, std::move(task));
  }
  void count(const std::string& domain, const std::string& source = "192.0.2.1", const std::string& policy = "p",
             const std::string& rest = "r") {
    counts_->count({.domain = domain, .policy = policy, .source = source, .rest = rest});
  }
  std::vector<DmarcCounts::Report> close(DmarcCounts::Day before = DmarcCounts::Day::max()) {
    return run(counts_->close(before)).value();
  }
  // "192.0.2.1 r 2"
  std::vector<std::string> rows(std::int64_t report) {
    std::vector<std::string> lines;
    const auto counted = run(counts_->rows(report)).value();
    for (const auto& row : counted) lines.push_back(row.source + " " + row.rest + " " + std::to_string(row.count));
    return lines;
  }

  const DmarcCounts::Day today_{std::chrono::days(20000)};
  std::string folder_;
  boost::asio::io_context io_;
  testing::ManualClock clock_;
  QuietLog log_;
  std::unique_ptr<DmarcCounts> counts_;
};

TEST_F(DmarcStore, CountsWhatIsAlike) {
  count("a.example");
  count("a.example");
  EXPECT_TRUE(counts_->changed());
  ASSERT_TRUE(run(counts_->saved()));
  EXPECT_FALSE(counts_->changed());
  count("a.example");
  count("a.example", "192.0.2.2");
  const auto reports = close();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].domain, "a.example");
  EXPECT_EQ(reports[0].day, today_);
  EXPECT_EQ(reports[0].begin, base::WallTime(today_));
  EXPECT_EQ(reports[0].end, clock_.wall()) << "today is not over";
  EXPECT_THAT(rows(reports[0].number), ElementsAre("192.0.2.1 r 3", "192.0.2.2 r 1"));
}

TEST_F(DmarcStore, DaysPoliciesAndDomainsAreReportsOfTheirOwn) {
  count("a.example");
  count("b.example");
  count("a.example", "192.0.2.1", "another policy");
  clock_.now += std::chrono::hours(24);
  count("a.example");
  EXPECT_THAT(close(today_), IsEmpty());
  EXPECT_THAT(close(today_ + std::chrono::days(1)), SizeIs(3)) << "of the day that is over";
  EXPECT_THAT(close(), SizeIs(4));
}

TEST_F(DmarcStore, WhatComesAfterAReportIsInAnother) {
  count("a.example");
  const auto first = close().at(0);
  ASSERT_TRUE(run(counts_->finish(first.number)));
  EXPECT_THAT(close(), IsEmpty()) << "nothing new";
  clock_.now += std::chrono::minutes(1);
  count("a.example");
  const auto second = close().at(0);
  EXPECT_NE(second.number, first.number);
  EXPECT_EQ(second.begin, first.end + std::chrono::seconds(1));
  EXPECT_EQ(second.end, clock_.wall());
  EXPECT_THAT(rows(second.number), ElementsAre("192.0.2.1 r 1"));
}

TEST_F(DmarcStore, ACrashLosesWhatWasNotSavedAndSendsNothingTwice) {
  count("a.example");
  ASSERT_TRUE(run(counts_->saved()));
  count("a.example");
  restart();
  const auto before = close().at(0);
  EXPECT_THAT(rows(before.number), ElementsAre("192.0.2.1 r 1"));
  EXPECT_TRUE(run(counts_->claim(before.number, "dmarc@a.example")).value());
  restart();
  const auto after = close().at(0);
  EXPECT_EQ(after.number, before.number);
  EXPECT_EQ(after.end, before.end) << "the same report";
  EXPECT_FALSE(run(counts_->claim(after.number, "dmarc@a.example")).value());
  EXPECT_TRUE(run(counts_->claim(after.number, "other@a.example")).value());
  ASSERT_TRUE(run(counts_->unclaim(after.number, "other@a.example")));
  EXPECT_TRUE(run(counts_->claim(after.number, "other@a.example")).value());
  ASSERT_TRUE(run(counts_->finish(after.number)));
  restart();
  EXPECT_THAT(close(), IsEmpty());
}

TEST_F(DmarcStore, IsBounded) {
  for (std::size_t i = 0; i < DmarcCounts::most_rows_of_domain + 10; ++i) count("a.example", std::to_string(i));
  count("b.example");
  count("c.example", "x", "p", std::string(DmarcCounts::longest_row, 'x'));
  ASSERT_TRUE(run(counts_->saved()));
  count("a.example", "0");
  const auto waiting = run(counts_->waiting(10)).value();
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_EQ(waiting[0].rows, DmarcCounts::most_rows_of_domain);
  EXPECT_EQ(waiting[0].messages, DmarcCounts::most_rows_of_domain + 1) << "what is known goes on";
  EXPECT_EQ(waiting[1].domain, "b.example") << "another domain has its room";
  const auto next = run(counts_->waiting(10, waiting[0].day, waiting[0].domain)).value();
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(next[0].domain, "b.example") << "the next page";
  EXPECT_THAT(log_.names, ElementsAre("dmarc_counts_full")) << "said once";
  close();
  EXPECT_THAT(log_.names, ElementsAre("dmarc_counts_full", "dmarc_counts_left_out"));
  EXPECT_THAT(log_.lines.back(), HasSubstr("count=11"));
  close();
  EXPECT_THAT(log_.names, SizeIs(2)) << "nothing since then";
}

TEST_F(DmarcStore, OldOnesAreForgotten) {
  count("a.example");
  const auto report = close().at(0);
  clock_.now += std::chrono::hours(24);
  count("a.example");
  ASSERT_TRUE(run(counts_->saved()));
  ASSERT_TRUE(run(counts_->forget_before(today_ + std::chrono::days(1))));
  const auto left = close();
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_NE(left[0].number, report.number);
  EXPECT_THAT(rows(report.number), IsEmpty());
}

TEST_F(DmarcStore, ADamagedFileIsSetAside) {
  std::ofstream(folder_ + "/dmarc.sqlite") << std::string(10'000, 'x');
  count("a.example");
  ASSERT_TRUE(run(counts_->saved()));
  EXPECT_THAT(log_.names, ElementsAre("dmarc_counts_rebuilt"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/dmarc.sqlite.damaged"));
  EXPECT_THAT(close(), SizeIs(1));
}

TEST_F(DmarcStore, WhatCannotBeSavedIsKeptForTheNextTime) {
  std::filesystem::create_directory(folder_ + "/dmarc.sqlite");
  count("a.example");
  EXPECT_FALSE(run(counts_->saved()));
  EXPECT_TRUE(counts_->changed());
  std::filesystem::remove(folder_ + "/dmarc.sqlite");
  EXPECT_TRUE(run(counts_->saved()));
  EXPECT_THAT(close(), SizeIs(1));
}

// ---- received

class DmarcSumsTest : public DmarcStore {
 protected:
  DmarcSums::Report report(const std::string& id, std::vector<DmarcSums::Row> rows,
                           const std::string& domain = "x.example") {
    return {.organization = "acme",
            .id = id,
            .domain = domain,
            .begin = base::WallTime(today_),
            .end = base::WallTime(today_),
            .rows = std::move(rows)};
  }
  static DmarcSums::Row row(const std::string& source, bool dkim, bool spf, std::uint64_t messages,
                            const std::string& disposition = "none") {
    return {.source = source,
            .header_from = "x.example",
            .disposition = disposition,
            .dkim = dkim,
            .spf = spf,
            .count = messages};
  }
  std::vector<DmarcSums::Domain> summary(const std::string& domain = {}) {
    return run(sums_.summary(domain, clock_.wall() - std::chrono::hours(24 * 7))).value();
  }
  DmarcSums::Taken add(DmarcSums::Report one) { return run(sums_.add(std::move(one))).value(); }

  DmarcSums sums_{folder_, io_.get_executor(), clock_, log_};
};

TEST_F(DmarcSumsTest, SumUpWhatIsReported) {
  EXPECT_THAT(summary(), IsEmpty());
  EXPECT_EQ(add(report("1", {row("192.0.2.1", true, false, 5), row("192.0.2.9", false, false, 3, "reject")})),
            DmarcSums::Taken::yes);
  EXPECT_EQ(add(report("2", {row("192.0.2.1", true, true, 2), row("192.0.2.1", true, true, 1)})),
            DmarcSums::Taken::yes);
  EXPECT_EQ(add(report("1", {row("192.0.2.1", true, true, 100)}, "y.example")), DmarcSums::Taken::yes);
  const auto all = summary();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0].sources, IsEmpty());
  const auto one = summary("x.example").at(0);
  EXPECT_EQ(one.name, "x.example");
  EXPECT_EQ(one.reports, 2U);
  EXPECT_THAT(one.organizations, ElementsAre("acme"));
  EXPECT_EQ(one.counts.messages, 11U);
  EXPECT_EQ(one.counts.passed, 8U);
  EXPECT_EQ(one.counts.dkim, 8U);
  EXPECT_EQ(one.counts.spf, 3U);
  EXPECT_EQ(one.counts.rejected, 3U);
  ASSERT_THAT(one.sources, SizeIs(2));
  EXPECT_EQ(one.sources[0].address, "192.0.2.9") << "who does not pass comes first";
}

TEST_F(DmarcSumsTest, AReportCountsOnce) {
  EXPECT_EQ(add(report("1", {row("192.0.2.1", true, true, 1)})), DmarcSums::Taken::yes);
  EXPECT_EQ(add(report("1", {row("192.0.2.1", true, true, 1)})), DmarcSums::Taken::known);
  EXPECT_EQ(summary().at(0).counts.messages, 1U);
}

TEST_F(DmarcSumsTest, TimesOfNobodyAreNotTaken) {
  auto future = report("1", {row("192.0.2.1", true, true, 1)});
  future.begin = clock_.wall() + std::chrono::hours(24 * 300);
  EXPECT_EQ(add(std::move(future)), DmarcSums::Taken::not_of_now);
  auto past = report("1", {row("192.0.2.1", true, true, 1)});
  past.begin = base::WallTime{};
  EXPECT_EQ(add(std::move(past)), DmarcSums::Taken::not_of_now);
}

TEST_F(DmarcSumsTest, OldOnesGo) {
  add(report("1", {row("192.0.2.1", true, true, 1)}));
  clock_.now += DmarcSums::keep + std::chrono::hours(48);
  auto fresh = report("2", {row("192.0.2.1", true, true, 1)});
  fresh.begin = clock_.wall();
  add(std::move(fresh));
  EXPECT_EQ(run(sums_.summary({}, base::WallTime{})).value().at(0).counts.messages, 1U);
}

// What calls itself an organization, or many, fills its days only; reports of today are always taken.
TEST_F(DmarcSumsTest, TheOldestDaysMakeRoom) {
  const auto many = [&](const std::string& organization, const std::string& id, int days_ago) {
    std::vector<DmarcSums::Row> rows(DmarcSums::most_rows_of_one, row("192.0.2.1", false, false, 1));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].source = std::to_string(i);
    auto one = report(id, std::move(rows));
    one.organization = organization;
    one.begin -= std::chrono::days(days_ago);
    return one;
  };
  ASSERT_EQ(add(report("honest", {row("192.0.2.1", true, true, 7)})), DmarcSums::Taken::yes);
  ASSERT_EQ(add(many("forged", "1", 2)), DmarcSums::Taken::yes);
  ASSERT_EQ(add(many("forged", "2", 1)), DmarcSums::Taken::yes);
  EXPECT_EQ(summary().at(0).counts.messages, DmarcSums::most_rows_of_one + 7) << "its older day went";
  ASSERT_THAT(log_.names, ElementsAre("dmarc_sums_dropped"));
  EXPECT_THAT(log_.lines[0], HasSubstr("domain=x.example reporter=forged reports=1 rows=50000"));
  EXPECT_EQ(add(many("forged", "1", 2)), DmarcSums::Taken::yes) << "what was dropped may come again";
  for (std::size_t i = 0; i <= DmarcSums::most_rows / DmarcSums::most_rows_of_one; ++i)
    ASSERT_EQ(add(many("forged" + std::to_string(i), "1", 3)), DmarcSums::Taken::yes);
  EXPECT_EQ(add(report("honest too", {row("192.0.2.1", true, true, 9)})), DmarcSums::Taken::yes);
  EXPECT_LE(summary().at(0).counts.messages, DmarcSums::most_rows + 16);
  EXPECT_EQ(summary().at(0).counts.passed, 16U);
  EXPECT_THAT(log_.names, SizeIs(1)) << "said once a day";
  auto large = many("forged", "3", 0);
  large.rows.push_back(row("x", false, false, 1));
  EXPECT_EQ(add(std::move(large)), DmarcSums::Taken::too_large);
}

TEST_F(DmarcSumsTest, ADamagedFileIsSetAside) {
  std::ofstream(folder_ + "/dmarc_received.sqlite") << std::string(10'000, 'x');
  EXPECT_EQ(add(report("1", {row("192.0.2.1", true, true, 1)})), DmarcSums::Taken::yes);
  EXPECT_THAT(log_.names, ElementsAre("dmarc_sums_rebuilt"));
}

}  // namespace
}  // namespace godwit::state
