// SPDX-License-Identifier: Apache-2.0
// The grammar of RFC 6531 as a table.
#include <string>

#include <gtest/gtest.h>

#include "conformance_table.hpp"

namespace godwit {
namespace {

using test::check_conformance;
using test::repeated;
using State = test::ConformanceState;

// RFC 6531 section 3.3.
TEST(Conformance, InternationalizedAddresses) {
  check_conformance(
      State::greeted,
      {
          {"uLocal", "MAIL FROM:<\xce\xb4\xce\xbf\xce\xba@b.example> SMTPUTF8", "250 "},
          {"uLocal, mixed", "MAIL FROM:<a.\xce\xb4@b.example> SMTPUTF8", "250 "},
          {"uDomain",
           "MAIL FROM:<a@b\xc3\xbc"
           "cher.example> SMTPUTF8",
           "250 "},
          {"uDomain, of two scripts", "MAIL FROM:<\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example> SMTPUTF8",
           "250 "},
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
          {"RFC 3629 overlong dot",
           "MAIL FROM:<a\xc0\xae"
           "b@c.example> SMTPUTF8",
           "501 5.1.7"},
          {"RFC 3629 overlong NUL", "MAIL FROM:<a\xc0\x80@b.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 3629 low surrogate", "MAIL FROM:<\xed\xbf\xbf@b.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 3629 five bytes", "MAIL FROM:<\xf8\x88\x80\x80\x80@b.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 3629 a byte that goes on from nothing", "MAIL FROM:<\x80@b.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 3629 four bytes", "MAIL FROM:<\xf0\x9f\x93\xac@b.example> SMTPUTF8", "250 "},
          {"3.3 no NUL", std::string("MAIL FROM:<\xce\xb4\0@b.example> SMTPUTF8", 34), "500 "},
          {"3.3 from right to left", "MAIL FROM:<\xd7\x90\xd7\x91@\xd7\x92\xd7\x93.example> SMTPUTF8", "250 "},
          {"3.3 mixed in the local part",
           "MAIL FROM:<a\xd7\x90"
           "1@b.example> SMTPUTF8",
           "250 "},
          {"RFC 5893 2 not in a label", "MAIL FROM:<a@1\xd7\x90.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 5321 2.4 no other letter case", "MAIL FROM:<\xce\x94@b.example> SMTPUTF8", "250 "},
          {"RFC 5891 4.2.3.1 no hyphen at the end", "MAIL FROM:<a@\xc3\xbc-.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 5891 4.2.3.2 no combining mark first", "MAIL FROM:<a@\xcc\x88u.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 1035 2.3.4 A-labels count", "MAIL FROM:<a@" + repeated("\xc3\xbc", 60) + ".example> SMTPUTF8",
           "501 5.1.7"},
          {"UTS 46 what becomes another @",
           "MAIL FROM:<a@b\xef\xbc\xa0"
           "c.example> SMTPUTF8",
           "501 5.1.7"},
          {"UTS 46 what becomes a bracket",
           "MAIL FROM:<a@b\xef\xbc\x9e\xe3\x80\x80"
           "c.example> SMTPUTF8",
           "501 5.1.7"},
          {"UTS 46 what becomes nothing", "MAIL FROM:<a@\xc2\xad> SMTPUTF8", "501 5.1.7"},
          {"3.3 no literal of it", "MAIL FROM:<\xce\xb4@[192.0.2.1]> SMTPUTF8", "250 "},
          {"3.3", "MAIL FROM:<\xce\xb4@[\xce\xb4]> SMTPUTF8", "501 5.1.7"},
          {"3.4 not in other parameters", "MAIL FROM:<> SMTPUTF8 ENVID=\xce\xb4", "501 5.5.4"},
          {"3.4", "MAIL FROM:<> SMTPUTF8 AUTH=\xce\xb4", "501 5.5.4"},
          {"ours: no C1 controls", "MAIL FROM:<\xc2\x85@b.example> SMTPUTF8", "501 5.1.7"},
          {"RFC 5891 no U-label", "MAIL FROM:<a@\xe2\x99\xa5\xe2\x80\x8d.example> SMTPUTF8", "501 5.1.7"},
          {"4.5.3.1.1 octets count", "MAIL FROM:<" + repeated("\xce\xb4", 32) + "@b.example> SMTPUTF8", "250 "},
          {"4.5.3.1.1", "MAIL FROM:<" + repeated("\xce\xb4", 33) + "@b.example> SMTPUTF8", "501 5.1.7"},
      });
  check_conformance(State::with_utf8_sender,
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
