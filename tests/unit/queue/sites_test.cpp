// SPDX-License-Identifier: Apache-2.0
// Sites: what shares a limit, what is down, and what is suspended.
#include <gmock/gmock.h>

#include "unit/queue/queue_driver.hpp"

namespace godwit::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SitesTest : public QueueFixture {
 protected:
  SitesTest() : QueueFixture(Settings{}) {}
  // Starts the next item and tells where its mail goes; what came of it: "1 (kept)", "1 (handed back)".
  std::string route(std::string_view site, std::string_view via = "", base::WallTime now = start) {
    Due due = queue.due(now);
    const auto* work = std::get_if<Work>(&due);
    if (work == nullptr) return "sleep";
    const auto id = std::to_string(work->item.key.id.value);
    const auto grant = queue.assign(work->item.key, work->grant, via, site, now);
    if (!grant) return id + " (handed back)";
    grants[work->item.key] = *grant;
    return id + " (kept)";
  }
  SiteView site(std::string_view name) const {
    SiteView found;
    queue.for_each_site([&](const SiteView& view) {
      if (view.name == name) found = view;
      return true;
    });
    return found;
  }
};

TEST_F(SitesTest, DomainsOfOneSiteShareItsConnections) {
  for (std::uint64_t id = 1; id <= 4; ++id) queue.add(item(key(id, std::to_string(id) + ".example")));
  EXPECT_EQ(route("mx"), "1 (kept)");
  EXPECT_EQ(route("mx"), "2 (kept)");
  EXPECT_EQ(route("mx"), "3 (handed back)");
  EXPECT_EQ(route("mx"), "4 (handed back)");
  EXPECT_EQ(next(start), "sleep");
  EXPECT_EQ(site("mx").domain_count, 4U);
  EXPECT_EQ(queue.find(key(3, "3.example"))->attempts, 0U);
  deliver(key(1, "1.example"), start);
  EXPECT_THAT(drain(start), ElementsAre("3 3.example", "4 4.example", "sleep"));
}

TEST_F(SitesTest, HandedBackItemIsTheFirstOfItsSender) {
  queue.add(item(key(1, "mx")));
  queue.add(item(key(2, "mx")));
  drain(start);
  queue.add(item(key(3, "b.example")));
  queue.add(item(key(4, "b.example")));
  EXPECT_EQ(route("mx"), "3 (handed back)");
  deliver(key(1, "mx"), start);
  EXPECT_EQ(next(start), "3 b.example");
}

TEST_F(SitesTest, AssignedDomainBringsItsDueItems) {
  for (std::uint64_t id = 1; id <= 9; ++id) {
    auto added = item(key(id, "big.example"));
    added.sender = {static_cast<std::uint32_t>(id % 3)};
    queue.add(added);
  }
  EXPECT_EQ(route("mx"), "1 (kept)");
  EXPECT_EQ(site("mx").due, 8U);
  EXPECT_EQ(site("big.example").name, "");
}

TEST_F(SitesTest, WayKnownBeforehandNeedsNoAssignment) {
  auto relayed = item(key(1));
  relayed.via = "[192.0.2.1]:25";
  queue.add(relayed);
  EXPECT_EQ(route("[192.0.2.1]:25", "[192.0.2.1]:25"), "1 (kept)");
  EXPECT_EQ(queue.counts().sites, 1U);
}

TEST_F(SitesTest, OneDomainMayGoTwoWays) {
  auto relayed = item(key(1));
  relayed.via = "relay";
  queue.add(relayed);
  queue.add(item(key(2)));
  EXPECT_EQ(route("mx"), "2 (kept)");
  EXPECT_EQ(route("relay", "relay"), "1 (kept)");
  EXPECT_EQ(site("relay").active, 1U);
  EXPECT_EQ(site("mx").active, 1U);
  EXPECT_THAT(queue.keys_of({1}), ElementsAre(key(1)));
}

TEST_F(SitesTest, WayThatChangedTakesTheItemAlong) {
  auto relayed = item(key(1));
  relayed.via = "relay";
  queue.add(relayed);
  EXPECT_EQ(route("mx"), "1 (kept)");
  EXPECT_EQ(queue.counts().sites, 1U);
  EXPECT_EQ(queue.find(key(1))->via, "");
}

