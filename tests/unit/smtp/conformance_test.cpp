// SPDX-License-Identifier: Apache-2.0
// The grammar of RFC 5321 and RFC 6531 as a table: what must be taken, what must be refused and how, and the section
// that says so.  "ours" marks where this server is stricter or more tolerant than the letter, as
// docs/specifications.md says.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"
#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::SessionDriver;

std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

enum class State { connected, greeted, with_sender, with_utf8_sender, with_recipient };

struct Case {
  const char* section;
  std::string line;   // without its CR LF
  const char* reply;  // how it begins
};

std::vector<std::string> way_to(State state) {
  switch (state) {
    case State::connected:
      return {};
    case State::greeted:
      return {"EHLO c.example"};
    case State::with_sender:
      return {"EHLO c.example", "MAIL FROM:<>"};
    case State::with_utf8_sender:
      return {"EHLO c.example", "MAIL FROM:<> SMTPUTF8"};
    case State::with_recipient:
      break;
  }
  return {"EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@b.example>"};
}

std::string reply_to(State state, const std::string& line) {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  settings.errors = 100;
  settings.vrfy = settings.expn = smtp::Audience::anyone;
  SessionDriver driver(settings);
  driver.feed(smtp::event::Connected{});
  std::size_t before = 0;
  auto lines = way_to(state);
  lines.push_back(line);
  for (const auto& each : lines) {
    before = driver.replies().size();
    driver.feed(smtp::event::Bytes{each + "\r\n"});
    while (driver.asking()) driver.feed(driver.answer());
  }
  EXPECT_TRUE(driver.violations().empty());
  return driver.replies().substr(before);
}

void check(State state, const std::vector<Case>& cases) {
  for (const auto& [section, line, expected] : cases) {
    const auto reply = reply_to(state, line);
    EXPECT_TRUE(reply.starts_with(expected)) << section << ": " << base::printable(line) << "\n got " << reply;
  }
}

