// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay_verdicts.hpp"

#include <gmock/gmock.h>

#include "daemon/assumed_dns.hpp"
#include "support/fixed_table.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class Verdicts : public ::testing::Test {
 protected:
  Verdicts() {
    route.hostname = "mail.example.com";
    route.origin = "example.com";
    route.domains["example.com"].deliver = {.kind = route::DeliverKind::maildir, .argument = "/m/{local}"};
    envelope.client.address = *base::IpAddress::parse("127.0.0.1");
    envelope.sender = smtp::Mailbox{"alice", "example.com"};
    envelope.size = 1000;
    settings.message_size = 5000;
  }
  std::vector<control::ReplayVerdict> verdicts(std::vector<smtp::Mailbox> recipients) {
    const route::Lookups lookups{.accounts = testing::names({"alice@example.com"}), .tables = {}};
    const auto canonical = std::make_shared<const route::Canonical>(route.canonical, "+", lookups);
    const auto router = std::make_shared<const route::Router>(route, lookups, std::vector<base::Endpoint>());
    server::RehearsalRules rehearsal{
        .rules = {.settings = settings,
                  .policy = policy,
                  .router = router,
                  .tls = nullptr,
                  .may_send_as = [](const std::string& account,
                                    const smtp::Mailbox& sender) { return account == smtp::to_string(sender); },
                  .canonical = canonical},
        .knows_account = [this](const std::string& account) { return account == known_account; },
        .own_user = "godwit"};
    const ReplayedRules rules{
        .rehearsal = rehearsal, .limits = dispatch::SiteLimits(dispatch, router), .messages_per_connection = usual};
    auto past = envelope;
    past.recipients = std::move(recipients);
    past.asked = past.recipients.size() + further;
    base::SeededRandom random(1);
    AssumedDns dns;
    const dispatch::WaySources sources{.resolver = dns, .random = random};
    return testing::run_awaitable(replay_verdicts(rules, past, sources, WayWords::without_dns));
  }
  control::ReplayVerdict verdict(smtp::Mailbox recipient) { return verdicts({std::move(recipient)}).at(0); }

  route::Settings route;
  policy::Settings policy;
  server::Settings settings;
  dispatch::Settings dispatch;
  std::size_t usual = 100;
  server::PastEnvelope envelope;
  std::string known_account = "alice@example.com";
  std::size_t further = 0;
};

const smtp::Mailbox alice{"alice", "example.com"}, far{"bob", "far.example"};

TEST_F(Verdicts, RecipientsOfOursEndHere) {
  EXPECT_EQ(verdict(alice).route, "maildir:/m/{local}");
  EXPECT_EQ(verdict(alice).tls, "");
  EXPECT_EQ(verdict(alice).becomes, "<alice@example.com> from <alice@example.com>");
  const auto unknown = verdict({"nobody", "example.com"});
  EXPECT_THAT(unknown.refusal, StartsWith("550 5.1.1"));
  EXPECT_EQ(unknown.rule, "domains.example.com");
}

TEST_F(Verdicts, StrangersDoNotRelay) {
  EXPECT_EQ(verdict(far).refusal, "");
  policy.trusted_networks.clear();
  EXPECT_THAT(verdict(far).refusal, StartsWith("554 5.7.1"));
  EXPECT_EQ(verdict(far).rule, "relaying");
}

TEST_F(Verdicts, WaysAndTheirTlsAreTheConfigurations) {
  EXPECT_EQ(verdict(far).route, "mx");
  EXPECT_EQ(verdict(far).tls, "opportunistic");
  route.tls = route::TlsLevel::require;
  EXPECT_EQ(verdict(far).tls, "require");
  route::RouteSettings rule;
  rule.domains = {"far.example"};
  rule.next_hops = {"[10.0.0.5]:2525"};
  rule.user = "relay";
  rule.has_tls = true;
  rule.tls = route::TlsLevel::verify;
  rule.tls_name = "mx.far.example";
  rule.source_addresses = {{*base::IpAddress::parse("192.0.2.9"), "out.example.com"}};
  route.routes = {rule};
  EXPECT_EQ(verdict(far).route, "smtp:[10.0.0.5]:2525 as relay from 192.0.2.9=out.example.com");
  EXPECT_EQ(verdict(far).tls, "verify mx.far.example");
  EXPECT_EQ(verdict(far).held, "");
  route.routes[0].hold = true;
  EXPECT_NE(verdict(far).held, "");
}

