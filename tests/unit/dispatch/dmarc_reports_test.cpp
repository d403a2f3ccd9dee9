// SPDX-License-Identifier: Apache-2.0
// Reports are sent one after the other: one that hangs or breaks holds up none behind it.
#include "godwit/dispatch/dmarc_reports.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "godwit/net/signal.hpp"
#include "support/manual_clock.hpp"
#include "support/manual_network.hpp"
#include "unit/dispatch/fake_spool.hpp"

namespace godwit::dispatch {
namespace {

// Of "hangs" the answer never comes, of "throws" memory is short; others do not exist.
class BadResolver final : public dns::Resolver {
 public:
  BadResolver(boost::asio::any_io_executor executor, net::Deadlines& deadlines)
      : hanging(std::move(executor), deadlines) {}
  boost::asio::awaitable<dns::Answer<std::string>> txt(std::string name) override {
    asked.push_back(name);
    if (name.ends_with("throws.example")) throw std::runtime_error("no memory");
    if (name.ends_with("hangs.example")) static_cast<void>(co_await hanging.wait(base::no_deadline));
    dns::Answer<std::string> none;
    none.status = dns::Status::no_name;
    co_return none;
  }
  boost::asio::awaitable<dns::Answer<dns::Mx>> mx(std::string) override { co_return dns::Answer<dns::Mx>(); }
  boost::asio::awaitable<dns::Answer<base::IpAddress>> addresses(std::string, dns::Family) override {
    co_return dns::Answer<base::IpAddress>();
  }
  boost::asio::awaitable<dns::Answer<std::string>> ptr(base::IpAddress) override {
    co_return dns::Answer<std::string>();
  }
  boost::asio::awaitable<dns::Answer<dns::Tlsa>> tlsa(std::string) override { co_return dns::Answer<dns::Tlsa>(); }
  boost::asio::awaitable<dns::Answer<std::string>> cname(std::string) override { co_return dns::Answer<std::string>(); }
  void flush() override {}

  net::Signal hanging;
  std::vector<std::string> asked;
};

class DmarcReportsTest : public ::testing::Test {
 protected:
  DmarcReportsTest() { clock_.now += std::chrono::hours(24 * 20'000); }
  ~DmarcReportsTest() override { std::filesystem::remove_all(folder_); }

  void poll() {
    io_.restart();
    io_.poll();
  }
  void pass(base::Duration time) {
    clock_.now += time;
    deadlines_.expire(clock_.now);
    poll();
  }
  // Empty until it ended.
  std::shared_ptr<std::optional<base::Result<DmarcReports::Sent>>> send(DmarcReports& reports) {
    auto ended = std::make_shared<std::optional<base::Result<DmarcReports::Sent>>>();
    boost::asio::co_spawn(io_, reports.send_now(),
                          [ended](std::exception_ptr thrown, base::Result<DmarcReports::Sent> sent) {
                            if (thrown) std::rethrow_exception(thrown);
                            *ended = std::move(sent);
                          });
    poll();
    return ended;
  }

  static std::string make_folder() {
    std::string folder = (std::filesystem::temp_directory_path() / "godwit-dmarc-XXXXXX").string();
    return ::mkdtemp(folder.data());
  }

  const std::string folder_ = make_folder();
  boost::asio::io_context io_;
  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  testing::ManualNetwork network_{io_.get_executor(), clock_};
  BadResolver resolver_{io_.get_executor(), deadlines_};
  FakeSpool spool_;
  base::SeededRandom random_{1};
  state::DmarcCounts counts_{folder_, io_.get_executor(), clock_, log::null_logger()};
};

TEST_F(DmarcReportsTest, OneThatHangsOrBreaksHoldsUpNoneBehindIt) {
  for (const auto* domain : {"hangs.example", "throws.example", "wants.none.example"})
    counts_.count({.domain = domain, .policy = "p", .source = "192.0.2.1", .rest = "r"});
  DmarcReports::Configuration configuration;
  configuration.settings.enabled = true;
  configuration.settings.contact = "postmaster@mail.example";
  configuration.hostname = "mail.example";
  DmarcReports reports({.executor = io_.get_executor(),
                        .pool = io_.get_executor(),
                        .deadlines = deadlines_,
                        .network = network_,
                        .resolver = resolver_,
                        .spool = spool_,
                        .clock = clock_,
                        .random = random_,
                        .log = log::null_logger(),
                        .counts = counts_},
                       configuration);
  const auto sent = send(reports);
  EXPECT_FALSE(*sent);
  pass(std::chrono::minutes(2));
  ASSERT_TRUE(*sent);
  ASSERT_TRUE(**sent);
  EXPECT_EQ((*sent)->value().failed, 2U);
  EXPECT_TRUE(std::ranges::any_of(resolver_.asked, [](const auto& name) { return name.ends_with("none.example"); }));
  resolver_.hanging.cancel();
  poll();
  const auto again = send(reports);
  ASSERT_TRUE(*again) << "it is not sending for ever";
  EXPECT_EQ((*again)->value().failed, 1U) << "what hung has its answer now, that nothing is wanted";
}

}  // namespace
}  // namespace godwit::dispatch
