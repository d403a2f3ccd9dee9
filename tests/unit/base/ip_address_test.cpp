// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/ip_address.hpp"

#include <gtest/gtest.h>

namespace godwit::base {
namespace {

IpAddress address(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpNetwork network(std::string_view text) {
  return IpNetwork::parse(text).value();
}

TEST(IpAddress, IsWrittenInItsShortestForm) {
  EXPECT_EQ(to_string(address("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(to_string(address("2001:DB8:0:0:0:0:0:1")), "2001:db8::1");
  EXPECT_EQ(to_string(IpAddress()), "0.0.0.0");
}

TEST(IpAddress, MappedIsIpv4) {
  EXPECT_EQ(address("::ffff:192.0.2.1"), address("192.0.2.1"));
  EXPECT_TRUE(address("::ffff:127.0.0.1").is_loopback());
  EXPECT_TRUE(address("::192.0.2.1").is_v6());
  EXPECT_EQ(address("::ffff:192.0.2.1").bytes(), std::string_view("\xC0\x00\x02\x01", 4));
}

TEST(IpAddress, NothingElseIsOne) {
  for (const auto* bad : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "::1%lo", "[::1]",
                          ":::", "12345::", "localhost"})
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, KnowsLoopbackAndUnspecified) {
  EXPECT_TRUE(address("127.1.2.3").is_loopback());
  EXPECT_TRUE(address("::1").is_loopback());
  EXPECT_FALSE(address("::2").is_loopback());
  EXPECT_FALSE(address("::").is_loopback());
  EXPECT_TRUE(address("0.0.0.0").is_unspecified());
  EXPECT_TRUE(address("::").is_unspecified());
}

TEST(IpNetwork, ContainsByItsPrefix) {
  EXPECT_TRUE(network("10.0.0.0/8").contains(address("10.255.0.1")));
  EXPECT_FALSE(network("10.0.0.0/8").contains(address("11.0.0.1")));
  EXPECT_TRUE(network("192.0.2.128/25").contains(address("192.0.2.200")));
  EXPECT_FALSE(network("192.0.2.128/25").contains(address("192.0.2.127")));
  EXPECT_TRUE(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
  EXPECT_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
  EXPECT_TRUE(network("192.0.2.1").contains(address("192.0.2.1")));
  EXPECT_FALSE(network("192.0.2.1").contains(address("192.0.2.0")));
}

TEST(IpNetwork, FamiliesAreApartButMappedIsIpv4) {
  EXPECT_FALSE(network("::/0").contains(address("10.0.0.1")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(address("::1")));
  EXPECT_TRUE(network("10.0.0.0/8").contains(address("::ffff:10.0.0.1")));
  EXPECT_EQ(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
  EXPECT_FALSE(IpNetwork::parse("::ffff:10.0.0.0/95"));
}

TEST(IpNetwork, HostBitsAreCleared) {
  EXPECT_EQ(to_string(network("10.1.2.3/8")), "10.0.0.0/8");
  EXPECT_EQ(to_string(network("2001:db8::1/64")), "2001:db8::/64");
  EXPECT_EQ(to_string(network("1.2.3.4/0")), "0.0.0.0/0");
}

TEST(IpNetwork, BadPrefixesAreRefused) {
  for (const auto* bad : {"10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "/8", "10/8"})
    EXPECT_FALSE(IpNetwork::parse(bad)) << bad;
}

TEST(Endpoint, IsReadInAllItsForms) {
  EXPECT_EQ(to_string(Endpoint::parse("127.0.0.1:25").value()), "127.0.0.1:25");
  EXPECT_EQ(to_string(Endpoint::parse("[::1]:25").value()), "[::1]:25");
  EXPECT_EQ(to_string(Endpoint::parse("[10.0.0.7]:2525").value()), "10.0.0.7:2525");
  EXPECT_EQ(to_string(Endpoint::parse("unix:/run/x.sock").value()), "unix:/run/x.sock");
  EXPECT_EQ(to_string(Endpoint::parse("::1", 53).value()), "[::1]:53");
  EXPECT_EQ(to_string(Endpoint::parse("[::1]", 53).value()), "[::1]:53");
  EXPECT_EQ(to_string(Endpoint::parse("192.0.2.1", 53).value()), "192.0.2.1:53");
  EXPECT_EQ(to_string(Endpoint::parse("192.0.2.1:5353", 53).value()), "192.0.2.1:5353");
}

TEST(Endpoint, WithoutAPortThereMustBeADefault) {
  EXPECT_FALSE(Endpoint::parse("127.0.0.1"));
  EXPECT_FALSE(Endpoint::parse("[::1]"));
  EXPECT_FALSE(Endpoint::parse("::1"));
}

TEST(Endpoint, NothingElseIsOne) {
  for (const auto* bad : {"", ":25", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "[::1", "[::1]25",
                          "[::1]:", "[]:25", "unix:", "example.com:25", "127.0.0.1:25:25"})
    EXPECT_FALSE(Endpoint::parse(bad, 25)) << bad;
}

}  // namespace
}  // namespace godwit::base
