// SPDX-License-Identifier: Apache-2.0
// What the doctor says of a machine, and what needs neither ports nor DNS; the rest is tests/system/host_is_examined.
#include "godwit/setup/doctor.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace godwit::setup {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

class Doctor : public ::testing::Test {
 protected:
  Doctor() {
    settings.hostname = "mail.example.com";
    settings.spool.min_free = gibibyte;
    settings.policy.connections = 5000;
    settings.dns.servers = {*base::Endpoint::parse("127.0.0.1:9")};
    wishes.addresses = {*base::IpAddress::parse("192.0.2.1")};
    wishes.blocklists = {};
    wishes.zone = &zone;
    wishes.daemon_process = 1;
    machine = {.clock_is_synchronised = [] { return std::optional(true); },
               .space =
                   [](const std::string&) {
                     return base::Result<Space>(Space{100 * gibibyte, 900, 1000});
                   },
               .open_files = [](pid_t) { return base::Result<std::uint64_t>(65536); }};
  }
  // The worst; "": there is no such finding.
  std::string verdict(const std::string& check) {
    const base::SystemClock clock;
    const auto all = examine_host(settings, wishes, clock, machine);
    Findings found;
    for (const auto& finding : all.all()) {
      if (finding.check != check) continue;
      EXPECT_EQ(finding.remedy.empty(), finding.verdict == Verdict::ok) << finding.evidence;
      found.add(finding);
    }
    return found.all().empty() ? "" : std::string(to_string(found.worst()));
  }

  config::Settings settings;
  DoctorWishes wishes;
  MachineProbe machine;
  ZoneFile zone;
};

TEST_F(Doctor, AMachineInOrderIsOk) {
  for (const char* check : {"clock", "disk", "files"}) EXPECT_EQ(verdict(check), "ok") << check;
  EXPECT_EQ(verdict("daemon"), "");
  EXPECT_EQ(verdict("resolver"), "");  // a zone file is not one
}

TEST_F(Doctor, AClockThatNothingKeepsRightIsAWarning) {
  machine.clock_is_synchronised = [] { return std::optional(false); };
  EXPECT_EQ(verdict("clock"), "warning");
  machine.clock_is_synchronised = [] { return std::optional<bool>(); };
  EXPECT_EQ(verdict("clock"), "warning");
}

TEST_F(Doctor, SpaceIsJudgedByWhatTheSpoolKeepsFree) {
  const auto with = [&](std::uint64_t bytes, std::uint64_t files) {
    machine.space = [=](const std::string&) { return base::Result<Space>(Space{bytes, files, 1000}); };
    return verdict("disk");
  };
  EXPECT_EQ(with(gibibyte - 1, 900), "problem");
  EXPECT_EQ(with(2 * gibibyte, 900), "warning");
  EXPECT_EQ(with(100 * gibibyte, 0), "problem");
  EXPECT_EQ(with(100 * gibibyte, 10), "warning");
  machine.space = [](const std::string& path) -> base::Result<Space> { return base::fail_os(path, EIO); };
  EXPECT_EQ(verdict("disk"), "problem");
}

TEST_F(Doctor, AFileSystemWithoutInodesHasEnough) {
  machine.space = [](const std::string&) { return base::Result<Space>(Space{100 * gibibyte, 0, 0}); };
  EXPECT_EQ(verdict("disk"), "ok");
}

TEST_F(Doctor, FewDescriptorsAreAWarning) {
  machine.open_files = [](pid_t) { return base::Result<std::uint64_t>(1024); };
  EXPECT_EQ(verdict("files"), "warning");
}

TEST_F(Doctor, ADaemonThatDoesNotRunIsAProblem) {
  wishes.daemon_process.reset();
  EXPECT_EQ(verdict("daemon"), "problem");
}

TEST_F(Doctor, NetworksOfStrangersThatMayRelayAreAProblem) {
  settings.policy.trusted_networks.push_back(*base::IpNetwork::parse("0.0.0.0/1"));
  EXPECT_EQ(verdict("relay"), "problem");
  settings.policy.trusted_networks = {*base::IpNetwork::parse("10.0.0.0/8")};
  EXPECT_EQ(verdict("relay"), "");  // there is no listener to try
}