TEST(Conformance, CommandLines) {
  check(State::greeted, {
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
  check(State::connected, {
                              {"4.1.1.1 domain", "EHLO mail.example.com", "250-"},
                              {"4.1.1.1 domain", "HELO mail.example.com", "250 "},
                              {"4.1.3 literal", "EHLO [192.0.2.1]", "250-"},
                              {"4.1.3 literal", "EHLO [IPv6:2001:db8::1]", "250-"},
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
  check(State::greeted, {
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
                            {"4.1.3 IPv6-full", "MAIL FROM:<a@[IPv6:2001:db8:0:0:0:0:0:1]>", "250 "},
                            {"4.1.3 IPv6-comp", "MAIL FROM:<a@[IPv6:2001:db8::1]>", "250 "},
                            {"4.1.3 IPv6v4-comp", "MAIL FROM:<a@[IPv6:::ffff:192.0.2.1]>", "250 "},
                            {"4.1.3", "MAIL FROM:<a@[IPv6:2001:db8:::1]>", "501 5.1.7"},
                            {"4.1.3 the tag is needed", "MAIL FROM:<a@[2001:db8::1]>", "501 5.1.7"},
                            {"4.1.3 unknown tag", "MAIL FROM:<a@[X400:c=us]>", "501 5.1.7"},
                            {"appendix C source route", "MAIL FROM:<@r.example,@s.example:a@b.example>", "250 "},
                            {"appendix C", "MAIL FROM:<@r.example:>", "501 5.1.7"},
                            {"4.5.3.1.1 64 octets", "MAIL FROM:<" + repeated("x", 64) + "@b.example>", "250 "},
                            {"4.5.3.1.1", "MAIL FROM:<" + repeated("x", 65) + "@b.example>", "501 5.1.7"},
                            {"4.5.3.1.3 256 octets", "MAIL FROM:<a@" + repeated("x23456789.", 25) + "co>", "250 "},
                            {"4.5.3.1.3", "MAIL FROM:<ab@" + repeated("x23456789.", 25) + "co>", "501 5.1.7"},
                            {"RFC 6531 3.2 SMTPUTF8 must be said", "MAIL FROM:<\xce\xb4@b.example>", "553 5.6.7"},
                        });
}

TEST(Conformance, ForwardPaths) {
  check(State::with_sender, {
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
                                {"appendix C", "RCPT TO:<@r.example:a@b.example>", "250 "},
                                {"RFC 6531 3.2", "RCPT TO:<\xce\xb4@b.example>", "553 5.6.7"},
                            });
}

TEST(Conformance, Parameters) {
  check(State::greeted, {
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
  check(State::with_sender, {
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
  check(State::with_recipient, {
                                   {"4.1.1.4", "DATA", "354 "},
                                   {"4.1.1.4 no argument", "DATA x", "501 "},
                                   {"RFC 3030 2", "BDAT 0 LAST", "250 "},
                                   {"RFC 3030 2", "bdat 0 last", "250 "},
                                   {"RFC 3030 2", "BDAT -1", "501 "},
                                   {"RFC 3030 2", "BDAT 1 FIRST", "501 "},
                                   {"RFC 3030 2", "BDAT", "501 "},
                                   {"3.3 one sender", "MAIL FROM:<>", "503 "},
                               });
  check(State::with_sender, {
                                {"3.3 no recipient", "DATA", "503 "},
                                {"3.3 no recipient", "BDAT 0 LAST", "503 "},
                            });
  check(State::greeted, {
                            {"3.3 order", "RCPT TO:<a@b.example>", "503 "},
                            {"3.3 order", "DATA", "503 "},
                        });
}

// RFC 6531 section 3.3.
TEST(Conformance, InternationalizedAddresses) {
  check(State::greeted,
        {
            {"uLocal", "MAIL FROM:<\xce\xb4\xce\xbf\xce\xba@b.example> SMTPUTF8", "250 "},
            {"uLocal, mixed", "MAIL FROM:<a.\xce\xb4@b.example> SMTPUTF8", "250 "},
            {"uDomain",
             "MAIL FROM:<a@b\xc3\xbc"
             "cher.example> SMTPUTF8",
             "250 "},
            {"uDomain, of two scripts",
             "MAIL FROM:<\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example> SMTPUTF8", "250 "},
            {"A-labels stay allowed", "MAIL FROM:<\xce\xb4@xn--bcher-kva.example> SMTPUTF8", "250 "},
            {"QcontentSMTP", "MAIL FROM:<\"\xce\xb4 \xce\xbf\"@b.example> SMTPUTF8", "250 "},
            {"the order of parameters is free", "MAIL FROM:<\xce\xb4@b.example> SIZE=1 SMTPUTF8 BODY=8BITMIME", "250 "},
            {"quoted-pairSMTP is not extended", "MAIL FROM:<\"\\\xce\xb4\"@b.example> SMTPUTF8", "501 5.1.7"},
            {"UTF-8 only: a lone byte", "MAIL FROM:<\xff@b.example> SMTPUTF8", "501 5.1.7"},
            {"UTF-8 only: Latin-1", "MAIL FROM:<J\xf6rg@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 3629 overlong", "MAIL FROM:<\xc0\xaf@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 3629 overlong", "MAIL FROM:<\xe0\x80\xaf@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 3629 surrogates", "MAIL FROM:<\xed\xa0\x80@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 3629 above U+10FFFF", "MAIL FROM:<\xf4\x90\x80\x80@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 3629 cut", "MAIL FROM:<\xe2\x82@b.example> SMTPUTF8", "501 5.1.7"},
            {"ours: no C1 controls", "MAIL FROM:<\xc2\x85@b.example> SMTPUTF8", "501 5.1.7"},
            {"RFC 5891 no U-label", "MAIL FROM:<a@\xe2\x99\xa5\xe2\x80\x8d.example> SMTPUTF8", "501 5.1.7"},
            {"4.5.3.1.1 octets count", "MAIL FROM:<" + repeated("\xce\xb4", 32) + "@b.example> SMTPUTF8", "250 "},
            {"4.5.3.1.1", "MAIL FROM:<" + repeated("\xce\xb4", 33) + "@b.example> SMTPUTF8", "501 5.1.7"},
        });
  check(State::with_utf8_sender,
        {
            {"RCPT needs no parameter", "RCPT TO:<\xce\xb4@b.example>", "250 2.1.5"},
            {"3.4 only MAIL has it", "RCPT TO:<\xce\xb4@b.example> SMTPUTF8", "555 5.5.4"},
            {"RFC 6533 3", "RCPT TO:<a@b.example> ORCPT=utf-8;\\x{3B4}@b.example", "250 "},
            {"RFC 6533 3", "RCPT TO:<a@b.example> ORCPT=utf-8;\xce\xb4@b.example", "250 "},
            {"RFC 6533 3", "RCPT TO:<a@b.example> ORCPT=utf-8;\\x{D800}@b.example", "501 5.5.4"},
        });
}

}  // namespace
}  // namespace godwit