TEST_F(SitesTest, RemovedWhileItWasRoutedGivesItsGrantBack) {
  queue.add(item(key(1)));
  const auto work = std::get<Work>(queue.due(start));
  queue.remove(key(1));
  EXPECT_FALSE(queue.assign(key(1), work.grant, "", "mx", start));
  EXPECT_EQ(queue.counts().sites, 0U);
}

// ---- down
// -----------------------------------------------------------------------------------------------------------------

TEST_F(SitesTest, DeadSiteIsProbedAloneThenEverythingFlows) {
  for (std::uint64_t id = 1; id <= 100; ++id) queue.add(item(key(id)));
  EXPECT_THAT(drain(start), ElementsAre("1 a.example", "2 a.example", "sleep"));
  fail(key(1), start, 5min);
  fail(key(2), start, 5min);
  EXPECT_THAT(drain(start), ElementsAre("sleep 2m30s"));
  EXPECT_THAT(queue.reason(key(3)), StartsWith("down: 421 4.3.2 not now; next probe at 1971-01-01T00:02:30"));
  EXPECT_EQ(queue.counts().due, 98U);
  EXPECT_THAT(drain(start + 150s), ElementsAre("3 a.example (probe)", "sleep 2m30s"));
  fail(key(3), start + 150s, 10min);
  // The next probe, and what had failed before: due again, but not attempted.
  EXPECT_THAT(drain(start + 450s), ElementsAre("4 a.example (probe)", "sleep 5m"));
  deliver(key(4), start + 450s);
  EXPECT_EQ(queue.counts().waiting, 0U) << "what failed with the site does not wait longer than it";
  EXPECT_THAT(drain(start + 450s), ElementsAre("5 a.example", "6 a.example", "sleep"));
}

TEST_F(SitesTest, DeadSiteCostsTheOthersNothing) {
  queue.add(item(key(1, "dead.example")));
  drain(start);
  fail(key(1, "dead.example"), start, 5min);
  for (std::uint64_t id = 2; id <= 5000; ++id) queue.add(item(key(id, "dead.example")));
  queue.add(item(key(6000, "b.example")));
  std::string got = next(start);
  for (int calls = 0; got.starts_with("sleep") && calls < 10; ++calls) got = next(start);
  EXPECT_EQ(got, "6000 b.example");
}

TEST_F(SitesTest, ItemsOfADeadSiteComeOutAtTheirDeadline) {
  queue.add(item(key(1)));
  drain(start);
  fail(key(1), start, 8h);
  auto late = item(key(2));
  late.deadline = start + 4h;
  queue.add(late);
  base::WallTime now = start;
  std::string got;
  while (now < start + 4h - 1s) {  // probes that find nobody
    got = next(now);
    if (got == "1 a.example (probe)") fail(key(1), now, 8h);
    if (got == "2 a.example (probe)") {
      end(key(2), now, SiteReport::Kind::nothing);
      queue.reschedule(key(2), {.attempt = now, .attempts = 0, .deadline = start + 4h});
      ASSERT_TRUE(queue.retry_now(key(1), now));
    }
    now += 1min;
  }
  now = start + 4h + 1min;
  do {
    got = next(now);
    if (got.ends_with("(probe)")) end(key(std::stoul(got)), now, SiteReport::Kind::dead);
  } while (got.ends_with("(probe)"));
  EXPECT_EQ(got, "2 a.example (overdue)");
  end(key(2), now);
  queue.reschedule(key(2), {.attempt = now, .attempts = 0, .deadline = start + 120h});
}

TEST_F(SitesTest, OverdueItemTakesNoConnection) {
  queue.suspend("a.example", {.until = never, .reason = "maintenance"}, start);
  auto late = item(key(1));
  late.deadline = start + 4h;
  queue.add(late);
  EXPECT_THAT(drain(start), ElementsAre("sleep 4h"));
  EXPECT_THAT(drain(start + 4h), ElementsAre("1 a.example (overdue)", "sleep"));
  EXPECT_EQ(site("a.example").connections, 0U);
  end(key(1), start + 4h);
  queue.reschedule(key(1), {.attempt = start + 4h, .attempts = 0});
  EXPECT_THAT(drain(start + 4h), ElementsAre("sleep"));
  EXPECT_EQ(state(key(1)), State::due);
}

