// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "godwit/base/text.hpp"
#include "godwit/route/router.hpp"
#include "support/fixed_table.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::route {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::set<std::string> accounts = {"alice@example.com", "bob@example.com", "bob+exact@example.com",
                                        "odd%name@example.com"};

Settings basic() {
  Settings settings;
  settings.hostname = "mail.example.com";
  settings.origin = "example.com";
  settings.postmaster = "alice@example.com";
  settings.domains["example.com"] = {.deliver = {.kind = DeliverKind::maildir, .argument = "/v/{local}"},
                                     .recipients = RecipientRule::accounts,
                                     .local_parts = {},
                                     .table = {},
                                     .catch_all = {}};
  return settings;
}

DomainSettings domain(RecipientRule rule, DeliverKind kind = DeliverKind::maildir) {
  return {
      .deliver = {.kind = kind, .argument = "x"}, .recipients = rule, .local_parts = {}, .table = {}, .catch_all = {}};
}

Router make(Settings settings) {
  return Router(std::move(settings), {.accounts = testing::names(accounts), .tables = {}},
                {*base::Endpoint::parse("127.0.0.1:25"), *base::Endpoint::parse("[2001:db8::5]:25")});
}

smtp::Mailbox mailbox(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {.local = std::string(text), .domain = {}};
  return {.local = std::string(text.substr(0, at)), .domain = std::string(text.substr(at + 1))};
}

std::vector<std::string> finals(const Expansion& expansion) {
  std::vector<std::string> result;
  for (const auto& recipient : expansion.recipients)
    result.push_back(recipient.address.local + (recipient.address.domain.empty() ? "" : "@") +
                     recipient.address.domain);
  return result;
}

Expansion expand(const Settings& settings, std::string_view asked) {
  const auto router = make(settings);
  return testing::run_awaitable(router.expand(mailbox(asked)));
}

std::vector<std::string> finals(const Settings& settings, std::string_view asked) {
  return finals(expand(settings, asked));
}

std::string refusal(const Settings& settings, std::string_view asked) {
  const auto expansion = expand(settings, asked);
  if (!expansion.refusal) return "";
  EXPECT_THAT(expansion.recipients, IsEmpty());
  return to_line(*expansion.refusal).substr(0, 9);
}

std::vector<std::string> steps(const Expansion& expansion) {
  std::vector<std::string> result;
  for (const auto& step : expansion.steps) {
    const auto* by = step.by == ExpansionStep::By::alias ? "alias" : "other";
    result.push_back(step.address + " " + by + " " + base::join(step.targets, ","));
  }
  return result;
}

TEST(Expand, StepsAreToldInTheirOrder) {
  auto settings = basic();
  settings.aliases["team@example.com"] = {"alice@example.com", "second@example.com"};
  settings.aliases["second@example.com"] = {"x@far.example"};
  settings.domains["example.com"].catch_all = "team@example.com";
  EXPECT_THAT(steps(expand(settings, "alice@example.com")), IsEmpty());
  EXPECT_THAT(steps(expand(settings, "nobody@example.com")),
              ElementsAre("nobody@example.com other team@example.com",
                          "team@example.com alias alice@example.com,second@example.com",
                          "second@example.com alias x@far.example"));
  EXPECT_THAT(steps(expand(settings, "postmaster@example.com")),
              ElementsAre("postmaster@example.com other alice@example.com"));
}

TEST(LocalDomain, IsADomainTheHostnameOrALiteralOfOurs) {
  auto settings = basic();
  settings.own_addresses = {*base::IpAddress::parse("192.0.2.9")};
  const auto router = make(settings);
  for (const auto* local : {"example.com", "EXAMPLE.com", "mail.example.com", "[127.0.0.1]", "[192.0.2.9]",
                            "[IPv6:2001:db8::5]", "[ipv6:2001:DB8::5]"})
    EXPECT_TRUE(router.is_local_domain(local)) << local;
  for (const auto* other : {"", "example.net", "sub.example.com", "[127.0.0.2]", "[192.0.2.1]", "127.0.0.1", "[", "[]"})
    EXPECT_FALSE(router.is_local_domain(other)) << other;
}

TEST(LocalDomain, AWildcardListenerHasTheLoopbackAddresses) {
  const auto router = Router(basic(), {}, {*base::Endpoint::parse("[::]:25")});
  EXPECT_TRUE(router.is_local_domain("[127.0.0.1]"));
  EXPECT_TRUE(router.is_local_domain("[IPv6:::1]"));
  EXPECT_FALSE(router.is_local_domain("[192.0.2.1]"));
}

