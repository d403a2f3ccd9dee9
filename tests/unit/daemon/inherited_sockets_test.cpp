// SPDX-License-Identifier: Apache-2.0
#include "daemon/inherited_sockets.hpp"

#include <gmock/gmock.h>

#include "daemon/socket_store.hpp"
#include "support/endpoint.hpp"

namespace godwit::daemon {
namespace {

using ::testing::ElementsAre;
using testing::endpoint;
using ::testing::IsEmpty;

// Sockets only as far as names and addresses go.
InheritedSockets sockets(const std::vector<std::pair<const char*, const char*>>& given) {
  std::vector<InheritedSocket> all;
  for (const auto& [name, address] : given)
    all.push_back({.descriptor = net::FileDescriptor(), .name = name, .local = endpoint(address)});
  return InheritedSockets(std::move(all));
}

std::vector<std::string> addresses(const std::vector<InheritedSocket>& all) {
  std::vector<std::string> result;
  for (const auto& one : all) result.push_back(base::to_string(one.local));
  return result;
}

const std::vector<server::ListenerSettings> listeners = {
    {.address = endpoint("[::]:25"), .service = smtp::Service::mx},
    {.address = endpoint("[::]:587"), .service = smtp::Service::submission},
    {.address = endpoint("[::]:465"), .service = smtp::Service::submission, .tls = smtp::TlsMode::implicit}};

TEST(InheritedSockets, GoToTheListenerOfTheirAddress) {
  auto given = sockets({{"godwitd.socket", "[::]:465"}, {"godwitd.socket", "[::]:25"}});
  const auto assigned = given.assign(listeners);
  EXPECT_THAT(addresses(assigned[0]), ElementsAre("[::]:25"));
  EXPECT_THAT(addresses(assigned[1]), IsEmpty());
  EXPECT_THAT(addresses(assigned[2]), ElementsAre("[::]:465"));
  EXPECT_THAT(given.left(), IsEmpty());
}

TEST(InheritedSockets, BothFamiliesGoToTheListenerThatTakesBoth) {
  auto given = sockets({{"", "[::]:25"}, {"", "0.0.0.0:25"}});
  EXPECT_THAT(addresses(given.assign(listeners)[0]), ElementsAre("[::]:25", "0.0.0.0:25"));
}

TEST(InheritedSockets, OfAnotherAddressGoByTheirNames) {
  auto given = sockets({{"submissions", "192.0.2.1:4650"}, {"mx", "192.0.2.1:2500"}, {"submission", "[::]:587"}});
  const auto assigned = given.assign(listeners);
  EXPECT_THAT(addresses(assigned[0]), ElementsAre("192.0.2.1:2500"));
  EXPECT_THAT(addresses(assigned[1]), ElementsAre("[::]:587"));
  EXPECT_THAT(addresses(assigned[2]), ElementsAre("192.0.2.1:4650"));
}

TEST(InheritedSockets, WhatNobodyTakesIsLeft) {
  auto given = sockets({{"godwitd.socket", "[::]:26"}, {"", "unix:/run/godwit/control.sock"}});
  given.assign(listeners);
  EXPECT_TRUE(given.take({.address = {}, .port = 0, .unix_path = "/run/godwit/control.sock"}).has_value());
  EXPECT_THAT(addresses(given.left()), ElementsAre("[::]:26"));
}

TEST(InheritedSockets, OfOurPredecessorAreToldByTheirNames) {
  const std::string v6 = stored_name(endpoint("[::]:25")), v4 = stored_name(endpoint("0.0.0.0:25"));
  EXPECT_NE(v6, v4);
  EXPECT_EQ(v6.find(':'), std::string::npos) << "parts names";
  auto given =
      sockets({{v6.c_str(), "[::]:25"}, {v4.c_str(), "0.0.0.0:25"}, {v4.c_str(), "0.0.0.0:26"}, {"mx", "[::]:27"}});
  EXPECT_EQ(given.count_stored(), 3U);
  EXPECT_THAT(addresses(given.take_stored(endpoint("[::]:26"))), ElementsAre("0.0.0.0:26"));
  EXPECT_THAT(addresses(given.assign(listeners)[0]), ElementsAre("[::]:25", "0.0.0.0:25"));
  EXPECT_THAT(addresses(given.left()), ElementsAre("[::]:27"));
}

TEST(InheritedSockets, OfAListenerThatHasGoneAreTold) {
  const std::string name = stored_name(endpoint("0.0.0.0:26"));
  auto given = sockets({{name.c_str(), "0.0.0.0:26"}, {"godwitd.socket", "0.0.0.0:27"}});
  given.assign(listeners);
  EXPECT_THAT(addresses(given.take_stored()), ElementsAre("0.0.0.0:26"));
  EXPECT_THAT(addresses(given.left()), ElementsAre("0.0.0.0:27"));
}

}  // namespace
}  // namespace godwit::daemon
