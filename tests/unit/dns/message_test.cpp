// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/message.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/random.hpp"
#include "support/dns_answer.hpp"

namespace godwit::dns {
namespace {

using testing::DnsAnswer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::wire16;
using testing::wire_name;

const Question example_mx{.name = "example.net", .type = Type::mx};

DnsAnswer answer_to(const Question& question) {
  return DnsAnswer(*build_query(question));
}

Rdata only_data(const base::Result<Message>& message) {
  if (!message || message->answers.size() != 1) return std::monostate{};
  return message->answers[0].data;
}

TEST(DnsQuery, AsksForRecursionAuthenticDataAndEdnsWith1232Bytes) {
  EXPECT_EQ(base::hex_encode(*build_query({.name = "Example.NET.", .type = Type::mx})),
            "0000"  // id: the transport's
            "0120"  // RD, AD
            "0001000000000001"
            "076578616d706c65036e657400"
            "000f0001"
            "00002904d000000000"
            "0000");
}

TEST(DnsQuery, WithoutEdnsHasNoAdditionalRecord) {
  const auto query = *build_query(example_mx, Edns::without);
  EXPECT_EQ(query.size(), 12 + 13 + 4);
  EXPECT_EQ(query[11], '\0');
}

TEST(DnsQuery, RefusesWhatIsNoName) {
  const std::string label63(63, 'a');
  EXPECT_TRUE(build_query({.name = label63 + ".net", .type = Type::a}));
  EXPECT_TRUE(build_query({.name = "", .type = Type::ns}));  // the root
  const std::string longest = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
  EXPECT_TRUE(build_query({.name = longest, .type = Type::a}));
  for (const auto& name : std::vector<std::string>{"", ".", "a..b", ".a", label63 + "a.net", longest + "a", "a b.net",
                                                   "a\\046b.net", "caf\xc3\xa9.net", std::string("a\0b", 3)}) {
    EXPECT_FALSE(build_query({.name = name, .type = Type::a})) << name;
  }
}

TEST(DnsQuery, ReverseNames) {
  EXPECT_EQ(reverse_name(*base::IpAddress::parse("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*base::IpAddress::parse("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsAnswerParser, ReadsEachType) {
  const auto read = [](Type type, std::string data) {
    const Question question{.name = "example.net", .type = type};
    const auto bytes = answer_to(question).record("example.net", static_cast<unsigned>(type), 60, data).bytes();
    return only_data(parse_answer(bytes, question));
  };
  EXPECT_EQ(read(Type::a, "\xc0\x01\x02\x03"), Rdata(*base::IpAddress::parse("192.1.2.3")));
  EXPECT_EQ(read(Type::aaaa, "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\1"),
            Rdata(*base::IpAddress::parse("2001:db8::1")));
  EXPECT_EQ(read(Type::mx, wire16(10) + wire_name("MX.Example.net")), Rdata(Mx{10, "mx.example.net"}));
  EXPECT_EQ(read(Type::mx, wire16(0) + wire_name("")), Rdata(Mx{0, ""}));
  EXPECT_EQ(read(Type::txt, "\x03v=s\x02pf"), Rdata(std::string("v=spf")));
  EXPECT_EQ(read(Type::ptr, wire_name("host.example.net")), Rdata(std::string("host.example.net")));
  EXPECT_EQ(read(Type::tlsa, "\3\1\1hash"), Rdata(Tlsa{3, 1, 1, "hash"}));
}

TEST(DnsAnswerParser, RefusesDataOfTheWrongLength) {
  struct Case {
    Type type;
    std::string data;
  };
  const std::vector<Case> cases = {{Type::a, "123"},
                                   {Type::a, "12345"},
                                   {Type::aaaa, "1234"},
                                   {Type::mx, wire16(1)},
                                   {Type::mx, wire16(1) + wire_name("a") + "x"},
                                   {Type::txt, ""},
                                   {Type::txt,
                                    "\x05"
                                    "abc"},
                                   {Type::tlsa, "\3\1"},
                                   {Type::cname, wire_name("a") + "x"},
                                   {Type::cname,
                                    "\x05"
                                    "abc"}};
  for (const auto& [type, data] : cases) {
    const Question question{.name = "example.net", .type = type};
    const auto bytes = answer_to(question).record("example.net", static_cast<unsigned>(type), 60, data).bytes();
    EXPECT_FALSE(parse_answer(bytes, question)) << static_cast<int>(type) << ' ' << base::hex_encode(data);
  }
}

TEST(DnsAnswerParser, FollowsCompressionBackwardsOnly) {
  // The question's name lies at 12; "mx" and a pointer to it.
  const auto read = [](std::string exchange) {
    return parse_answer(answer_to(example_mx).record("example.net", 15, 60, wire16(5) + exchange).bytes(), example_mx);
  };
  EXPECT_EQ(only_data(read("\2mx\xc0\x0c")), Rdata(Mx{5, "mx.example.net"}));
  const std::size_t start = 12 + 13 + 4 + 13 + 10 + 2;  // where the exchange begins
  EXPECT_FALSE(read("\xc0" + std::string(1, static_cast<char>(start)))) << "to itself";
  EXPECT_FALSE(read("\2mx\xc0" + std::string(1, static_cast<char>(start)))) << "to its own beginning: a loop";
  EXPECT_FALSE(read("\xc0\xff")) << "forwards";
  EXPECT_FALSE(read("\x80\x0c")) << "reserved label type";
  EXPECT_FALSE(read("\xc0")) << "half a pointer";
}

TEST(DnsAnswerParser, BoundsTheLengthOfANameAcrossPointers) {
  const std::string label = "\x3f" + std::string(63, 'a');
  const auto chain = [&](int labels) {
    std::string wire;
    for (int i = 0; i < labels; ++i) wire += label;
    return wire;
  };
  const auto read = [](std::string first, std::string prefix) {
    auto answer = answer_to(example_mx);
    answer.record("example.net", 16, 60, std::string(1, '\0'));  // keeps offsets honest: some other record first
    answer.record("example.net", 15, 60, wire16(1) + first + '\0');
    const std::size_t at = 12 + 13 + 4 + 13 + 10 + 1 + 13 + 10 + 2;
    answer.record("example.net", 15, 60, wire16(1) + prefix + "\xc0" + std::string(1, static_cast<char>(at)));
    return parse_answer(answer.bytes(), example_mx);
  };
  EXPECT_TRUE(read(chain(3), "\1b"));
  EXPECT_FALSE(read(chain(3), chain(1))) << "257 bytes";
}

TEST(DnsAnswerParser, WritesOddBytesOfNamesAsEscapes) {
  const auto bytes = answer_to(example_mx).record("example.net", 15, 60, wire16(1) + "\3a.b\2\r\n" + '\0').bytes();
  EXPECT_EQ(only_data(parse_answer(bytes, example_mx)), Rdata(Mx{1, "a\\046b.\\013\\010"}));
}

TEST(DnsAnswerParser, WantsTheQuestionThatWasAsked) {
  const auto bytes = answer_to(example_mx).bytes();
  EXPECT_TRUE(parse_answer(bytes, example_mx));
  EXPECT_TRUE(parse_answer(bytes, {.name = "EXAMPLE.net", .type = Type::mx}));
  EXPECT_FALSE(parse_answer(bytes, {.name = "example.net", .type = Type::a}));
  EXPECT_FALSE(parse_answer(bytes, {.name = "example.org", .type = Type::mx}));
  EXPECT_FALSE(parse_answer(*build_query(example_mx), example_mx)) << "our own query came back";
}

TEST(DnsAnswerParser, RefusesATruncatedAnswer) {
  const auto parsed = parse_answer(answer_to(example_mx).truncated().bytes(), example_mx);
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("truncated"));
}

TEST(DnsAnswerParser, ReadsTheExtendedRcode) {
  auto bytes = answer_to(example_mx).bytes();
  bytes[11] = '\1';
  bytes += std::string("\0\0\x29\x04\xd0\1\0\0\0\0\0", 11);  // OPT: BADVERS
  const auto parsed = parse_answer(bytes, example_mx);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_string(parsed->rcode), "rcode 16");
}

TEST(DnsAnswerParser, TakesAFormatErrorWithoutQuestion) {
  const auto parsed = parse_answer(std::string("\0\0\x81\1\0\0\0\0\0\0\0\0", 12), example_mx);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->rcode, Rcode::format_error);
}

TEST(DnsAnswerParser, CountsATtlWithTheSignBitAsZero) {
  const auto bytes = answer_to(example_mx).mx("example.net", 0x80000001U, 1, "a").mx("example.net", 7, 2, "b").bytes();
  const auto parsed = parse_answer(bytes, example_mx);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->answers.at(0).ttl, 0U);
  EXPECT_EQ(parsed->answers.at(1).ttl, 7U);
}

TEST(DnsAnswerParser, RefusesEveryPrefixOfAnAnswer) {
  const auto bytes = answer_to(example_mx).mx("example.net", 60, 1, "mx.example.net").soa("net", 60, 60).bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse_answer(std::string_view(bytes).substr(0, size), example_mx)) << size;
  EXPECT_TRUE(parse_answer(bytes, example_mx));
}

TEST(DnsAnswerParser, SurvivesFlippedBytes) {
  const auto bytes = answer_to(example_mx)
                         .cname("example.net", 60, "b.example.net")
                         .mx("b.example.net", 60, 1, "mx.example.net")
                         .soa("net", 60, 60)
                         .bytes();
  base::SeededRandom random(7);
  for (int round = 0; round < 20000; ++round) {
    auto damaged = bytes;
    for (auto flips = random.below(4) + 1; flips > 0; --flips)
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    (void)parse_answer(damaged, example_mx);  // the sanitizers watch
  }
}

}  // namespace
}  // namespace godwit::dns