TEST_F(SitesTest, OnlySoManyOverdueItemsAreInWorkAtOnce) {
  queue.suspend("", {}, start);
  for (std::uint64_t id = 1; id <= 100; ++id) {
    auto late = item(key(id));
    late.deadline = start + 1h;
    queue.add(late);
  }
  drain(start);
  EXPECT_EQ(drain(start + 2h).size(), 17U);
  end(key(1), start + 2h);
  queue.remove(key(1));
  EXPECT_EQ(drain(start + 2h).size(), 2U);
}

TEST_F(SitesTest, ItemDueLateIsAttemptedBeforeItIsSpokenFor) {
  auto late = item(key(1));
  late.deadline = start + 1h;
  queue.add(late);
  EXPECT_EQ(next(start + 48h), "1 a.example");
}

TEST_F(SitesTest, AdministratorsRetryProbesADeadSiteAtOnce) {
  queue.add(item(key(1)));
  drain(start);
  fail(key(1), start, 5min);
  queue.retry_now(key(1), start + 1s);
  EXPECT_EQ(next(start + 1s), "1 a.example (probe)");
}

TEST_F(SitesTest, RetryOfManyProbesADeadSiteAtAPace) {
  queue.add(item(key(1)));
  drain(start);
  fail(key(1), start, 5min);
  for (std::uint64_t id = 2; id <= 4; ++id) queue.add(item(key(id)));
  const auto now = start + 1s;
  queue.retry_now(key(2), now);
  EXPECT_EQ(next(now), "2 a.example (probe)");
  fail(key(2), now, 5min);
  queue.retry_now(key(3), now);
  queue.retry_now(key(4), now);
  EXPECT_THAT(drain(now), ElementsAre("sleep 100ms"));
  EXPECT_EQ(next(now + 100ms), "4 a.example (probe)") << "not as long as without the order";
}

TEST_F(SitesTest, RetryProbesADeadSiteAlsoThroughADomainNotYetRouted) {
  queue.add(item(key(1)));
  EXPECT_EQ(route("mx"), "1 (kept)");
  fail(key(1), start, 5min);
  queue.add(item(key(2, "b.example"), 1h));
  queue.add(item(key(3, "c.example")));
  EXPECT_EQ(route("mx"), "3 (handed back)");
  queue.retry_now(key(2, "b.example"), start);
  EXPECT_EQ(route("mx"), "2 (kept)");
  EXPECT_EQ(grants.at(key(2, "b.example")).kind, Grant::Kind::probe);
}

TEST_F(SitesTest, DownIsRememberedWhileNothingIsQueuedForIt) {
  queue.add(item(key(1)));
  drain(start);
  end(key(1), start, SiteReport::Kind::dead);
  queue.remove(key(1));
  queue.add(item(key(2)));
  EXPECT_EQ(next(start), "sleep 2m30s");
}

TEST_F(SitesTest, UnusedSiteIsForgottenInTheEnd) {
  queue.add(item(key(1)));
  drain(start);
  end(key(1), start, SiteReport::Kind::dead);
  queue.remove(key(1));
  EXPECT_EQ(queue.counts().sites, 1U);
  EXPECT_EQ(next(start + 11min), "sleep");
  EXPECT_EQ(queue.counts().sites, 0U);
}

// ---- suspended
// ------------------------------------------------------------------------------------------------------------

TEST_F(SitesTest, SuspendedDomainStopsAloneInASharedSite) {
  queue.add(item(key(1, "a.example")));
  queue.add(item(key(2, "b.example")));
  EXPECT_EQ(route("mx"), "1 (kept)");
  EXPECT_EQ(route("mx"), "2 (kept)");
  queue.suspend("a.example", {.until = start + 2h, .reason = "they asked"}, start);
  queue.add(item(key(3, "a.example")));
  queue.add(item(key(4, "b.example")));
  deliver(key(1, "a.example"), start);
  deliver(key(2, "b.example"), start);
  EXPECT_THAT(drain(start), ElementsAre("4 b.example", "sleep 2h"));
  EXPECT_EQ(queue.reason(key(3, "a.example")), "suspended until 1971-01-01T02:00:00.000Z: they asked");
  EXPECT_THAT(drain(start + 2h), ElementsAre("3 a.example", "sleep"));
}

