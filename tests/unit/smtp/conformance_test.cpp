// SPDX-License-Identifier: Apache-2.0
// The grammar of RFC 5321 and of its extensions' commands and parameters as a table.
#include <string>

#include <gtest/gtest.h>

#include "conformance_table.hpp"

namespace godwit {
namespace {

using test::check_conformance;
using test::repeated;
using State = test::ConformanceState;

TEST(Conformance, CommandLines) {
  check_conformance(State::greeted, {
                                        {"2.4 verbs ignore case", "nOoP", "250 2.0.0"},
                                        {"4.1.1 white space before CRLF", "NOOP \t ", "250 2.0.0"},
                                        {"4.1.1.9 NOOP takes a string", "NOOP hello \"quoted\"", "250 2.0.0"},
                                        {"4.1.1.8 HELP takes a string", "HELP MAIL", "214 "},
                                        {"4.1.1.5 RSET takes none", "RSET x", "501 "},
                                        {"4.1.1.10 QUIT takes none", "QUIT now", "501 "},
                                        {"4.1.1.10", "QUIT", "221 "},
                                        {"4.2.4 unknown command", "XYZZY", "500 "},
                                        {"4.2.4", "NO OP", "500 "},
                                        {"4.2.4", "MAILFROM:<>", "500 "},
                                        {"2.4 commands are US-ASCII", "NOOP \xc3\xa9", "500 "},
                                        {"2.3.8 no bare CR", "NOOP\rNOOP", "500 "},
                                        {"4.5.2 no control characters", "NOOP \x01", "500 "},
                                        {"4.5.2 no NUL", std::string("NOOP a\0b", 8), "500 "},
                                        {"4.5.2 no DEL", "NOOP \x7f", "500 "},
                                        {"4.1.1 words are parted by SP", "MAIL\tFROM:<>", "500 "},
                                        {"4.1.1 nothing before the verb", " NOOP", "500 "},
                                        {"4.5.3.1.4 512 octets at least", "NOOP " + repeated("x", 505), "250 "},
                                        {"4.5.3.1.4 ours: 2048", "NOOP " + repeated("x", 3000), "500 5.5.2"},
                                        {"4.1.1.6 VRFY", "VRFY user@b.example", "250 "},
                                        {"4.1.1.6", "VRFY \"Joe Smith\"", "250 "},
                                        {"4.1.1.6", "VRFY", "501 "},
                                        {"4.1.1.7 EXPN", "EXPN list", "250 "},
                                        {"4.1.1.7", "EXPN", "501 "},
                                        {"RFC 6531 3.7.4.2", "VRFY <\xce\xb4@b.example> SMTPUTF8", "250 "},
                                        {"RFC 6531 3.7.4.2", "VRFY <\xce\xb4@b.example>", "553 "},
                                    });
}

TEST(Conformance, Hello) {
  check_conformance(State::connected,
                    {
                        {"4.1.1.1 domain", "EHLO mail.example.com", "250-"},
                        {"4.1.1.1 domain", "HELO mail.example.com", "250 "},
                        {"4.1.3 literal", "EHLO [192.0.2.1]", "250-"},
                        {"4.1.3 literal", "EHLO [IPv6:2001:db8::1]", "250-"},
                        {"4.1.1.1 of one label", "EHLO localhost", "250-"},
                        {"4.1.1.1 verbs ignore case", "eHlO mail.example.com", "250-"},
                        {"4.1.4 ours: words behind the name", "EHLO mail.example.com and more", "250-"},
                        {"4.1.4 a bad name is no reason to refuse", "EHLO [IPv6:nonsense", "250-"},
                        {"4.1.4", "EHLO under_score", "250-"},
                        {"4.1.1.1 an argument is needed", "EHLO", "501 "},
                        {"4.1.1.1", "HELO ", "501 "},
                        {"RFC 6531 3.7.1 no UTF-8 before it is known",
                         "EHLO b\xc3\xbc"
                         "cher.example",
                         "501 "},
                        {"4.5.3.1.2 255 octets", "EHLO " + repeated("x", 255), "250-"},
                        {"4.5.3.1.2", "EHLO " + repeated("x", 256), "501 "},
                        {"4.1.4 mail needs a hello", "MAIL FROM:<>", "503 "},
                        {"4.1.4 these do not", "NOOP", "250 "},
                        {"4.1.4", "HELP", "214 "},
                        {"4.1.4", "RSET", "250 "},
                        {"4.1.4", "QUIT", "221 "},
                    });
}

TEST(Conformance, ReversePaths) {
  check_conformance(
      State::greeted,
      {
          {"4.1.1.2", "MAIL FROM:<a@b.example>", "250 2.1.0"},
          {"4.1.1.2", "mail from:<a@b.example>", "250 2.1.0"},
          {"4.5.5 null reverse-path", "MAIL FROM:<>", "250 2.1.0"},
          {"3.3 ours: a space behind the colon", "MAIL FROM: <a@b.example>", "250 2.1.0"},
          {"3.3", "MAIL FROM:a@b.example", "501 5.1.7"},
          {"4.1.1.2", "MAIL <a@b.example>", "501 5.5.4"},
          {"4.1.1.2", "MAIL TO:<a@b.example>", "501 5.5.4"},
          {"4.1.1.2", "MAIL FROM:", "501 5.5.4"},
          {"4.1.1.2", "MAIL FROM :<a@b.example>", "501 5.5.4"},
          {"4.1.1.2", "MAIL  FROM:<a@b.example>", "250 2.1.0"},
          {"4.1.2 Dot-string", "MAIL FROM:<a.b.c@d.example>", "250 "},
          {"4.1.2 atext", "MAIL FROM:<!#$%&'*+-/=?^_`{|}~@d.example>", "250 "},
          {"4.1.2 no dot at the ends", "MAIL FROM:<.a@b.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a.@b.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a..b@c.example>", "501 5.1.7"},
          {"4.1.2 Quoted-string", "MAIL FROM:<\"a b\"@c.example>", "250 "},
          {"4.1.2 qtextSMTP", "MAIL FROM:<\"a@b>c,d\"@e.example>", "250 "},
          {"4.1.2 quoted-pairSMTP", "MAIL FROM:<\"a\\\"b\\\\\"@c.example>", "250 "},
          {"4.1.2", "MAIL FROM:<\"a\"b\"@c.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<\"ab@c.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a\"b\"@c.example>", "501 5.1.7"},
          {"4.1.2 a dot at the end of what is quoted", "MAIL FROM:<\".a..\"@c.example>", "250 "},
          {"4.1.2 quoted-pairSMTP of a space", "MAIL FROM:<\"a\\ b\"@c.example>", "250 "},
          {"4.1.2 quoted-pairSMTP of a letter", "MAIL FROM:<\"\\a\"@c.example>", "250 "},
          {"4.1.2 a backslash at the end", "MAIL FROM:<\"a\\\"@c.example>", "501 5.1.7"},
          {"4.1.2 no quote within an atom", "MAIL FROM:<a\\b@c.example>", "501 5.1.7"},
          {"4.1.2 no quoted word of several", "MAIL FROM:<\"a\".b@c.example>", "501 5.1.7"},
          {"4.1.2 no control characters", "MAIL FROM:<\"a\tb\"@c.example>", "500 "},
          {"4.1.2 no list", "MAIL FROM:<a@b.example,c@d.example>", "501 5.1.7"},
          {"4.1.2 no spaces", "MAIL FROM:< a@b.example>", "501 5.1.7"},
          {"4.1.2 no spaces", "MAIL FROM:<a@b.example >", "501 5.1.7"},
          {"4.1.2 no spaces", "MAIL FROM:<a @b.example>", "501 5.1.7"},
          {"4.1.2 one pair of brackets", "MAIL FROM:<<a@b.example>>", "501 5.1.7"},
          {"4.1.2 no display name", "MAIL FROM:Joe <a@b.example>", "501 5.1.7"},
          {"4.1.2 ours: no empty local part", "MAIL FROM:<\"\"@c.example>", "501 5.1.7"},
          {"4.1.2 no comments", "MAIL FROM:<a(comment)@b.example>", "501 5.1.7"},
          {"4.1.2 Domain", "MAIL FROM:<a@b>", "250 "},
          {"RFC 1123 2.1 digits first", "MAIL FROM:<a@3com.example>", "250 "},
          {"4.1.2 Let-dig at the ends of labels", "MAIL FROM:<a@-b.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a@b-.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a@b..example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a@>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<@b.example>", "501 5.1.7"},
          {"4.1.2", "MAIL FROM:<a@b@c.example>", "501 5.1.7"},
          {"4.1.2 ours: a dot at the end", "MAIL FROM:<a@b.example.>", "250 "},
          {"2.3.5 ours: underscores", "MAIL FROM:<a@b_c.example>", "250 "},
          {"4.1.1.3 only a recipient goes without domain", "MAIL FROM:<Postmaster>", "501 5.1.7"},
          {"4.1.3 IPv4", "MAIL FROM:<a@[192.0.2.1]>", "250 "},
          {"4.1.3", "MAIL FROM:<a@[192.0.2.256]>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@[192.0.2]>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@192.0.2.1]>", "501 5.1.7"},
          {"4.1.3 Snum without leading zeros", "MAIL FROM:<a@[192.0.2.01]>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@[192.0.2.1>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@[192.0.2.1.5]>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@[]>", "501 5.1.7"},
          {"4.1.3 a literal is all of a domain", "MAIL FROM:<a@[192.0.2.1].example>", "501 5.1.7"},
          {"2.3.5 ours: numbers alone are a name", "MAIL FROM:<a@192.0.2.1>", "250 "},
          {"4.1.3 IPv6-full", "MAIL FROM:<a@[IPv6:2001:db8:0:0:0:0:0:1]>", "250 "},
          {"4.1.3 IPv6-comp", "MAIL FROM:<a@[IPv6:2001:db8::1]>", "250 "},
          {"4.1.3 IPv6v4-comp", "MAIL FROM:<a@[IPv6:::ffff:192.0.2.1]>", "250 "},
          {"4.1.3 IPv6v4-full", "MAIL FROM:<a@[IPv6:2001:db8:0:0:0:0:192.0.2.1]>", "250 "},
          {"4.1.3 the tag ignores case", "MAIL FROM:<a@[ipv6:2001:DB8::A]>", "250 "},
          {"4.1.3 the unspecified address", "MAIL FROM:<a@[IPv6:::]>", "250 "},
          {"4.1.3 nine groups", "MAIL FROM:<a@[IPv6:1:2:3:4:5:6:7:8:9]>", "501 5.1.7"},
          {"4.1.3 seven groups", "MAIL FROM:<a@[IPv6:1:2:3:4:5:6:7]>", "501 5.1.7"},
          {"4.1.3 five digits", "MAIL FROM:<a@[IPv6:2001:db8::12345]>", "501 5.1.7"},
          {"4.1.3 compressed twice", "MAIL FROM:<a@[IPv6:2001::db8::1]>", "501 5.1.7"},
          {"4.1.3 no zone", "MAIL FROM:<a@[IPv6:fe80::1%eth0]>", "501 5.1.7"},
          {"4.1.3 no prefix length", "MAIL FROM:<a@[IPv6:2001:db8::1/64]>", "501 5.1.7"},
          {"4.1.3 no IPv4 in its place", "MAIL FROM:<a@[IPv6:192.0.2.1]>", "501 5.1.7"},
          {"4.1.3", "MAIL FROM:<a@[IPv6:2001:db8:::1]>", "501 5.1.7"},
          {"4.1.3 the tag is needed", "MAIL FROM:<a@[2001:db8::1]>", "501 5.1.7"},
          {"4.1.3 unknown tag", "MAIL FROM:<a@[X400:c=us]>", "501 5.1.7"},
          {"appendix C source route", "MAIL FROM:<@r.example,@s.example:a@b.example>", "250 "},
          {"appendix C", "MAIL FROM:<@r.example:>", "501 5.1.7"},
          {"appendix C of literals", "MAIL FROM:<@[192.0.2.1]:a@b.example>", "250 "},
          {"appendix C a colon ends it", "MAIL FROM:<@r.example,a@b.example>", "501 5.1.7"},
          {"appendix C", "MAIL FROM:<@:a@b.example>", "501 5.1.7"},
          {"appendix C no space behind the comma", "MAIL FROM:<@r.example, @s.example:a@b.example>", "501 5.1.7"},
          {"4.5.3.1.1 64 octets", "MAIL FROM:<" + repeated("x", 64) + "@b.example>", "250 "},
          {"4.5.3.1.1", "MAIL FROM:<" + repeated("x", 65) + "@b.example>", "501 5.1.7"},
          {"4.5.3.1.1 quotes count", "MAIL FROM:<\"" + repeated("x", 62) + "\"@b.example>", "250 "},
          {"4.5.3.1.1", "MAIL FROM:<\"" + repeated("x", 63) + "\"@b.example>", "501 5.1.7"},
          {"RFC 1035 2.3.4 labels", "MAIL FROM:<a@" + repeated("x", 63) + ".example>", "250 "},
          {"RFC 1035 2.3.4", "MAIL FROM:<a@" + repeated("x", 64) + ".example>", "501 5.1.7"},
          {"4.5.3.1.2 255 octets", "MAIL FROM:<a@" + repeated("x23456789.", 26) + "co>", "501 5.1.7"},
          {"4.5.3.1.3 256 octets", "MAIL FROM:<a@" + repeated("x23456789.", 25) + "co>", "250 "},
          {"4.5.3.1.3", "MAIL FROM:<ab@" + repeated("x23456789.", 25) + "co>", "501 5.1.7"},
          {"RFC 6531 3.2 SMTPUTF8 must be said", "MAIL FROM:<\xce\xb4@b.example>", "553 5.6.7"},
      });
}

TEST(Conformance, ForwardPaths) {
  check_conformance(State::with_sender,
                    {
                        {"4.1.1.3", "RCPT TO:<a@b.example>", "250 2.1.5"},
                        {"4.1.1.3", "rcpt to:<a@b.example>", "250 2.1.5"},
                        {"4.1.1.3 Postmaster, in any case", "RCPT TO:<Postmaster>", "250 "},
                        {"4.1.1.3", "RCPT TO:<POSTmaster>", "250 "},
                        {"4.5.1", "RCPT TO:<postmaster@b.example>", "250 "},
                        {"4.1.1.3 nobody else", "RCPT TO:<root>", "501 5.1.3"},
                        {"4.1.1.3 no null path", "RCPT TO:<>", "501 5.1.3"},
                        {"4.1.1.3", "RCPT TO:", "501 5.5.4"},
                        {"4.1.1.3", "RCPT FROM:<a@b.example>", "501 5.5.4"},
                        {"4.1.1.3", "RCPT TO:a@b.example", "501 5.1.3"},
                        {"4.1.1.3", "RCPT TO:<a@b.example> <c@d.example>", "501 5.5.4"},
                        {"4.1.1.3", "RCPT TO:<a@b.example>, <c@d.example>", "501 5.5.4"},
                        {"4.1.1.3", "RCPT TO:<a@b.example> b", "555 5.5.4"},
                        {"4.1.1.3 quoted, too", "RCPT TO:<\"Postmaster\">", "250 "},
                        {"2.3.11 its case counts", "RCPT TO:<Joe@b.example>", "250 "},
                        {"RFC 2505 2.4 no way through us", "RCPT TO:<a%c.example@b.example>", "250 "},
                        {"appendix C", "RCPT TO:<@r.example:a@b.example>", "250 "},
                        {"RFC 6531 3.2", "RCPT TO:<\xce\xb4@b.example>", "553 5.6.7"},
                    });
}

TEST(Conformance, Parameters) {
  check_conformance(State::greeted,
                    {
                        {"4.1.2 esmtp-param", "MAIL FROM:<> SIZE=1", "250 "},
                        {"4.1.2 keywords ignore case", "MAIL FROM:<> size=1 Body=8BitMime", "250 "},
                        {"4.1.2 more than one space", "MAIL FROM:<>   SIZE=1   BODY=7BIT", "250 "},
                        {"4.1.2 a space is needed", "MAIL FROM:<>SIZE=1", "501 5.5.4"},
                        {"4.1.1.11 unknown", "MAIL FROM:<> X-FOO=1", "555 5.5.4"},
                        {"4.1.1.11 unknown", "MAIL FROM:<> FOO", "555 5.5.4"},
                        {"4.1.2 keyword", "MAIL FROM:<> -FOO=1", "501 5.5.4"},
                        {"4.1.2 keyword", "MAIL FROM:<> F_O=1", "501 5.5.4"},
                        {"4.1.2 keyword", "MAIL FROM:<> =1", "501 5.5.4"},
                        {"4.1.2 esmtp-value is not empty", "MAIL FROM:<> SIZE=", "501 5.5.4"},
                        {"4.1.2 no = in a value", "MAIL FROM:<> SIZE=1=2", "501 5.5.4"},
                        {"RFC 1870 4 digits", "MAIL FROM:<> SIZE=-1", "501 5.5.4"},
                        {"RFC 1870 4", "MAIL FROM:<> SIZE=1k", "501 5.5.4"},
                        {"RFC 1870 6.1 too large", "MAIL FROM:<> SIZE=99999999999", "552 5.3.4"},
                        {"RFC 1870 4 twenty digits", "MAIL FROM:<> SIZE=99999999999999999999", "552 5.3.4"},
                        {"1 each once", "MAIL FROM:<> SIZE=1 SIZE=1", "501 5.5.4"},
                        {"RFC 6152 2", "MAIL FROM:<> BODY=9BIT", "501 5.5.4"},
                        {"RFC 4954 5", "MAIL FROM:<> AUTH=<>", "250 "},
                        {"RFC 4954 5 xtext", "MAIL FROM:<> AUTH=a+40b.example", "250 "},
                        {"RFC 4954 5", "MAIL FROM:<> AUTH=a+4", "501 5.5.4"},
                        {"RFC 3461 4.3", "MAIL FROM:<> RET=FULL ENVID=abc", "250 "},
                        {"RFC 3461 4.3", "MAIL FROM:<> RET=HEADERS", "501 5.5.4"},
                        {"RFC 3461 4.4 100 characters", "MAIL FROM:<> ENVID=" + repeated("x", 100), "250 "},
                        {"RFC 3461 4.4", "MAIL FROM:<> ENVID=" + repeated("x", 101), "501 5.5.4"},
                        {"RFC 6531 3.4 no value", "MAIL FROM:<> SMTPUTF8", "250 "},
                        {"RFC 6531 3.4", "MAIL FROM:<> SMTPUTF8=YES", "501 5.5.4"},
                        {"RFC 2852 4", "MAIL FROM:<> BY=120;R", "250 "},
                        {"RFC 2852 4", "MAIL FROM:<> BY=120", "501 5.5.4"},
                        {"RFC 3461 of RCPT only", "MAIL FROM:<> NOTIFY=NEVER", "555 5.5.4"},
                    });
  check_conformance(State::with_sender,
                    {
                        {"RFC 3461 4.1", "RCPT TO:<a@b.example> NOTIFY=SUCCESS,FAILURE,DELAY", "250 "},
                        {"RFC 3461 4.1 NEVER alone", "RCPT TO:<a@b.example> NOTIFY=NEVER,DELAY", "501 5.5.4"},
                        {"RFC 3461 4.1", "RCPT TO:<a@b.example> NOTIFY=", "501 5.5.4"},
                        {"RFC 3461 4.2", "RCPT TO:<a@b.example> ORCPT=rfc822;a+2Bb@c.example", "250 "},
                        {"RFC 3461 4.2", "RCPT TO:<a@b.example> ORCPT=a@c.example", "501 5.5.4"},
                        {"RFC 3461 of MAIL only", "RCPT TO:<a@b.example> RET=FULL", "555 5.5.4"},
                        {"4.1.1.11", "RCPT TO:<a@b.example> SIZE=1", "555 5.5.4"},
                    });
}

TEST(Conformance, Data) {
  check_conformance(State::with_recipient, {
                                               {"4.1.1.4", "DATA", "354 "},
                                               {"4.1.1.4 no argument", "DATA x", "501 "},
                                               {"RFC 3030 2", "BDAT 0 LAST", "250 "},
                                               {"RFC 3030 2", "bdat 0 last", "250 "},
                                               {"RFC 3030 2", "BDAT -1", "501 "},
                                               {"RFC 3030 2", "BDAT 1 FIRST", "501 "},
                                               {"RFC 3030 2", "BDAT", "501 "},
                                               {"3.3 one sender", "MAIL FROM:<>", "503 "},
                                           });
  check_conformance(State::with_sender, {
                                            {"3.3 no recipient", "DATA", "503 "},
                                            {"3.3 no recipient", "BDAT 0 LAST", "503 "},
                                        });
  check_conformance(State::greeted, {
                                        {"3.3 order", "RCPT TO:<a@b.example>", "503 "},
                                        {"3.3 order", "DATA", "503 "},
                                    });
}

}  // namespace
}  // namespace godwit
