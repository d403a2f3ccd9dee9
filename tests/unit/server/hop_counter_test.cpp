// SPDX-License-Identifier: Apache-2.0
#include "server/hop_counter.hpp"

#include <gtest/gtest.h>

namespace godwit::server {
namespace {

constexpr std::string_view message =
    "Received: from a\r\n\tby b\r\nSubject: Received: no\r\nRECEIVED: from c\r\nReceived : odd\r\n received: folded\r\n"
    "\r\nReceived: in the body\r\n";

TEST(HopCounter, CountsOnlyFieldsOfTheHeader) {
  HopCounter counter;
  counter.put(message);
  EXPECT_EQ(counter.count(), 2U);
}

TEST(HopCounter, DoesNotMindWhereTheBytesAreSplit) {
  for (std::size_t at = 0; at <= message.size(); ++at) {
    HopCounter counter;
    counter.put(message.substr(0, at));
    counter.put(message.substr(at));
    EXPECT_EQ(counter.count(), 2U) << at;
  }
}

}  // namespace
}  // namespace godwit::server
