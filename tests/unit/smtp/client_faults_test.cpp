// SPDX-License-Identifier: Apache-2.0
// Every fault of a peer at every stage of a dialogue, and what the session makes of it.
#include "client_dialogue.hpp"

namespace godwit::smtp {
namespace {

using Reason = client_action::Close::Reason;

constexpr const char* faults[] = {"4yz", "5yz", "421", "hung up", "timed out", "garbage", "a reply without end"};
constexpr std::size_t count = std::size(faults);

Script fault_of(std::size_t which) {
  switch (which) {
    case 0:
      return {"S: 450 no"};
    case 1:
      return {"S: 550 no"};
    case 2:
      return {"S: 421 closing"};
    case 3:
      return {"-close"};
    case 4:
      return {"-time"};
    case 5:
      return {"S: \x01what"};
    default:
      return Script(2000, "S: 250-and more");
  }
}

// `outcome` for each fault: the verdicts of both recipients (d delivered, n try_next, r retry_later, f failed), with
// "!" when the connection is closed at once and "." when it goes on or takes its leave; "go": nothing is decided and
// the session goes on; "clear": the same host again without TLS; "-": there is no such fault at this stage.
struct Row {
  const char* name;
  Script before;
  Stage stage;
  const char* outcome[count];
  ClientTls tls = ClientTls::opportunistic;
  const char* user = "";
};

const Script greeted = {"+mail", "S: 220 mx", "C: EHLO mail.xyz.example"};
const Script ready = greeted + Script{"S: 250 mx", "C: MAIL FROM:<mod@abc.example>"};
const Script first = ready + Script{"S: 250 ok", "C: RCPT TO:<r0@xyz.example>"};
const Script second = first + Script{"S: 250 ok", "C: RCPT TO:<r1@xyz.example>"};
const Script data = second + Script{"S: 250 ok", "C: DATA"};
const Script body = data + Script{"S: 354 go"};
const Script sent = body + Script{"+body"};
const Script chunk = greeted + Script{"S: 250-mx",
                                      "S: 250 CHUNKING",
                                      "C: MAIL FROM:<mod@abc.example>",
                                      "S: 250 ok",
                                      "C: RCPT TO:<r0@xyz.example>",
                                      "S: 250 ok",
                                      "C: RCPT TO:<r1@xyz.example>",
                                      "S: 250 ok",
                                      "C: BDAT 1000 LAST"};
const Script starttls = greeted + Script{"S: 250-mx", "S: 250 STARTTLS", "C: STARTTLS"};
const Script secured = starttls + Script{"S: 220 go", "+tls", "C: EHLO mail.xyz.example"};
const Script plain = secured + Script{"S: 250-mx", "S: 250 AUTH PLAIN", "C: AUTH PLAIN AHJlbGF5AHNlY3JldA=="};
const Script login = secured + Script{"S: 250-mx", "S: 250 AUTH LOGIN", "C: AUTH LOGIN"};
const Script password = login + Script{"S: 334 VXNlcm5hbWU6", "C: cmVsYXk=", "S: 334 UGFzc3dvcmQ6", "C: c2VjcmV0"};

const Row rows[] = {
    {"greeting", {"+mail"}, Stage::greeting, {"nn.", "nn.", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"EHLO", greeted, Stage::ehlo, {"nn.", "go", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"HELO",
     greeted + Script{"S: 502 no", "C: HELO mail.xyz.example"},
     Stage::ehlo,
     {"nn.", "ff.", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"STARTTLS", starttls, Stage::starttls, {"go", "go", "nn!", "clear", "clear", "clear", "clear"}},
    {"required STARTTLS",
     starttls,
     Stage::starttls,
     {"nn.", "nn.", "nn!", "nn!", "nn!", "nn!", "nn!"},
     ClientTls::require},
    {"handshake", starttls + Script{"S: 220 go"}, Stage::tls, {"-", "-", "-", "clear", "clear", "-", "-"}},
    {"required handshake",
     starttls + Script{"S: 220 go"},
     Stage::tls,
     {"-", "-", "-", "nn!", "nn!", "-", "-"},
     ClientTls::require},
    {"EHLO under TLS", secured, Stage::ehlo, {"nn.", "go", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"AUTH PLAIN", plain, Stage::auth, {"nn.", "nn.", "nn!", "nn!", "nn!", "nn!", "nn!"}, ClientTls::require, "relay"},
    {"AUTH LOGIN", login, Stage::auth, {"nn.", "nn.", "nn!", "nn!", "nn!", "nn!", "nn!"}, ClientTls::require, "relay"},
    {"its password",
     password,
     Stage::auth,
     {"nn.", "nn.", "nn!", "nn!", "nn!", "nn!", "nn!"},
     ClientTls::require,
     "relay"},
    {"MAIL", ready, Stage::mail, {"nn.", "ff.", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"first RCPT", first, Stage::rcpt, {"go", "go", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"second RCPT", second, Stage::rcpt, {"go", "go", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"DATA", data, Stage::data, {"nn.", "ff.", "nn!", "nn!", "nn!", "nn!", "nn!"}},
    {"body", body, Stage::body, {"go", "go", "go", "nn!", "nn!", "go", "go"}},
    {"final dot", sent, Stage::final_dot, {"rr.", "ff.", "rr!", "rr!", "rr!", "rr!", "rr!"}},
    {"chunk", chunk, Stage::body, {"go", "go", "go", "nn!", "nn!", "go", "go"}},
    {"end of the chunk", chunk + Script{"+body"}, Stage::final_dot, {"rr.", "ff.", "rr!", "rr!", "rr!", "rr!", "rr!"}},
    {"RSET",
     data + Script{"S: 554 5.5.1 no", "C: RSET"},
     Stage::quit,
     {"ff.", "ff.", "ff!", "ff!", "ff!", "ff!", "ff!"}},
    {"QUIT",
     sent + Script{"S: 250 ok", "+quit", "C: QUIT"},
     Stage::quit,
     {"dd!", "dd!", "dd!", "dd!", "dd!", "dd!", "dd!"}},
};

void check(const Row& row, std::size_t fault) {
  const std::string_view outcome = row.outcome[fault];
  if (outcome == "-") return;
  SCOPED_TRACE(std::string(row.name) + " and " + faults[fault]);
  ClientSettings settings;
  settings.tls = row.tls;
  settings.user = row.user;
  settings.password = "secret";
  ClientDialogue dialogue(settings, to_recipients(2));
  dialogue.play(row.before);
  EXPECT_EQ(dialogue.session().stage(), row.stage);
  const auto decided_before = dialogue.transactions;
  dialogue.suffer(fault_of(fault));
  if (outcome == "go") {
    EXPECT_EQ(dialogue.transactions, 0);
    EXPECT_FALSE(dialogue.closed);
    return;
  }
  if (outcome == "clear") {
    ASSERT_TRUE(dialogue.closed);
    EXPECT_EQ(dialogue.closed->reason, Reason::retry_in_clear);
    EXPECT_EQ(dialogue.transactions, 0) << "the transaction is still to be done";
    return;
  }
  ASSERT_EQ(dialogue.transactions, 1);
  EXPECT_EQ(verdicts(dialogue.results), outcome.substr(0, 2));
  EXPECT_EQ(dialogue.closed.has_value(), outcome.ends_with('!'));
  if (decided_before != 0) return;
  EXPECT_EQ(dialogue.results[0].stage, row.stage);
  EXPECT_EQ(dialogue.results[0].reply.has_value(), fault < 3);
  if (!dialogue.results[0].reply) {
    EXPECT_NE(dialogue.results[0].why, "");
  }
}

TEST(ClientFaults, EveryFaultAtEveryStageHasItsOutcome) {
  for (const auto& row : rows)
    for (std::size_t fault = 0; fault < count; ++fault) check(row, fault);
}

// RFC 1047: who says nothing after the dot may have taken the message.
TEST(ClientFaults, LossAfterTheFinalDotIsSaidToBeAmbiguous) {
  for (const std::size_t fault : {3U, 4U}) {
    ClientDialogue dialogue({}, to_recipients(2));
    dialogue.play(sent);
    dialogue.suffer(fault_of(fault));
    EXPECT_TRUE(dialogue.results[0].why.ends_with("it may have arrived, and may arrive twice"));
  }
}

}  // namespace
}  // namespace godwit::smtp