TEST(Complete, GivesBareAddressesADomain) {
  const auto router = make(basic());
  EXPECT_EQ(to_string(router.complete({"root", ""})), "root@example.com");
  EXPECT_EQ(to_string(router.complete({"PostMaster", ""})), "PostMaster@mail.example.com");
  EXPECT_EQ(to_string(router.complete({"a", "b.net"})), "a@b.net");
  auto settings = basic();
  settings.origin = "";
  EXPECT_EQ(to_string(make(settings).complete({"root", ""})), "root@mail.example.com");
}

TEST(Expand, AnAddressElsewhereIsItself) {
  const auto expansion = expand(basic(), "User%x+y@elsewhere.net");
  EXPECT_FALSE(expansion.local);
  EXPECT_THAT(finals(expansion), ElementsAre("User%x+y@elsewhere.net"));
  EXPECT_EQ(expansion.recipients[0].original, "");
}

TEST(Expand, AnAccountIsFoundInAnyCaseAndKeepsItsDetail) {
  const auto expansion = expand(basic(), "Alice@Example.com");
  EXPECT_TRUE(expansion.local);
  EXPECT_FALSE(expansion.refusal);
  EXPECT_EQ(expansion.recipients.at(0).address.local, "alice");
  EXPECT_EQ(expansion.recipients.at(0).original, "Alice@Example.com");
  EXPECT_THAT(finals(basic(), "Alice+Lists@example.com"), ElementsAre("alice+Lists@example.com"));
  EXPECT_THAT(finals(basic(), "Bob+Exact@example.com"), ElementsAre("bob+exact@example.com"));
  EXPECT_EQ(refusal(basic(), "carol@example.com"), "550 5.1.1");
  EXPECT_EQ(refusal(basic(), "carol+alice@example.com"), "550 5.1.1");
  EXPECT_EQ(refusal(basic(), "+alice@example.com"), "550 5.1.1");
  auto settings = basic();
  settings.detail_separator = "";
  EXPECT_EQ(refusal(settings, "alice+x@example.com"), "550 5.1.1");
}

TEST(Expand, TheHostnameAloneHasNoUsers) {
  EXPECT_EQ(refusal(basic(), "alice@mail.example.com"), "550 5.1.1");
}

TEST(Expand, ALiteralOfOursIsTheHostname) {
  auto settings = basic();
  settings.aliases["ops@mail.example.com"] = {"bob@example.com"};
  EXPECT_THAT(finals(settings, "ops@[127.0.0.1]"), ElementsAre("bob@example.com"));
  EXPECT_THAT(finals(settings, "postmaster@[127.0.0.1]"), ElementsAre("alice@example.com"));
}

TEST(Expand, FollowsAliasesOverSeveralLevels) {
  auto settings = basic();
  settings.aliases["Team@example.com"] = {"Sales@example.com", "bob@example.com", "x@elsewhere.net", "alice"};
  settings.aliases["sales@example.com"] = {"alice@example.com", "y@elsewhere.net"};
  const auto expansion = expand(settings, "team@example.com");
  EXPECT_THAT(finals(expansion),
              ElementsAre("alice@example.com", "y@elsewhere.net", "bob@example.com", "x@elsewhere.net"))
      << "each once";
  for (const auto& recipient : expansion.recipients) EXPECT_EQ(recipient.original, "team@example.com");
  EXPECT_THAT(finals(settings, "team+now@example.com"), ::testing::SizeIs(4)) << "detail falls back to the base alias";
}

TEST(Expand, AnAliasWithTheDetailComesFirst) {
  auto settings = basic();
  settings.aliases["alice+lists@example.com"] = {"x@elsewhere.net"};
  EXPECT_THAT(finals(settings, "alice+Lists@example.com"), ElementsAre("x@elsewhere.net"));
  EXPECT_THAT(finals(settings, "alice+other@example.com"), ElementsAre("alice+other@example.com"));
}

TEST(Expand, AnAliasThatNamesItselfKeepsACopy) {
  auto settings = basic();
  settings.aliases["alice@example.com"] = {"ALICE@example.com", "x@elsewhere.net"};
  EXPECT_THAT(finals(settings, "alice@example.com"), ElementsAre("alice@example.com", "x@elsewhere.net"));
  EXPECT_THAT(finals(settings, "alice+d@example.com"), ElementsAre("alice+d@example.com", "x@elsewhere.net"));
}

