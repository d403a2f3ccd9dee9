// SPDX-License-Identifier: Apache-2.0
#include "daemon/not_replayed.hpp"

#include <gmock/gmock.h>

namespace godwit::daemon {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

TEST(NotReplayed, ChecksOfListenersOfTheirOwn) {
  LiveSettings plain;
  plain.settings.policy.checks.submission = {"hello"};
  auto& listeners = plain.settings.server.listeners;
  listeners.resize(2);
  listeners[1].service = smtp::Service::submission;
  listeners[1].checks = std::vector<std::string>{"hello"};
  auto other = plain;
  other.settings.server.listeners[1].checks = std::vector<std::string>{"hello", "reverse_dns"};
  const control::ReplayOrder with_dns{.last = 1, .dns = true};
  const auto told = StartsWith("listeners[].checks");
  EXPECT_THAT(not_replayed(with_dns, plain, plain), Not(Contains(told)));
  EXPECT_THAT(not_replayed(with_dns, plain, other), Contains(told));
  EXPECT_THAT(not_replayed(with_dns, other, plain), Contains(told));
  // None is replayed without DNS.
  EXPECT_THAT(not_replayed({}, other, other), Not(Contains(told)));
}

TEST(NotReplayed, AccountsThatAreNotInFiles) {
  LiveSettings files, other;
  other.settings.auth.stores.resize(1);
  other.settings.auth.stores[0].type = auth::StoreType::ldap;
  const auto told = StartsWith("accounts that are not kept in files");
  EXPECT_THAT(not_replayed({}, files, files), Not(Contains(told)));
  EXPECT_THAT(not_replayed({}, files, other), Contains(told));
}

}  // namespace
}  // namespace godwit::daemon
