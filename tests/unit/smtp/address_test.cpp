// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/address.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace godwit::smtp {
namespace {

using namespace std::string_literals;

std::string x(std::size_t count) {
  return std::string(count, 'x');
}

struct Good {
  std::string path;  // as in MAIL or RCPT
  std::string local;
  std::string domain;
  std::string written;  // as to_string gives it
};

// Numbers are sections of RFC 5321.
const std::vector<Good> good_paths = {
    {"<a@b.example>", "a", "b.example", "a@b.example"},              // 4.1.2
    {"<a.b+c@B.Example>", "a.b+c", "b.example", "a.b+c@b.example"},  // 2.4: domains ignore case
    {"<Smith@b.example>", "Smith", "b.example", "Smith@b.example"},  // 2.4: local parts do not
    {"<!#$%&'*+-/=?^_`{|}~@b.example>", "!#$%&'*+-/=?^_`{|}~", "b.example", "!#$%&'*+-/=?^_`{|}~@b.example"},
    {R"(<"a b"@b.example>)", "a b", "b.example", R"("a b"@b.example)"},   // 4.1.2 Quoted-string
    {R"(<"a\ b"@b.example>)", "a b", "b.example", R"("a b"@b.example)"},  // quoted-pairSMTP
    {R"(<"abc"@b.example>)", "abc", "b.example", "abc@b.example"},        // 4.1.2: quoted only where needed
    {R"(<"a@b"@c.example>)", "a@b", "c.example", R"("a@b"@c.example)"},
    {R"(<"a\"\\b"@c.example>)", R"(a"\b)", "c.example", R"("a\"\\b"@c.example)"},
    {R"(<"a>b"@c.example>)", "a>b", "c.example", R"("a>b"@c.example)"},
    {R"(<".a..b."@c.example>)", ".a..b.", "c.example", R"(".a..b."@c.example)"},
    {"<a%c.example@b.example>", "a%c.example", "b.example", "a%c.example@b.example"},  // only policy sees a hack in it
    {"<c.example!a@b.example>", "c.example!a", "b.example", "c.example!a@b.example"},
    {"<@r1.example,@[192.0.2.1]:a@b.example>", "a", "b.example", "a@b.example"},  // appendix C
    {"<a@localhost>", "a", "localhost", "a@localhost"},
    {"<a@b.example.>", "a", "b.example", "a@b.example"},                   // tolerated
    {"<a@my_host.example>", "a", "my_host.example", "a@my_host.example"},  // tolerated
    {"<a@_dmarc.example>", "a", "_dmarc.example", "a@_dmarc.example"},
    {"<a@xn--bcher-kva.example>", "a", "xn--bcher-kva.example", "a@xn--bcher-kva.example"},
    {"<a@1.2.example>", "a", "1.2.example", "a@1.2.example"},  // 2.3.5 and RFC 1123 2.1
    {"<a@[192.0.2.1]>", "a", "[192.0.2.1]", "a@[192.0.2.1]"},  // 4.1.3
    {"<a@[IPv6:2001:DB8::1]>", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
    {"<a@[ipv6:2001:db8:0::1]>", "a", "[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
    {"<a@[IPv6:::ffff:192.0.2.1]>", "a", "[192.0.2.1]", "a@[192.0.2.1]"},  // one host, one name
    {"<Postmaster>", "Postmaster", "", "Postmaster"},                      // 4.1.1.3
    {"<postMASTER>", "postMASTER", "", "postMASTER"},
    {"<" + x(64) + "@b.example>", x(64), "b.example", x(64) + "@b.example"},            // 4.5.3.1.1
    {"<a@" + x(63) + ".example>", "a", x(63) + ".example", "a@" + x(63) + ".example"},  // RFC 1035 2.3.4
};

TEST(Address, ReadsGoodPaths) {
  for (const auto& [path, local, domain, written] : good_paths) {
    SCOPED_TRACE(path);
    const auto text = path + " SIZE=1";
    const auto parsed = parse_path(text, Utf8::refuse);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->path, (Mailbox{local, domain}));
    EXPECT_EQ(parsed->rest, " SIZE=1");
    EXPECT_EQ(to_string(parsed->path), written);
    EXPECT_EQ(parse_mailbox(written, BareLocal::allow), (Mailbox{local, domain})) << "what is written reads the same";
  }
}

const std::vector<std::string> bad_paths = {
    "",
    "a@b.example",
    "<a@b.example",
    "<",
    "< >",
    "< a@b.example>",
    "<a@b.example >",
    "<a b@b.example>",
    "<@b.example>",      // 4.1.2: a local part has at least one character
    "<\"\"@b.example>",  // ours: nothing good is addressed so
    "<a>",               // 4.1.1.3: only <Postmaster> has no domain
    "<a@>",
    "<a@@b.example>",
    "<a@b@c.example>",
    "<.a@b.example>",
    "<a.@b.example>",
    "<a..b@c.example>",
    "<a@.b.example>",
    "<a@b..example>",
    "<a@b.example..>",
    "<a@.>",
    "<a@-b.example>",  // Let-dig at both ends
    "<a@b-.example>",
    "<a@b.example-.>",
    "<a@\"b.example\">",  // a quoted domain is none
    "<a@b,example>",
    "<a@b.example,c@d.example>",
    "<a@b%c>",
    "<a@b!c>",
    "<\"a@b.example>",
    "<\"a\\",
    "<\"a\x01\"@b.example>",
    "<\"a\\\x7f\"@b.example>",
    "<\"a\"b@c.example>",
    "<a\"b\"@c.example>",
    "<(comment)a@b.example>",
    "<a@192.0.2.1]>",
    "<a@[192.0.2.1>",
    "<a@[192.0.2]>",
    "<a@[192.0.2.256]>",
    "<a@[192.0.2.01]>",
    "<a@[]>",
    "<a@[2001:db8::1]>",  // 4.1.3: the tag is needed
    "<a@[IPv6:192.0.2.1]>",
    "<a@[IPv6:fe80::1%eth0]>",
    "<a@[IPv6:]>",
    "<a@[x400:c=us]>",  // 4.1.3: no other tag is registered
    "<a@[192.0.2.1].example>",
    "<@r.example a@b.example>",
    "<@r.example:>",
    "<@:a@b.example>",
    "<@r.example,:a@b.example>",
    "<r.example:a@b.example>",
    "<J\xc3\xb6rg@b.example>",  // RFC 6531 not negotiated
    "<a@b\xc3\xb6.example>",
    "<\"J\xc3\xb6rg\"@b.example>",
    "<a\0@b.example>"s,
    "<" + x(65) + "@b.example>",                                    // 4.5.3.1.1
    "<a@" + x(64) + ".example>",                                    // RFC 1035 2.3.4
    "<a@" + x(63) + "." + x(63) + "." + x(63) + "." + x(63) + ">",  // 4.5.3.1.3: 258 octets
};

TEST(Address, RefusesBadPaths) {
  for (const auto& path : bad_paths) {
    const auto parsed = parse_path(path, Utf8::refuse);
    EXPECT_FALSE(parsed) << path << " was read as " << to_string(parsed->path);
  }
}

TEST(Address, NullPathHasNoMailbox) {
  const auto parsed = parse_path("<>", Utf8::refuse);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->path);
  EXPECT_EQ(to_string(parsed->path), "");
}

TEST(Address, BareLocalPartsAreReadWhereAllowed) {
  EXPECT_FALSE(parse_mailbox("root"));
  EXPECT_EQ(parse_mailbox("root", BareLocal::allow), (Mailbox{"root", ""}));
  EXPECT_FALSE(parse_mailbox("root@", BareLocal::allow));
  EXPECT_FALSE(parse_mailbox("<a@b.example>"));
  EXPECT_FALSE(parse_mailbox(""));
}

TEST(Address, Utf8IsReadWhereAllowedAndValid) {
  EXPECT_EQ(parse_mailbox("J\xc3\xb6rg@b\xc3\xbc.example", BareLocal::refuse, Utf8::allow),
            (Mailbox{"J\xc3\xb6rg", "xn--b-eha.example"}));
  EXPECT_EQ(to_string(Mailbox{"J\xc3\xb6rg", "b.example"}), "J\xc3\xb6rg@b.example");
  EXPECT_FALSE(parse_mailbox("J\xf6rg@b.example", BareLocal::refuse, Utf8::allow));
  EXPECT_FALSE(parse_path("<a@\xff>", Utf8::allow));
  EXPECT_FALSE(parse_path("<a\xc2\x85@b.example>", Utf8::allow)) << "a control character";
}

TEST(Address, InternationalizedDomainsAreReadIntoALabels) {
  const std::string a_labels = "xn--fsqu00a.xn--0zwm56d";  // RFC 5891's form of a name in two Chinese labels
  EXPECT_EQ(parse_domain("\xe4\xbe\x8b\xe5\xad\x90.\xe6\xb5\x8b\xe8\xaf\x95", Utf8::allow), a_labels);
  EXPECT_EQ(parse_domain("\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95.", Utf8::allow), a_labels)
      << "an ideographic full stop is one, too (RFC 3490 section 3.1)";
  EXPECT_EQ(parse_domain("B\xc3\x9c"
                         "cher.Example",
                         Utf8::allow),
            "xn--bcher-kva.example");
  EXPECT_EQ(parse_domain("XN--Bcher-KVA.example"), "xn--bcher-kva.example");
  EXPECT_FALSE(parse_domain("b\xc3\xbc.example"));
  for (const char* text : {"\xe2\x98\x83\xe2\x80\x8b-.example", "a\xcc\x80..example",
                           "\xcc\x80"
                           "a.example",
                           "\xd7\x90"
                           "a1.example",
                           "\xe2\x80\x8b.example"})
    EXPECT_FALSE(parse_domain(text, Utf8::allow)) << text;
  // A full-width full stop is one; of other signs nothing is made that a domain does not hold.
  EXPECT_EQ(parse_domain("a\xef\xbc\x8e\xef\xbd\x82.example", Utf8::allow), "a.b.example");
  for (const char* sign : {"\xef\xbc\xa0", "\xef\xbc\x9e", "\xe3\x80\x80", "\xef\xbc\x8f", "\xef\xbc\x82",
                           "\xe2\x84\x80", "\xef\xbc\xbc", "\xef\xbc\x9d", "\xef\xbc\x9b", "\xef\xbc\xbb"}) {
    EXPECT_FALSE(parse_domain(std::string("a") + sign + "b.example", Utf8::allow)) << sign;
    EXPECT_FALSE(parse_domain(std::string(sign) + ".example", Utf8::allow)) << sign;
    EXPECT_FALSE(parse_mailbox(std::string("a@b") + sign + "c.example", BareLocal::refuse, Utf8::allow)) << sign;
  }
  for (const char* nothing : {"\xc2\xad", "\xe2\x80\x8b", "\xc2\xad.example", "\xe2\x81\xa0.", "\xe3\x80\x82"})
    EXPECT_FALSE(parse_domain(nothing, Utf8::allow)) << nothing;
  std::string too_long;
  for (int i = 0; i < 60; ++i) too_long += "\xc3\xbc";
  EXPECT_FALSE(parse_domain(too_long + ".example", Utf8::allow));
}

TEST(Address, DomainsAreLowerCaseWithoutTrailingDot) {
  EXPECT_EQ(parse_domain("B.Example."), "b.example");
  EXPECT_EQ(parse_domain("[192.0.2.1]"), "[192.0.2.1]");
  EXPECT_FALSE(parse_domain("b.example x"));
  EXPECT_FALSE(parse_domain(""));
  std::string longest;
  for (int i = 0; i < 4; ++i) longest += x(i < 3 ? 63 : 59) + ".";
  EXPECT_EQ(parse_domain(longest.substr(0, 251))->size(), 251U);
  EXPECT_FALSE(parse_domain(fmt::format("{}.{}.{}.{}", x(63), x(63), x(63), x(64))));
}

}  // namespace
}  // namespace godwit::smtp