TEST(Expand, TheAliasOfADomainTakesAllWithoutAnAliasOfTheirOwn) {
  auto settings = basic();
  settings.domains["old.example"] = domain(RecipientRule::accounts);
  settings.aliases["@old.example"] = {"bob@example.com"};
  settings.aliases["info@old.example"] = {"alice@example.com"};
  EXPECT_THAT(finals(settings, "anyone@old.example"), ElementsAre("bob@example.com"));
  EXPECT_THAT(finals(settings, "Info+x@old.example"), ElementsAre("alice@example.com"));
  settings.aliases["@example.com"] = {"alice@example.com"};
  EXPECT_THAT(finals(settings, "bob@example.com"), ElementsAre("alice@example.com"));
  EXPECT_THAT(finals(settings, "alice@example.com"), ElementsAre("alice@example.com"));
}

TEST(Expand, LoopsEnd) {
  auto settings = basic();
  settings.aliases["a@example.com"] = {"b@example.com"};
  settings.aliases["b@example.com"] = {"a@example.com"};
  EXPECT_EQ(refusal(settings, "a@example.com"), "554 5.4.6");
  settings.aliases["b@example.com"] = {"a@example.com", "alice@example.com"};
  EXPECT_THAT(finals(settings, "a@example.com"), ElementsAre("alice@example.com"));
}

TEST(Expand, StopsAfterTwentyLevels) {
  auto settings = basic();
  for (int i = 0; i < 30; ++i)
    settings.aliases["l" + std::to_string(i) + "@example.com"] = {"l" + std::to_string(i + 1) + "@example.com"};
  settings.aliases["l20@example.com"] = {"alice@example.com"};
  EXPECT_EQ(refusal(settings, "l0@example.com"), "554 5.4.6");
  EXPECT_THAT(finals(settings, "l1@example.com"), ElementsAre("alice@example.com"));
}

TEST(Expand, TargetsThatDoNotExistAreLeftOutAndNamed) {
  auto settings = basic();
  settings.aliases["team@example.com"] = {"gone@example.com", "bob@example.com", "not an address"};
  const auto expansion = expand(settings, "team@example.com");
  EXPECT_THAT(finals(expansion), ElementsAre("bob@example.com"));
  EXPECT_THAT(expansion.missing, ElementsAre("gone@example.com", "not an address"));
  settings.aliases["team@example.com"] = {"gone@example.com"};
  EXPECT_EQ(refusal(settings, "team@example.com"), "550 5.1.1");
  settings.aliases["team@example.com"] = {};
  EXPECT_EQ(refusal(settings, "team@example.com"), "550 5.1.1");
}

TEST(Expand, PostmasterIsNeverRefused) {
  for (const auto* asked : {"postmaster", "Postmaster@example.com", "postmaster@mail.example.com",
                            "root@mail.example.com", "root@example.com", "root"}) {
    EXPECT_THAT(finals(basic(), asked), ElementsAre("alice@example.com")) << asked;
    const auto expansion = expand(basic(), asked);
    EXPECT_TRUE(expansion.local) << asked;
  }
  auto settings = basic();
  settings.domains["other.example"] = domain(RecipientRule::list);
  EXPECT_THAT(finals(settings, "postmaster@other.example"), ElementsAre("alice@example.com"));
  EXPECT_EQ(refusal(settings, "root@other.example"), "550 5.1.1");
  settings.aliases["postmaster@other.example"] = {"bob@example.com"};
  EXPECT_THAT(finals(settings, "postmaster@other.example"), ElementsAre("bob@example.com"));
}

TEST(Expand, PostmasterWithoutAPlaceIsKeptForTheHostname) {
  auto settings = basic();
  settings.postmaster = "";
  EXPECT_THAT(finals(settings, "postmaster@example.com"), ElementsAre("postmaster@mail.example.com"));
  EXPECT_THAT(finals(settings, "root"), ElementsAre("postmaster@mail.example.com"));
  settings.postmaster = "gone@example.com";
  EXPECT_THAT(finals(settings, "postmaster@example.com"), ElementsAre("postmaster@mail.example.com"));
  settings.postmaster = "postmaster@example.com";
  EXPECT_THAT(finals(settings, "postmaster@example.com"), ElementsAre("postmaster@mail.example.com"));
  settings.domains["mail.example.com"] = domain(RecipientRule::accounts);
  EXPECT_THAT(finals(settings, "postmaster"), ElementsAre("postmaster"));
}