// A pool has a name for each address, which its reverse record must be.
TEST_F(Doctor, AnAddressOfAPoolIsKnownByItsOwnName) {
  zone = ZoneFile::parse("1.2.0.192.in-addr.arpa. IN PTR out.example.com.\nout.example.com. IN A 192.0.2.1\n").value();
  EXPECT_EQ(verdict("ptr"), "warning");
  settings.deliver.source_addresses = {{.address = wishes.addresses.front(), .hostname = "out.example.com"}};
  EXPECT_EQ(verdict("ptr"), "ok");
  settings.route.routes.emplace_back().source_addresses = {{.address = wishes.addresses.front(), .hostname = "other"}};
  EXPECT_EQ(verdict("ptr"), "warning") << "a route says another there";
}

TEST_F(Doctor, AnAddressThatIsOfARouteAndOfAllOtherMailIsKnownByBothNames) {
  zone = ZoneFile::parse("1.2.0.192.in-addr.arpa. IN PTR out.example.com.\nout.example.com. IN A 192.0.2.1\n").value();
  settings.route.routes.emplace_back().source_addresses = {
      {.address = wishes.addresses.front(), .hostname = "out.example.com"}};
  const auto all = examine_host(settings, wishes, base::SystemClock(), machine);
  const auto about = std::ranges::find(all.all(), "ptr", &Finding::check);
  ASSERT_NE(about, all.all().end());
  EXPECT_EQ(about->evidence, "it is out.example.com, and back, but this host calls itself mail.example.com there");
  EXPECT_EQ(about->remedy,
            "send under one name from 192.0.2.1, not under mail.example.com and out.example.com, and have whoever gave "
            "it to you set its reverse record to it");
  wishes.addresses.push_back(*base::IpAddress::parse("192.0.2.2"));  // from which all other mail leaves
  const auto then = examine_host(settings, wishes, base::SystemClock(), machine);
  const auto of_route = std::ranges::find(then.all(), "192.0.2.1", &Finding::about);
  ASSERT_NE(of_route, then.all().end());
  EXPECT_EQ(of_route->evidence, "out.example.com and back");
}

TEST_F(Doctor, ThePoolsOfRoutesAreLookedAt) {
  const auto address = *base::IpAddress::parse("9.9.9.9");
  zone = ZoneFile::parse("9.9.9.9.in-addr.arpa. IN PTR out.example.com.\nout.example.com. IN A 9.9.9.9\n").value();
  settings.route.routes.emplace_back().source_addresses = {{.address = address, .hostname = "out.example.com"}};
  settings.deliver.source_addresses = {{.address = wishes.addresses.front(), .hostname = {}}};
  wishes.addresses.clear();
  const auto all = examine_host(settings, wishes, base::SystemClock(), machine);
  const auto about = std::ranges::find(all.all(), "9.9.9.9", &Finding::about);
  ASSERT_NE(about, all.all().end());
  EXPECT_EQ(about->evidence, "out.example.com and back");
}

TEST_F(Doctor, AZoneFileDoesNotSayWhetherMailGetsOut) {
  EXPECT_EQ(verdict("outgoing"), "");
  settings.route.routes.emplace_back().next_hops = {"[smart.example]:587"};
  EXPECT_EQ(verdict("outgoing"), "");
}

TEST_F(Doctor, ANextHopOfEverythingThatDoesNotAnswerIsAWarning) {
  zone = ZoneFile::parse("smart.example. IN A 127.0.0.1\n").value();
  settings.route.routes.emplace_back().next_hops = {"[smart.example]:1"};
  EXPECT_EQ(verdict("outgoing"), "warning");
  settings.route.routes.front().senders = {"@example.com"};  // it is not for everything
  EXPECT_EQ(verdict("outgoing"), "");
}

TEST_F(Doctor, WithoutACertificateThereIsAProblem) {
  EXPECT_EQ(verdict("certificate"), "problem");
}

TEST(SystemMachine, OfThisProcessIsTold) {
  const auto machine = system_machine();
  EXPECT_GT(machine.open_files(::getpid()).value(), 3U);
  EXPECT_GT(machine.space("/").value().free_bytes, 0U);
  // One that is yet to be made lies where the nearest one above it does.
  EXPECT_EQ(machine.space("/no/such/folder").value().all_files, machine.space("/").value().all_files);
  EXPECT_FALSE(machine.open_files(-1));
}

}  // namespace
}  // namespace godwit::setup
