// SPDX-License-Identifier: Apache-2.0
#include "daemon/own_addresses.hpp"

#include <gmock/gmock.h>

#include "godwit/net/interfaces.hpp"
#include "support/endpoint.hpp"

namespace godwit::daemon {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::endpoint;

base::IpAddress ip(const char* text) {
  return base::IpAddress::parse(text).value();
}

TEST(ReachableAt, WildcardStandsForTheAddressesOfTheInterfaces) {
  const std::vector<base::IpAddress> interfaces = {ip("192.0.2.1"), ip("2001:db8::1"), ip("198.51.100.7")};
  EXPECT_THAT(reachable_at({endpoint("0.0.0.0:25")}, interfaces),
              ElementsAre(endpoint("0.0.0.0:25"), endpoint("192.0.2.1:25"), endpoint("198.51.100.7:25")));
  EXPECT_THAT(reachable_at({endpoint("[::]:26")}, interfaces),
              ElementsAre(endpoint("[::]:26"), endpoint("192.0.2.1:26"), endpoint("[2001:db8::1]:26"),
                          endpoint("198.51.100.7:26")));
}

TEST(ReachableAt, ListenerOfOneAddressIsReachedThereOnly) {
  EXPECT_THAT(reachable_at({endpoint("192.0.2.9:25")}, {ip("192.0.2.1")}), ElementsAre(endpoint("192.0.2.9:25")));
}

TEST(SystemInterfaces, KnowLoopbackAndNoLinkLocalAddress) {
  const auto found = net::SystemInterfaces().addresses();
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, Contains(ip("127.0.0.1")));
  for (const auto& address : *found) EXPECT_FALSE(base::to_string(address).starts_with("fe80"));
}

}  // namespace
}  // namespace godwit::daemon