TEST_F(Verdicts, LimitsAreTheOnesOfTheSite) {
  EXPECT_EQ(verdict(far).limits, "at most 20 connections, 100 messages a connection");
  EXPECT_EQ(verdict(alice).limits, "at most 8 connections");
  dispatch.queue.connections_per_destination = 30;
  usual = 50;
  EXPECT_EQ(verdict(far).limits, "at most 30 connections, 50 messages a connection");
  dispatch.shaping.push_back(
      {.destinations = {"far.example"}, .connections = 3, .rate = {}, .messages_per_connection = 7});
  EXPECT_EQ(verdict(far).limits, "at most 3 connections, 7 messages a connection");
  route::RouteSettings rule;
  rule.domains = {"far.example"};
  rule.next_hops = {"[10.0.0.5]:2525"};
  rule.rate = base::Rate{.count = 100, .period = std::chrono::minutes(1)};
  route.routes = {rule};
  EXPECT_EQ(verdict(far).limits, "at most 30 connections, 100/1m messages, 50 messages a connection");
  route.routes[0].hold = true;
  EXPECT_EQ(verdict({"bob", "[10.0.0.300]"}).limits, "") << "it leads nowhere";
}

TEST_F(Verdicts, SeveralWaysHaveLimitsEach) {
  route.aliases["alice@example.com"] = {"alice@example.com", "bob@far.example"};
  EXPECT_EQ(verdict(alice).limits, "at most 20 connections, 100 messages a connection; at most 8 connections");
}

// The number of a route says nothing of where mail goes.
TEST_F(Verdicts, ARouteBeforeItChangesNothing) {
  route::RouteSettings rule;
  rule.domains = {"far.example"};
  rule.next_hops = {"[10.0.0.5]"};
  route.routes = {rule};
  const auto before = verdict(far);
  rule.domains = {"other.example"};
  route.routes.insert(route.routes.begin(), rule);
  EXPECT_EQ(verdict(far), before);
}

TEST_F(Verdicts, AliasesLeadSeveralWays) {
  route.aliases["alice@example.com"] = {"alice@example.com", "bob@far.example"};
  const auto both = verdict(alice);
  EXPECT_EQ(both.route, "maildir:/m/{local}, mx");
  EXPECT_EQ(both.tls, "opportunistic");
  EXPECT_THAT(both.becomes, HasSubstr("<bob@far.example>"));
}

TEST_F(Verdicts, LimitsOfSizeAndRecipientsCount) {
  settings.message_size = 999;
  EXPECT_THAT(verdict(alice).refusal, StartsWith("552 5.3.4"));
  EXPECT_EQ(verdict(alice).rule, "limits.message_size");
  settings.message_size = 1000;
  settings.recipients = 1;
  const auto two = verdicts({alice, alice});
  EXPECT_EQ(two.at(0).refusal, "");
  EXPECT_EQ(two.at(1).rule, "limits.recipients");
  // Of many only some are known by name.
  settings.recipients = 100;
  further = 200;
  EXPECT_EQ(verdicts({alice, alice}).at(1).rule, "limits.recipients");
  EXPECT_EQ(verdicts({alice, alice}).at(0).rule, "");
}

TEST_F(Verdicts, APieceOfManyRecipientsKnowsHowManyCameBefore) {
  settings.recipients = 3;
  envelope.before = 2;
  further = 2;
  const auto piece = verdicts({alice, alice});
  EXPECT_EQ(piece.at(0).rule, "");
  EXPECT_EQ(piece.at(1).rule, "limits.recipients");
}

TEST_F(Verdicts, UsersSendAsThemselvesWhileTheyExist) {
  envelope.client.service = smtp::Service::submission;
  envelope.client.account = "alice@example.com";
  EXPECT_EQ(verdict(far).refusal, "");
  envelope.sender = smtp::Mailbox{"boss", "example.com"};
  EXPECT_EQ(verdict(far).rule, "sender");
  EXPECT_THAT(verdict(far).refusal, StartsWith("553 5.7.1"));
  known_account.clear();
  EXPECT_EQ(verdict(far).rule, "accounts");
}

TEST_F(Verdicts, ProgramsOfTheMachineSendAsTheirUser) {
  envelope.client.service = smtp::Service::local;
  envelope.client.user = "cron";
  EXPECT_EQ(verdict(alice).rule, "sender");
  envelope.client.user = "godwit";
  EXPECT_EQ(verdict(alice).refusal, "");
  envelope.client.user = "cron";
  policy.trusted_users = {"cron"};
  EXPECT_EQ(verdict(alice).refusal, "");
}

TEST_F(Verdicts, CanonicalAddressesAreTheOnesThatGoOn) {
  route.canonical.senders.addresses["alice@example.com"] = "alice.smith@example.com";
  route.canonical.recipients.addresses["bob@far.example"] = "robert@near.example";
  EXPECT_EQ(verdict(far).becomes, "<robert@near.example> from <alice.smith@example.com>");
  policy.rewriting.mail = {policy::MailOrigin::submitted};
  EXPECT_EQ(verdict(far).becomes, "<bob@far.example> from <alice@example.com>");
}

TEST_F(Verdicts, WithoutRecipientsThereIsOne) {
  EXPECT_THAT(verdicts({}), SizeIs(1));
  envelope.client.account = "mallory";
  EXPECT_EQ(verdicts({}).at(0).rule, "accounts");
}

}  // namespace
}  // namespace godwit::daemon