TEST_F(SitesTest, SuspendedSiteStopsAllItsDomains) {
  queue.add(item(key(1, "a.example")));
  EXPECT_EQ(route("mx"), "1 (kept)");
  queue.suspend("mx", {}, start);
  queue.add(item(key(2, "b.example")));
  EXPECT_EQ(route("mx"), "2 (handed back)");
  EXPECT_EQ(site("mx").state, SiteView::State::suspended);
  EXPECT_TRUE(queue.resume("mx", start));
  EXPECT_FALSE(queue.resume("mx", start));
  EXPECT_EQ(next(start), "2 b.example");
}

TEST_F(SitesTest, AllDeliveryCanBeSuspended) {
  queue.suspend("", {.until = start + 1h, .reason = {}}, start);
  queue.add(item(key(1)));
  queue.add(item(key(2, "b.example")));
  EXPECT_THAT(drain(start), ElementsAre("sleep 1h"));
  EXPECT_THAT(queue.reason(key(1)), HasSubstr("suspended until"));
  EXPECT_THAT(drain(start + 1h), ElementsAre("1 a.example", "2 b.example", "sleep"));
  EXPECT_TRUE(queue.suspensions().empty());
}

// ---- why
// ------------------------------------------------------------------------------------------------------------------

TEST_F(SitesTest, SaysWhyAnItemWaits) {
  Settings settings;
  settings.connections = 3;
  settings.sites = {{.pattern = "slow.*", .limits = {.connections = 9, .rate = {.count = 2, .period = 1min}}}};
  queue.change_settings(settings, start);
  for (std::uint64_t id = 1; id <= 3; ++id) queue.add(item(key(id)));
  queue.add(item(key(4), 1h));
  EXPECT_EQ(route("a.example"), "1 (kept)");
  EXPECT_EQ(route("a.example"), "2 (kept)");
  queue.add(item(key(5, "slow.example")));
  queue.add(item(key(6, "slow.example")));
  EXPECT_EQ(route("slow.example"), "5 (kept)");
  queue.add(item(key(7, "c.example")));
  EXPECT_EQ(route("c.example"), "7 (handed back)");
  EXPECT_EQ(queue.reason(key(1)), "in delivery");
  EXPECT_EQ(queue.reason(key(3)), "limit of connections (2 of 2)");
  EXPECT_EQ(queue.reason(key(4)), "waits for its retry time");
  EXPECT_EQ(queue.reason(key(6, "slow.example")), "rate (2/1m), next at 1971-01-01T00:00:30.000Z");
  EXPECT_EQ(queue.reason(key(7, "c.example")), "limit of connections in all (3 of 3)");
  EXPECT_EQ(queue.reason(key(8)), "");
}

TEST_F(SitesTest, ActiveBytesAreBoundedButOneIsAlwaysLetIn) {
  Settings settings;
  settings.active_bytes = 1000;
  queue.change_settings(settings, start);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto sized = item(key(id, std::to_string(id) + ".example"));
    sized.size = id == 1 ? 5000 : 600;
    queue.add(sized);
  }
  EXPECT_THAT(drain(start), ElementsAre("1 1.example", "sleep"));
  deliver(key(1, "1.example"), start);
  EXPECT_THAT(drain(start), ElementsAre("2 2.example", StartsWith("sleep")));
  deliver(key(2, "2.example"), start);
  EXPECT_THAT(drain(start), ElementsAre("3 3.example", StartsWith("sleep")));
}

// ---- shares
// ---------------------------------------------------------------------------------------------------------------

class SharesTest : public SitesTest {
 protected:
  SharesTest() {
    Settings settings;
    settings.connections = 10;
    settings.sites = {{.pattern = "maildir", .limits = {.connections = 2, .adaptive = false, .local = true}}};
    queue.change_settings(settings, start);
  }
  // A destination that answers.
  void prove(std::uint64_t id, std::string_view site) {
    queue.add(item(key(id, "good.example")));
    EXPECT_EQ(route(site), std::to_string(id) + " (kept)");
    deliver(key(id, "good.example"), start);
  }
  // Destinations that take a connection and say nothing, until no more can start; how many did.
  std::size_t hang(std::uint64_t first_id) {
    std::size_t kept = 0;
    for (std::uint64_t id = first_id; id < first_id + 20; ++id) {
      const auto domain = "hangs" + std::to_string(id) + ".example";
      queue.add(item(key(id, domain)));
      if (route("mx." + domain).ends_with("(kept)")) ++kept;
    }
    return kept;
  }
};

