// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/address_list.hpp"

#include <gmock/gmock.h>

namespace godwit::mail {
namespace {

using ::testing::ElementsAreArray;

std::vector<std::string> read(std::string_view text) {
  const auto list = parse_address_list(text);
  if (!list) return {"error: " + list.error().message};
  std::vector<std::string> addresses;
  for (const auto& listed : *list) addresses.push_back(to_string(listed.mailbox));
  return addresses;
}

struct Example {
  const char* text;
  std::vector<std::string> addresses;
};

// Sections of RFC 5322 beside the forms that they define; several of the texts are its own examples (appendix A).
TEST(AddressList, ReadsEveryFormOfAnAddress) {
  const std::vector<Example> examples = {
      // 3.4.1 addr-spec
      {"alice@example.com", {"alice@example.com"}},
      {" alice@Example.COM ", {"alice@example.com"}},
      {"a.b+c@x.example", {"a.b+c@x.example"}},
      {"alice@[192.0.2.1]", {"alice@[192.0.2.1]"}},
      {"\"a b\"@x.example", {"\"a b\"@x.example"}},
      {"\"a\\\"b\"@x.example", {"\"a\\\"b\"@x.example"}},
      // 3.4 name-addr
      {"<alice@example.com>", {"alice@example.com"}},
      {"Alice <alice@example.com>", {"alice@example.com"}},
      {"\"Joe Q. Public\" <john.q.public@example.com>", {"john.q.public@example.com"}},
      {"\"Giant; \\\"Big\\\" Box\" <sysservices@example.net>", {"sysservices@example.net"}},
      {"=?utf-8?Q?M=C3=BCller=2C_Eva?= <eva@example.com>", {"eva@example.com"}},
      {"M\xC3\xBCller <eva@example.com>", {"eva@example.com"}},
      {"Who? <one@y.test>", {"one@y.test"}},
      // 3.4 lists and groups
      {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
       {"mary@x.test", "jdoe@example.org", "one@y.test"}},
      {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
       {"c@a.test", "joe@where.test", "jdoe@one.test"}},
      {"Undisclosed recipients:;", {}},
      {"undisclosed-recipients: ;", {}},
      {"a@x.example, G: b@x.example, c@x.example;, d@x.example",
       {"a@x.example", "b@x.example", "c@x.example", "d@x.example"}},
      // 3.2.2 comments and folding
      {"(before) alice (in) @ (the) example.com (middle (nested) \\) end)", {"alice@example.com"}},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", {"pete@silly.test"}},
      {"Alice\r\n <alice@example.com>,\r\n\tbob@example.com\r\n", {"alice@example.com", "bob@example.com"}},
      {"root (Cron Daemon)", {"root"}},
      {"\"very\r\n long\"@x.example", {"\"very long\"@x.example"}},
      // 4.4 obsolete forms
      {"Joe Q. Public <john.q.public@example.com>", {"john.q.public@example.com"}},
      {"Mary Smith <@machine.tld,@other.tld:mary@example.net>, , jdoe@test   . example",
       {"mary@example.net", "jdoe@test.example"}},
      {"john . doe @ example . com", {"john.doe@example.com"}},
      {"a@x.example,,, b@x.example,", {"a@x.example", "b@x.example"}},
      // bare local parts
      {"root", {"root"}},
      {"root, postmaster,\r\n alice@x.example", {"root", "postmaster", "alice@x.example"}},
      {"Charlie Root <root>", {"root"}},
      {"first.last", {"first.last"}},
      // seen in the wild, and of one meaning
      {"bob@x.example <bob@y.example>", {"bob@y.example"}},
      {"foo..bar.@docomo.example", {"\"foo..bar.\"@docomo.example"}},
      {"G: a@x.example", {"a@x.example"}},
      {"j\xC3\xBCrgen@x.example", {"j\xC3\xBCrgen@x.example"}},
      {"", {}},
      {" \r\n ", {}},
      {" , ,", {}},
  };
  for (const auto& [text, addresses] : examples) EXPECT_THAT(read(text), ElementsAreArray(addresses)) << text;
}

TEST(AddressList, RefusesTheWholeListForOneMistake) {
  for (const char* text : {"John Doe",
                           "alice@",
                           "@example.com",
                           "alice@example.com bob@example.com",
                           "<alice@example.com",
                           "alice>",
                           "Alice <>",
                           "<>",
                           "a@b@c",
                           "alice@example.com, <",
                           "\"open@example.com",
                           "alice (open",
                           "a@[192.0.2.1",
                           "a@[nonsense]",
                           "G: H: a@x.example;;",
                           "a;b",
                           ": a@x.example;",
                           "a@-x.example",
                           "a@x..example",
                           "\\a@x.example",
                           "<@x.example a@y.example>",
                           "\"\"@x.example",
                           "a@\"x\".example",
                           "bob@x.example,\x01",
                           "bob\xFF@x.example",
                           "\"a\x01\"@x.example"})
    EXPECT_FALSE(parse_address_list(text)) << text << " -> " << read(text).front();
}

TEST(AddressList, LongLocalPartsAreRefusedAsInTheEnvelope) {
  EXPECT_TRUE(parse_address_list(std::string(64, 'a') + "@x.example"));
  EXPECT_FALSE(parse_address_list(std::string(65, 'a') + "@x.example"));
}

TEST(AddressList, NestedCommentsNeedNoStack) {
  const std::string deep = std::string(1U << 20U, '(') + std::string(1U << 20U, ')') + " root";
  EXPECT_THAT(read(deep), ElementsAreArray({"root"}));
}

TEST(AddressList, OnlyBareAddressesGetADomain) {
  const std::vector<std::pair<const char*, const char*>> examples = {
      {" root (Cron Daemon)", " root@x.example (Cron Daemon)"},
      {" a@y.example, root ,\r\n \"q r\" (c) , Bob <bob>, G: al (x);",
       " a@y.example, root@x.example ,\r\n "
       "\"q r\"@x.example (c) , Bob <bob@x.example>, G: "
       "al@x.example (x);"},
      {" John Doe", " John Doe"},
      {" a@y.example", " a@y.example"},
  };
  for (const auto& [text, completed] : examples) EXPECT_EQ(complete_addresses(text, "x.example"), completed);
}

}  // namespace
}  // namespace godwit::mail
