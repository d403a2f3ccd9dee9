// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/relay.hpp"

#include <gtest/gtest.h>

#include "support/fixed_table.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::policy {
namespace {

route::Router make_router() {
  route::Settings settings;
  settings.hostname = "mail.example.com";
  settings.origin = "example.com";
  settings.postmaster = "alice@example.com";
  settings.domains["example.com"].deliver = {.kind = route::DeliverKind::maildir, .argument = "/m/{local}"};
  settings.aliases["sales@example.com"] = {"alice@example.com", "bob@elsewhere.example"};
  return {settings, {.accounts = testing::names({"alice@example.com"}), .tables = {}}, {}};
}

Client client_at(const char* address) {
  Client client;
  client.address = *base::IpAddress::parse(address);
  return client;
}
Client stranger() {
  return client_at("192.0.2.1");
}
Client neighbour() {
  return client_at("127.0.0.1");
}

int answer(const Client& client, const smtp::Mailbox& recipient) {
  const auto router = make_router();
  const Settings settings;
  const auto decision = testing::run_awaitable(check_recipient(settings, client, recipient, router));
  return decision.refusal ? decision.refusal->code : 250;
}

TEST(Relay, StrangersReachOnlyOurDomains) {
  EXPECT_EQ(answer(stranger(), {"alice", "example.com"}), 250);
  EXPECT_EQ(answer(stranger(), {"x", "elsewhere.example"}), 554);
}

TEST(Relay, TrustedNetworksAndLoginsRelay) {
  EXPECT_EQ(answer(neighbour(), {"x", "elsewhere.example"}), 250);
  auto user = stranger();
  user.service = smtp::Service::submission;
  user.account = "alice@example.com";
  EXPECT_EQ(answer(user, {"x", "elsewhere.example"}), 250);
}

TEST(Relay, TrustCountsForNothingOnSubmissionOrBehindAnUnknownProxyClient) {
  auto submitting = neighbour();
  submitting.service = smtp::Service::submission;
  EXPECT_EQ(answer(submitting, {"x", "elsewhere.example"}), 554);
  auto proxied = neighbour();
  proxied.can_be_trusted = false;
  EXPECT_EQ(answer(proxied, {"x", "elsewhere.example"}), 554);
}

TEST(Relay, SourceRoutedLookingLocalPartsAreNeverRelayed) {
  for (const char* local : {"user%elsewhere.example", "elsewhere.example!user", "user@elsewhere.example"})
    EXPECT_EQ(answer(stranger(), {local, "example.com"}), 550) << local;
}

TEST(Relay, AnAliasOfOursMayLeadOutside) {
  EXPECT_EQ(answer(stranger(), {"sales", "example.com"}), 250);
}

TEST(Relay, AnAccountSendsOnlyAsItself) {
  auto user = stranger();
  user.account = "alice@example.com";
  const MaySendAs only_self = [](const std::string& account, const smtp::Mailbox& sender) {
    return to_string(sender) == account;
  };
  EXPECT_FALSE(check_sender(user, smtp::Mailbox{"alice", "example.com"}, only_self));
  EXPECT_FALSE(check_sender(user, {}, only_self));
  EXPECT_EQ(check_sender(user, smtp::Mailbox{"bob", "example.com"}, only_self)->code, 553);
}

}  // namespace
}  // namespace godwit::policy