TEST_F(SharesTest, SitesThatHangLeaveConnectionsForThoseThatWork) {
  prove(1, "good");
  EXPECT_EQ(hang(100), 8U);
  EXPECT_EQ(queue.reason(key(119, "hangs119.example")),
            "limit of connections to destinations that do not work (8 of 8)");
  queue.add(item(key(2, "good.example")));
  queue.add(item(key(3, "other.example")));
  EXPECT_EQ(route("good"), "2 (kept)");
  EXPECT_EQ(route("good"), "3 (kept)");
  queue.add(item(key(4, "good.example")));
  EXPECT_EQ(next(start), "sleep");
  EXPECT_EQ(queue.reason(key(4, "good.example")), "limit of connections in all (10 of 10)");
}

TEST_F(SharesTest, SiteThatFailsIsNotTrustedWithTheLastConnections) {
  prove(1, "good");
  queue.add(item(key(2, "good.example")));
  EXPECT_EQ(route("good"), "2 (kept)");
  end(key(2, "good.example"), start, SiteReport::Kind::busy);
  queue.reschedule(key(2, "good.example"), {.attempt = start + 1min, .attempts = 1});
  EXPECT_EQ(hang(100), 8U);
  queue.add(item(key(3, "good.example")));
  EXPECT_EQ(route("good"), "sleep");
}

TEST_F(SharesTest, SiteThatWasReachedWhileItsConnectionsAreOutBringsThemIntoItsShare) {
  queue.add(item(key(1, "good.example")));
  queue.add(item(key(2, "good.example")));
  EXPECT_EQ(route("good"), "1 (kept)");
  EXPECT_EQ(route("good"), "2 (kept)");
  EXPECT_EQ(hang(100), 6U);
  deliver(key(1, "good.example"), start);
  EXPECT_EQ(drain(start).size(), 3U) << "two of those that hang, and sleep";
}

TEST_F(SharesTest, LocalDeliveriesNeedNoConnection) {
  prove(1, "good");
  hang(100);
  queue.add(item(key(2, "other.example")));
  queue.add(item(key(3, "other.example")));
  EXPECT_EQ(route("good"), "2 (kept)");
  EXPECT_EQ(route("good"), "3 (kept)");
  auto local = item(key(4, "here.example"));
  local.via = "maildir";
  queue.add(local);
  EXPECT_EQ(route("maildir", "maildir"), "4 (kept)");
}

TEST_F(SharesTest, LookupsAreBoundedApartFromConnections) {
  for (std::uint64_t id = 1; id <= 12; ++id) queue.add(item(key(id, std::to_string(id) + ".example")));
  EXPECT_EQ(drain(start).size(), 11U);
  EXPECT_EQ(queue.reason(key(12, "12.example")), "limit of DNS lookups (10 of 10)");
  auto relayed = item(key(20, "relayed.example"));
  relayed.via = "[192.0.2.1]:25";
  queue.add(relayed);
  EXPECT_EQ(next(start), "20 relayed.example");
}

TEST_F(SharesTest, LookupsThatHangMakeRoomForOthers) {
  for (std::uint64_t id = 1; id <= 70; ++id) queue.add(item(key(id, std::to_string(id) + ".example")));
  EXPECT_EQ(drain(start).size(), 11U);
  for (const auto& [of, grant] : grants) queue.lookup_hangs(grant);
  EXPECT_EQ(drain(start).size(), 11U);
  // Four times as many as connections may hang; more keep their place among the others.
  for (int round = 0; round < 5; ++round) {
    for (const auto& [of, grant] : grants) queue.lookup_hangs(grant);
    drain(start);
  }
  EXPECT_EQ(grants.size(), 50U);
  EXPECT_EQ(queue.check(), "");
  // A domain that DNS did not answer for is tried again among its kind.
  const auto hung = grants.begin()->first;
  end(hung, start, SiteReport::Kind::nothing);
  queue.reschedule(hung, {.attempt = start + 1s, .attempts = 1});
  EXPECT_EQ(drain(start + 1s),
            (std::vector<std::string>{std::to_string(hung.id.value) + " " + hung.destination, "sleep"}));
  EXPECT_EQ(queue.check(), "");
}

}  // namespace
}  // namespace godwit::queue
