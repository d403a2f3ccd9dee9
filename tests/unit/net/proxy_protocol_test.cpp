// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/proxy_protocol.hpp"

#include <gmock/gmock.h>

#include "support/run_on.hpp"
#include "support/scripted_stream.hpp"

namespace godwit::net {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;

constexpr std::string_view signature = "\r\n\r\n\0\r\nQUIT\n"sv;

std::string v2(std::uint8_t command, std::uint8_t family, const std::string& body) {
  std::string header(signature);
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(body.size() >> 8U);
  header += static_cast<char>(body.size() & 0xFFU);
  return header + body;
}
const std::string v4_body = std::string("\x0A\0\0\x01\xC0\0\x02\x05\x12\x34\0\x19"sv);

ProxyHeader parsed(std::string_view bytes, std::size_t length) {
  const auto result = parse_proxy_header(bytes);
  const auto* done = std::get_if<ProxyDone>(&result);
  if (done == nullptr) {
    ADD_FAILURE() << "not parsed";
    return {};
  }
  EXPECT_EQ(done->length, length);
  return done->header;
}

std::string why_invalid(std::string_view bytes) {
  const auto result = parse_proxy_header(bytes);
  const auto* invalid = std::get_if<ProxyInvalid>(&result);
  return invalid != nullptr ? invalid->reason : "(not invalid)";
}

TEST(ProxyHeader, VersionOneNamesClientAndDestination) {
  const std::string line = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 25\r\n";
  const auto header = parsed(line + "EHLO x\r\n", line.size());
  EXPECT_EQ(header.version, 1);
  EXPECT_EQ(to_string(header.source.value()), "198.51.100.7:56324");
  EXPECT_EQ(to_string(header.destination.value()), "192.0.2.1:25");
  EXPECT_FALSE(header.local);
}

TEST(ProxyHeader, VersionOneTakesIpv6) {
  const std::string line = "PROXY TCP6 2001:db8::7 2001:db8::1 1 65535\r\n";
  EXPECT_EQ(to_string(parsed(line, line.size()).source.value()), "[2001:db8::7]:1");
}

TEST(ProxyHeader, UnknownNamesNobodyWhateverFollows) {
  for (const std::string line : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "PROXY UNKNOWN   \r\n"})
    EXPECT_FALSE(parsed(line, line.size()).source.has_value()) << line;
}

TEST(ProxyHeader, VersionTwoNamesClientAndDestinationAndSkipsTheRest) {
  const std::string bytes = v2(0x21, 0x11, v4_body + std::string("\x04\0\x01x"sv));
  const auto header = parsed(bytes + "EHLO x\r\n", bytes.size());
  EXPECT_EQ(header.version, 2);
  EXPECT_EQ(to_string(header.source.value()), "10.0.0.1:4660");
  EXPECT_EQ(to_string(header.destination.value()), "192.0.2.5:25");
}

TEST(ProxyHeader, VersionTwoTakesIpv6) {
  std::string body(36, '\0');
  body[0] = 0x20;
  body[1] = 0x01;
  body[15] = 7;
  body[33] = 99;
  const std::string bytes = v2(0x21, 0x21, body);
  EXPECT_EQ(to_string(parsed(bytes, bytes.size()).source.value()), "[2001::7]:99");
}

TEST(ProxyHeader, LocalNamesNobody) {
  const std::string bytes = v2(0x20, 0x11, v4_body);
  const auto header = parsed(bytes, bytes.size());
  EXPECT_TRUE(header.local);
  EXPECT_FALSE(header.source.has_value());
}

TEST(ProxyHeader, OtherFamiliesNameNobody) {
  for (const std::uint8_t family : {0x00, 0x12, 0x22, 0x31}) {
    const std::string bytes = v2(0x21, family, std::string(216, 'x'));
    EXPECT_FALSE(parsed(bytes, bytes.size()).source.has_value());
  }
}