TEST(Expand, AnyTakesEverybody) {
  auto settings = basic();
  settings.domains["any.example"] = domain(RecipientRule::any);
  EXPECT_THAT(finals(settings, "WhoEver+x@any.example"), ElementsAre("whoever+x@any.example"));
  settings.domains["any.example"] = domain(RecipientRule::any, DeliverKind::smtp);
  EXPECT_THAT(finals(settings, "WhoEver+x@any.example"), ElementsAre("WhoEver+x@any.example"));
}

TEST(Expand, AListTakesItsLocalParts) {
  auto settings = basic();
  settings.domains["list.example"] = domain(RecipientRule::list);
  settings.domains["list.example"].local_parts = {"Sales", "info"};
  EXPECT_THAT(finals(settings, "SALES+x@list.example"), ElementsAre("sales+x@list.example"));
  EXPECT_EQ(refusal(settings, "support@list.example"), "550 5.1.1");
}

TEST(Expand, TheCatchAllTakesUnknownUsers) {
  auto settings = basic();
  settings.domains["example.com"].catch_all = "bob@example.com";
  EXPECT_THAT(finals(settings, "whoever@example.com"), ElementsAre("bob@example.com"));
  EXPECT_THAT(finals(settings, "alice@example.com"), ElementsAre("alice@example.com"));
  EXPECT_THAT(finals(settings, "postmaster@example.com"), ElementsAre("alice@example.com"));
  settings.domains["example.com"].catch_all = "gone@example.com";
  EXPECT_NE(refusal(settings, "whoever@example.com"), "");
}

TEST(Expand, LocalPartsAreNeverReadAsRoutes) {
  auto settings = basic();
  settings.domains["example.com"].catch_all = "bob@example.com";
  settings.domains["any.example"] = domain(RecipientRule::any, DeliverKind::smtp);
  settings.domains["old.example"] = domain(RecipientRule::any);
  settings.aliases["@old.example"] = {"bob@example.com"};
  for (const std::string local : {"user%other.net", "other.net!user", "user@other.net", "alice%other.net",
                                  "alice+x%other.net", "@other.net:user"}) {
    for (const std::string at : {"example.com", "any.example", "old.example", "mail.example.com"})
      EXPECT_EQ(refusal(settings, local + "@" + at), "550 5.1.1") << local << " at " << at;
  }
  EXPECT_THAT(finals(settings, "odd%name@example.com"), ElementsAre("odd%name@example.com"));
  settings.aliases["a!b@example.com"] = {"alice@example.com"};
  EXPECT_THAT(finals(settings, "A!b@example.com"), ElementsAre("alice@example.com"));
}

// ---- what must be asked for

struct Tables {
  using Mode = testing::FixedTable::Mode;
  explicit Tables(Mode mode) : mode(mode) {}
  std::shared_ptr<testing::FixedTable> add(const std::string& name, testing::FixedTable::Entries entries) {
    auto table = std::make_shared<testing::FixedTable>(name, std::move(entries), mode);
    lookups.tables[name] = table;
    return table;
  }
  Expansion expand(const Settings& settings, std::string_view asked) {
    lookups.accounts = testing::names(accounts, mode);
    const Router router(settings, lookups, {});
    return testing::run_awaitable(router.expand(mailbox(asked)));
  }
  Mode mode;
  Lookups lookups;
};

class Lookup : public ::testing::TestWithParam<testing::FixedTable::Mode> {
 protected:
  Tables tables_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Expand, Lookup,
                         ::testing::Values(testing::FixedTable::Mode::known, testing::FixedTable::Mode::asked));

TEST_P(Lookup, AccountsAreAskedAlsoWithoutTheDetail) {
  EXPECT_THAT(finals(tables_.expand(basic(), "Alice+x@example.com")), ElementsAre("alice+x@example.com"));
  EXPECT_EQ(tables_.expand(basic(), "carol+x@example.com").refusal->code, 550);
}

