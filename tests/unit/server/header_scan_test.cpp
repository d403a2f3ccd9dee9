// SPDX-License-Identifier: Apache-2.0
#include "server/header_scan.hpp"

#include <gtest/gtest.h>

namespace godwit::server {
namespace {

constexpr std::string_view message =
    "Received: from a\r\n\tby b\r\nSubject: Received: no\r\nRECEIVED: from c\r\nReceived : odd\r\n received: folded\r\n"
    "\r\nReceived: in the body\r\n";

HeaderScan scan_of(std::string_view text, std::size_t split = 0) {
  HeaderScan scan;
  scan.put(text.substr(0, split));
  scan.put(text.substr(split));
  return scan;
}

TEST(HeaderScan, CountsReceivedFieldsOfTheHeaderOnly) {
  EXPECT_EQ(scan_of(message).received_fields(), 2U);
}

TEST(HeaderScan, DoesNotMindWhereTheBytesAreSplit) {
  for (std::size_t at = 0; at <= message.size(); ++at) EXPECT_EQ(scan_of(message, at).received_fields(), 2U) << at;
}

TEST(HeaderScan, SeesEightBitCharactersOfTheHeaderOnly) {
  EXPECT_TRUE(scan_of("Subject: a long enough line, and then \xC3\xBC\r\n\r\nHello\r\n").eight_bit());
  EXPECT_TRUE(scan_of("Subject: no end \xC3\xBC").eight_bit());
  EXPECT_FALSE(scan_of("Subject: plain\r\n\r\nGr\xC3\xBC\xC3\x9F dich\r\n").eight_bit());
}

}  // namespace
}  // namespace godwit::server