TEST(ProxyHeader, WhatIsNoHeaderIsInvalid) {
  EXPECT_THAT(why_invalid("EHLO client.example\r\n"), HasSubstr("none, but \"EHLO client.exam\""));
  EXPECT_THAT(why_invalid("PROXZ"), HasSubstr("none"));
  EXPECT_THAT(why_invalid("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), HasSubstr("PROXY header"));
  EXPECT_THAT(why_invalid("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"), HasSubstr("PROXY header"));
  EXPECT_THAT(why_invalid("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), HasSubstr("PROXY header"));
  EXPECT_THAT(why_invalid("PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n"), HasSubstr("PROXY header"));
  EXPECT_THAT(why_invalid("PROXY TCP4 ::1 ::2 1 2\r\n          "), HasSubstr("bad address"));
  EXPECT_THAT(why_invalid("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"), HasSubstr("bad address"));
  EXPECT_THAT(why_invalid("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"), HasSubstr("bad port"));
  EXPECT_THAT(why_invalid("PROXY TCP4 1.2.3.4 5.6.7.8 01 25\r\n"), HasSubstr("bad port"));
  EXPECT_THAT(why_invalid("PROXY TCP4 " + std::string(200, '1')), HasSubstr("too long"));
  EXPECT_THAT(why_invalid(v2(0x11, 0x11, v4_body)), HasSubstr("unknown version 1"));
  EXPECT_THAT(why_invalid(v2(0x22, 0x11, v4_body)), HasSubstr("unknown command 2"));
  EXPECT_THAT(why_invalid(v2(0x21, 0x41, v4_body)), HasSubstr("unknown family 0x41"));
  EXPECT_THAT(why_invalid(v2(0x21, 0x11, "short")), HasSubstr("too short"));
  EXPECT_THAT(why_invalid(v2(0x21, 0x21, v4_body)), HasSubstr("too short"));
  EXPECT_THAT(why_invalid(v2(0x21, 0x11, std::string(5000, 'x'))), HasSubstr("too many"));
}

// Whatever is asked for belongs to the header: a reader that follows it never takes a byte of what comes after.
TEST(ProxyHeader, NeverAsksForMoreThanItsOwnBytes) {
  for (const std::string& header : {std::string("PROXY TCP4 198.51.100.7 192.0.2.1 56324 25\r\n"),
                                    std::string("PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n"),
                                    std::string("PROXY TCP6 :: :: 1 1\r\n"), std::string("PROXY UNKNOWN\r\n"),
                                    std::string("PROXY UNKNOWN x\r\n"), v2(0x21, 0x11, v4_body), v2(0x20, 0x00, "")}) {
    for (std::size_t have = 0; have < header.size(); ++have) {
      const auto result = parse_proxy_header(std::string_view(header).substr(0, have));
      const auto* more = std::get_if<ProxyMore>(&result);
      ASSERT_NE(more, nullptr) << have;
      EXPECT_GE(more->bytes, 1U);
      EXPECT_LE(have + more->bytes, header.size()) << header << " at " << have;
    }
  }
}

TEST(ProxyHeader, IsReadFromAStreamWithoutWhatFollowsHoweverItIsSplit) {
  for (const std::size_t piece : {1, 3, 1000}) {
    boost::asio::io_context io;
    testing::ScriptedStream stream(io.get_executor(), {.read_at_most = piece, .block_first = true});
    stream.feed(v2(0x21, 0x11, v4_body) + "EHLO");
    const auto header = testing::run_on(io, read_proxy_header(stream, base::MonoTime(std::chrono::seconds(1))));
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(to_string(header->source.value()), "10.0.0.1:4660");
    std::array<char, 10> rest{};
    EXPECT_EQ(testing::run_on(io, read_some(stream, rest, base::MonoTime())).value(), std::min<std::size_t>(4, piece));
    EXPECT_EQ(rest[0], 'E');
  }
}

TEST(ProxyHeader, ThatNeverComesTimesOut) {
  boost::asio::io_context io;
  testing::ScriptedStream stream(io.get_executor());
  stream.feed("PROXY TCP4 ");
  const auto header = testing::run_on(io, read_proxy_header(stream, base::MonoTime(std::chrono::seconds(1))));
  ASSERT_FALSE(header.has_value());
  EXPECT_EQ(header.error().kind, base::ErrorKind::timed_out);
}

}  // namespace
}  // namespace godwit::net