TEST_P(Lookup, AliasesComeFromTheSettingsAndThenFromTheTablesInOrder) {
  auto settings = basic();
  settings.aliases["own@example.com"] = {"one@example.com"};
  settings.alias_tables = {"first", "second"};
  tables_.add("first", {{"one@example.com", {"two@example.com", "bob@example.com"}}, {"own@example.com", {"x@y.net"}}});
  tables_.add("second",
              {{"two@example.com", {"alice@example.com", "x@elsewhere.net"}}, {"one@example.com", {"x@y.net"}}});
  EXPECT_THAT(finals(tables_.expand(settings, "own+x@example.com")),
              ElementsAre("alice@example.com", "x@elsewhere.net", "bob@example.com"));
}

TEST_P(Lookup, AKeyWithoutValuesIsNoAlias) {
  auto settings = basic();
  settings.alias_tables = {"first"};
  tables_.add("first", {{"alice@example.com", {}}});
  EXPECT_THAT(finals(tables_.expand(settings, "alice@example.com")), ElementsAre("alice@example.com"));
}

TEST_P(Lookup, BareNamesAreThoseOfTheMachine) {
  auto settings = basic();
  settings.domains["other.example"] = domain(RecipientRule::list);
  settings.alias_tables = {"etc"};
  tables_.add("etc", {{"ops", {"bob@example.com"}}})->bare_names = true;
  EXPECT_THAT(finals(tables_.expand(settings, "Ops@mail.example.com")), ElementsAre("bob@example.com"));
  EXPECT_THAT(finals(tables_.expand(settings, "ops+x@example.com")), ElementsAre("bob@example.com"));
  EXPECT_EQ(tables_.expand(settings, "ops@other.example").refusal->code, 550);
}

TEST_P(Lookup, RecipientsOfATable) {
  auto settings = basic();
  settings.domains["t.example"] = domain(RecipientRule::table);
  settings.domains["t.example"].table = "people";
  auto people = tables_.add("people", {{"ann@t.example", {}}, {"joe", {}}});
  EXPECT_THAT(finals(tables_.expand(settings, "Ann+x@t.example")), ElementsAre("ann+x@t.example"));
  EXPECT_EQ(tables_.expand(settings, "joe@t.example").refusal->code, 550);
  people->bare_names = true;
  EXPECT_THAT(finals(tables_.expand(settings, "joe@t.example")), ElementsAre("joe@t.example"));
}

TEST_P(Lookup, LmtpServersAreAskedAsTheSenderSpeltIt) {
  auto settings = basic();
  settings.domains["l.example"] = domain(RecipientRule::lmtp, DeliverKind::lmtp);
  tables_.add("lmtp:x", {{"Ann+x@l.example", {}}, {"bob@l.example", {}}});
  EXPECT_THAT(finals(tables_.expand(settings, "Ann+x@L.example")), ElementsAre("Ann+x@l.example"));
  EXPECT_EQ(tables_.expand(settings, "bob+x@l.example").refusal->code, 550) << "it would say so itself";
}

TEST_P(Lookup, NextHopsAreAskedAsTheSenderSpeltIt) {
  auto settings = basic();
  settings.domains["n.example"] = domain(RecipientRule::callout, DeliverKind::smtp);
  tables_.add(callout_table, {{"Ann+x@n.example", {}}});
  EXPECT_THAT(finals(tables_.expand(settings, "Ann+x@N.example")), ElementsAre("Ann+x@n.example"));
  EXPECT_EQ(tables_.expand(settings, "bob@n.example").refusal->code, 550);
}

TEST(Lookup, OtherHostsAreLeftAloneWhereTheyMustBe) {
  auto settings = basic();
  settings.domains["n.example"] = domain(RecipientRule::callout, DeliverKind::smtp);
  auto hop = std::make_shared<testing::FixedTable>("callout", testing::FixedTable::Entries{},
                                                   testing::FixedTable::Mode::asked);
  hop->assumed = lookup::present();
  const Router router(std::move(settings), {.accounts = nullptr, .tables = {{callout_table, hop}}}, {});
  const auto asked = testing::run_awaitable(router.expand(mailbox("bob@n.example"), OtherHosts::are_left_alone));
  EXPECT_THAT(finals(asked), ElementsAre("bob@n.example"));
  EXPECT_THAT(hop->asked, IsEmpty());
  EXPECT_TRUE(testing::run_awaitable(router.expand(mailbox("bob@n.example"))).refusal);
  EXPECT_THAT(hop->asked, ElementsAre("bob@n.example"));
}

