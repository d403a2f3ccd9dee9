// SPDX-License-Identifier: Apache-2.0
// Every command in every state on the way to a login, and behind it.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "open_transaction.hpp"
#include "state_table.hpp"

namespace godwit {
namespace {

using test::always;
using test::check_table;
using test::greeted_way;
using test::mx;
using test::StateLine;
using test::Way;

smtp::SessionSettings user_settings() {
  auto settings = mx();
  settings.service = smtp::Service::submission;
  settings.offer_auth = true;
  settings.offer_scram = true;
  settings.require_auth = true;
  return settings;
}

const std::string auth_plain = "AUTH PLAIN AGFsaWNlAHNlY3JldA==";
const std::string tls_way = "S: 220 mx.example ESMTP Godwit\nC: STARTTLS\ns: 220 2.0.0\n";
const std::string tls_greeted_way = tls_way + "C: EHLO c\ns: 250-mx\n";
const std::string logged_in_way = tls_greeted_way + "C: " + auth_plain + "\ns: 235 2.7.0\n";

const std::vector<Way> ways_of_a_user = {
    {"greeted in the clear", greeted_way},
    {"TLS begun", tls_way},
    {"greeted with HELO", tls_way + "C: HELO c\ns: 250 mx\n"},
    {"greeted with EHLO", tls_greeted_way},
    {"login refused", tls_greeted_way + "A: auth rejected\nC: " + auth_plain + "\ns: 535 5.7.8\n"},
    {"login put off", tls_greeted_way + "A: auth unavailable\nC: " + auth_plain + "\ns: 454 4.7.0\n"},
    {"login cancelled", tls_greeted_way + "C: AUTH PLAIN\ns: 334\nC: *\ns: 501 5.7.0\n"},
    {"logged in", logged_in_way},
    {"logged in, with a recipient", logged_in_way + "C: MAIL FROM:<alice@mx.example>\ns: 250 2.1.0\n"
                                                    "C: RCPT TO:<b@mx.example>\ns: 250 2.1.5\n"},
};

TEST(ServerStates, OfAUser) {
  const auto count = ways_of_a_user.size();
  const std::string later = "503 5.5.1";
  const std::string no = "530 5.7.0";
  const auto only_at_the_end = [&](std::string command, const std::string& reply) {
    StateLine line = always(std::move(command), later, count);
    line.replies.back() = reply;
    return line;
  };
  StateLine starttls = always("STARTTLS", later, count);
  starttls.replies.front() = "220 2.0.0";
  // In the clear; TLS without EHLO, twice; where a login may begin, four times; logged in, twice.
  const auto login = [&](std::string command, const std::string& reply) {
    return StateLine{std::move(command), {"538 5.7.11", later, later, reply, reply, reply, reply, later, later}};
  };
  check_table(user_settings(), ways_of_a_user,
              {
                  always("HELO c.example", "250 mx", count),
                  always("EHLO c.example", "250-mx", count),
                  {"MAIL FROM:<a@b.example>", {no, later, no, no, no, no, no, "250 2.1.0", later}},
                  only_at_the_end("RCPT TO:<a@b.example>", "250 2.1.5"),
                  only_at_the_end("DATA", "354"),
                  only_at_the_end("BDAT 3 LAST\r\nx", "250 2.0.0 Ok: queued"),
                  always("RSET", "250 2.0.0", count),
                  always("NOOP", "250 2.0.0", count),
                  always("HELP", "214 2.0.0", count),
                  always("VRFY a", "252 2.0.0", count),
                  always("EXPN a", "502 5.5.1", count),
                  always("ETRN d.example", "459 4.7.1", count),
                  always("XCLIENT LOGIN=alice", "550 5.7.1", count),
                  starttls,
                  login("AUTH", "501 5.5.4"),
                  login("AUTH CRAM-MD5", "504 5.5.4"),
                  login("AUTH EXTERNAL =", "504 5.5.4"),
                  login("AUTH PLAIN", "334"),
                  login(auth_plain, "235 2.7.0"),
                  login("AUTH PLAIN =", "501 5.5.2"),
                  login("AUTH LOGIN", "334"),
                  login("AUTH LOGIN YWxpY2U=", "334"),
                  login("AUTH SCRAM-SHA-256", "334"),
                  login("AUTH SCRAM-SHA-256 eA==", "235 2.7.0"),
                  login("AUTH SCRAM-SHA-256-PLUS eA==", "235 2.7.0"),
                  always("QUIT", "221 2.0.0 -> quit", count),
                  always("XYZZY", "500 5.5.1", count),
                  always("Subject: x", "500 5.5.1 -> policy", count),
              });
}

// Whatever a client says there answers the challenge; what is no base 64 ends the login, and so does "*".
TEST(ServerStates, OfALogin) {
  const std::vector<Way> ways = {
      {"PLAIN asks", tls_greeted_way + "C: AUTH PLAIN\ns: 334\n"},
      {"LOGIN asks for the user", tls_greeted_way + "C: AUTH LOGIN\ns: 334\n"},
      {"LOGIN asks for the password", tls_greeted_way + "C: AUTH LOGIN YWxpY2U=\ns: 334\n"},
      {"SCRAM asks", tls_greeted_way + "C: AUTH SCRAM-SHA-256\ns: 334\n"},
      {"SCRAM goes on", tls_greeted_way + "A: challenge more\nC: AUTH SCRAM-SHA-256 eA==\ns: 334\n"},
  };
  const std::vector<std::string> malformed(ways.size(), "501 5.5.2");
  const std::vector<std::string> as_base_64 = {"501 5.5.2", "334", "235 2.7.0", "235 2.7.0", "235 2.7.0"};
  check_table(user_settings(), ways,
              {
                  {"HELO c.example", malformed},
                  {"EHLO c.example", malformed},
                  {"MAIL FROM:<a@b.example>", malformed},
                  {"RCPT TO:<a@b.example>", malformed},
                  {auth_plain, malformed},
                  {"BDAT 0 LAST", malformed},
                  {"GET / HTTP/1.1", malformed},
                  {"Subject: x", malformed},
                  {"\xff", malformed},
                  {"=", malformed},
                  {"DATA", as_base_64},
                  {"RSET", as_base_64},
                  {"NOOP", as_base_64},
                  {"QUIT", as_base_64},
                  {"STARTTLS", as_base_64},
                  {"", {"501 5.5.2", "535 5.7.8", "535 5.7.8", "235 2.7.0", "235 2.7.0"}},
                  always("*", "501 5.7.0", ways.size()),
                  always("NOOP\nNOOP", "500 5.5.2", ways.size()),
                  always(std::string(13000, 'x'), "500 5.5.6", ways.size()),
              });
}

}  // namespace
}  // namespace godwit