TEST_P(Lookup, DomainsOfATable) {
  auto settings = basic();
  settings.domains["table:hosted"] = domain(RecipientRule::any);
  tables_.add("hosted", {{"h.example", {}}});
  const auto local = tables_.expand(settings, "Who@H.example");
  EXPECT_TRUE(local.local);
  EXPECT_THAT(finals(local), ElementsAre("who@h.example"));
  EXPECT_FALSE(tables_.expand(settings, "who@other.example").local);
}

TEST(Lookup, ADomainOfATableIsOursAsFarAsIsKnown) {
  auto settings = basic();
  settings.domains["table:hosted"] = domain(RecipientRule::any);
  auto hosted = std::make_shared<testing::FixedTable>("hosted", testing::FixedTable::Entries{{"h.example", {}}});
  const Router router(std::move(settings), {.accounts = nullptr, .tables = {{"hosted", hosted}}}, {});
  EXPECT_TRUE(router.is_ours("H.example"));
  EXPECT_FALSE(router.is_local_domain("h.example")) << "which the settings do not name";
  EXPECT_FALSE(router.is_ours("other.example"));
  EXPECT_FALSE(router.may_be_ours("other.example"));
  hosted->mode = testing::FixedTable::Mode::asked;
  EXPECT_FALSE(router.is_ours("h.example"));
  EXPECT_TRUE(router.may_be_ours("h.example"));
  EXPECT_TRUE(router.may_end_here("h.example"));
}

// An answer that lapsed neither shortens how long mail is tried, nor holds it.
TEST(Lookup, ADomainOfWhichNothingIsKnownHasTheRouteOfOthersButIsNotHeldByIt) {
  auto settings = basic();
  settings.domains["table:hosted"] = domain(RecipientRule::any);
  settings.routes.emplace_back().domains = {"h.example"};
  settings.routes.back().hold = true;
  auto hosted = std::make_shared<testing::FixedTable>("hosted", testing::FixedTable::Entries{});
  const Router router(std::move(settings), {.accounts = nullptr, .tables = {{"hosted", hosted}}}, {});
  const smtp::ReversePath me = mailbox("me@example.com");
  EXPECT_NE(router.route_of("h.example", me), nullptr);
  EXPECT_TRUE(router.why_held("h.example", me));
  hosted->mode = testing::FixedTable::Mode::asked;
  EXPECT_NE(router.route_of("h.example", me), nullptr);
  EXPECT_FALSE(router.why_held("h.example", me));
}

// What an attempt has to know: where it goes, whom it is from, and by which aliases and lists it came.
TEST(Lookup, TheDomainsOfAMessageAreAskedForBeforeItsWayIs) {
  auto settings = basic();
  settings.domains["table:hosted"] = domain(RecipientRule::any);
  auto hosted = std::make_shared<testing::FixedTable>("hosted", testing::FixedTable::Entries{{"h.example", {}}},
                                                      testing::FixedTable::Mode::asked);
  const Router router(std::move(settings), {.accounts = nullptr, .tables = {{"hosted", hosted}}}, {});
  mail::Envelope envelope;
  envelope.sender = mailbox("me@From.example");
  envelope.recipients.push_back({.address = mailbox("you@far.example"), .original = "away@H.example"});
  envelope.recipients.push_back({.address = mailbox("she@far.example"), .owner = mailbox("owner-l@lists.example")});
  EXPECT_TRUE(testing::run_awaitable(router.learn(envelope, "far.example")));
  EXPECT_THAT(hosted->asked, UnorderedElementsAre("far.example", "from.example", "h.example", "lists.example"));
  hosted->asked.clear();
  EXPECT_TRUE(testing::run_awaitable(router.learn(envelope, std::vector<std::uint32_t>{1})));
  EXPECT_THAT(hosted->asked, UnorderedElementsAre("far.example", "from.example", "lists.example"));
  hosted->mode = testing::FixedTable::Mode::down;
  EXPECT_FALSE(testing::run_awaitable(router.learn(envelope, "far.example")));
}

TEST(Lookup, NobodyIsAskedTwiceInOneExpansion) {
  Tables tables(testing::FixedTable::Mode::asked);
  auto settings = basic();
  settings.alias_tables = {"lists"};
  auto lists = tables.add("lists", {{"team@example.com", {"alice@example.com", "bob@example.com", "team2@example.com"}},
                                    {"team2@example.com", {"alice@example.com", "bob@example.com"}}});
  EXPECT_THAT(finals(tables.expand(settings, "team@example.com")),
              UnorderedElementsAre("alice@example.com", "bob@example.com"));
  auto asked = lists->asked;
  std::ranges::sort(asked);
  EXPECT_EQ(std::ranges::adjacent_find(asked), asked.end());
}

TEST(Lookup, OutageIsNeitherAcceptedNorRefusedForGood) {
  Tables tables(testing::FixedTable::Mode::down);
  auto settings = basic();
  settings.alias_tables = {"lists"};
  tables.add("lists", {});
  const auto expansion = tables.expand(settings, "alice@example.com");
  ASSERT_TRUE(expansion.refusal);
  EXPECT_EQ(to_line(*expansion.refusal).substr(0, 9), "451 4.3.0");
  EXPECT_THAT(expansion.recipients, IsEmpty());
  EXPECT_EQ(expansion.outage, "lists: it is down");
  EXPECT_THAT(finals(tables.expand(settings, "x@elsewhere.net")), ElementsAre("x@elsewhere.net"));
}

TEST(Expand, PatternsComeAfterNamesAndBeforeTheDomain) {
  auto settings = basic();
  settings.aliases["sales-*@example.com"] = {"alice@example.com"};
  settings.aliases["sales-uk-*@example.com"] = {"bob@example.com"};
  settings.aliases["sales-de@example.com"] = {"x@elsewhere.net"};
  settings.aliases["@example.com"] = {"rest@elsewhere.net"};
  EXPECT_THAT(finals(settings, "Sales-fr@example.com"), ElementsAre("rest@elsewhere.net"))
      << "alice has an alias too: that of the domain";
  settings.aliases["alice@example.com"] = {"alice@example.com"};
  EXPECT_THAT(finals(settings, "Sales-fr@example.com"), ElementsAre("alice@example.com"));
  settings.aliases["bob@example.com"] = {"bob@example.com"};
  EXPECT_THAT(finals(settings, "sales-uk-north@example.com"), ElementsAre("bob@example.com"));
  EXPECT_THAT(finals(settings, "sales-de+x@example.com"), ElementsAre("x@elsewhere.net"));
}

TEST(Expand, ADomainMayBeMappedToAnother) {
  auto settings = basic();
  settings.domains["old.example"] = domain(RecipientRule::list);
  settings.aliases["@old.example"] = {"@example.com"};
  EXPECT_THAT(finals(settings, "alice+x@old.example"), ElementsAre("alice+x@example.com"));
  EXPECT_EQ(refusal(settings, "nobody@old.example"), "550 5.1.1");
}

std::vector<std::string> owners(const Settings& settings, std::string_view asked) {
  std::vector<std::string> result;
  for (const auto& recipient : expand(settings, asked).recipients)
    result.push_back(to_string(recipient.address) + " " + to_string(recipient.owner));
  return result;
}

TEST(Expand, AListWithAnOwnerHasItsMembersReportThere) {
  auto settings = basic();
  settings.aliases["Team@example.com"] = {"alice@example.com", "x@elsewhere.net"};
  EXPECT_THAT(owners(settings, "team@example.com"), ElementsAre("alice@example.com ", "x@elsewhere.net "));
  settings.aliases["owner-team@example.com"] = {"bob@example.com"};
  EXPECT_THAT(owners(settings, "team+x@example.com"),
              ElementsAre("alice@example.com owner-team@example.com", "x@elsewhere.net owner-team@example.com"));
  EXPECT_THAT(owners(settings, "owner-team@example.com"), ElementsAre("bob@example.com ")) << "an owner has none";
  EXPECT_THAT(owners(settings, "alice@example.com"), ElementsAre("alice@example.com "));
}

TEST(Expand, OfListsInListsTheInnermostOwnerCounts) {
  auto settings = basic();
  settings.aliases["all@example.com"] = {"inner@example.com", "x@elsewhere.net"};
  settings.aliases["inner@example.com"] = {"alice@example.com"};
  settings.aliases["owner-inner@example.com"] = {"bob@example.com"};
  EXPECT_THAT(owners(settings, "all@example.com"),
              ElementsAre("alice@example.com owner-inner@example.com", "x@elsewhere.net "));
  settings.aliases["owner-all@example.com"] = {"all@example.com"};
  EXPECT_THAT(owners(settings, "all@example.com"),
              ElementsAre("alice@example.com owner-inner@example.com", "x@elsewhere.net owner-all@example.com"));
}

}  // namespace
}  // namespace godwit::route
