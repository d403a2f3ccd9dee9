// SPDX-License-Identifier: Apache-2.0
// AUTH as a client.  The server's side of SCRAM is the real one.
#include "client_dialogue.hpp"
#include "godwit/base/encoding.hpp"
#include "godwit/smtp/scram.hpp"

namespace godwit::smtp {
namespace {

using Variant = ScramServer::Variant;

const std::string plain_auth = "C: AUTH PLAIN AHJlbGF5AHNlY3JldA==";

ClientSettings relay_settings(std::vector<std::string> mechanisms = {}) {
  ClientSettings settings;
  settings.tls = ClientTls::require;
  settings.user = "relay";
  settings.password = "secret";
  settings.nonce = "client";
  if (!mechanisms.empty()) settings.mechanisms = std::move(mechanisms);
  return settings;
}

Script auth_offered(const std::string& mechanisms) {
  return {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 STARTTLS",          "C: STARTTLS", "S: 220 go",
          "+tls",      "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 AUTH " + mechanisms};
}

std::string encoded(const std::string& text) {
  return base::base64_encode(text);
}

// What both sides say where the host knows `password`, up to its last word.
struct Exchange {
  Exchange(Variant variant, const std::string& header, bool plus_offered, std::string_view password = "secret",
           std::string binding = "channel")
      : server(variant, plus_offered, {.exporter = std::move(binding), .end_point = {}}, "server"),
        client("relay", "client", channel(header)) {
    const auto first = client.client_first();
    EXPECT_TRUE(server.client_first(first));
    const auto challenge = server.server_first(make_scram_keys(password, "salt", 4096));
    const auto question = client.question(challenge);
    const auto last = client.client_final(make_scram_client_keys("secret", question->salt, question->iterations));
    const auto said = server.client_final(last);
    word = said ? *said : "e=invalid-proof";
    begin = {std::string("C: AUTH SCRAM-SHA-256") + (variant == Variant::plus ? "-PLUS " : " ") + encoded(first),
             "S: 334 " + encoded(challenge), "+keys", "C: " + encoded(last)};
  }

  static ScramChannel channel(const std::string& header) {
    if (header == "p") return {.use = ScramChannel::Use::bound, .type = "tls-exporter", .bytes = "channel"};
    return {.use = header == "y" ? ScramChannel::Use::not_offered : ScramChannel::Use::none};
  }

  ScramServer server;
  ScramClient client;
  std::string word;
  Script begin;
};

TEST(ClientAuth, ProvesThatItKnowsThePasswordWithoutSayingIt) {
  const Exchange exchange(Variant::plain, "n", false);
  ClientDialogue dialogue(relay_settings());
  dialogue.play(auth_offered("PLAIN SCRAM-SHA-256") + exchange.begin +
                Script{"S: 334 " + encoded(exchange.word), "C: ", "S: 235 2.7.0 ok"});
  EXPECT_EQ(dialogue.ready, 1);
  EXPECT_EQ(dialogue.asked_keys->question.iterations, 4096U);
}

TEST(ClientAuth, BindsToTheChannelWhereTheHostCan) {
  const Exchange exchange(Variant::plus, "p", true);
  ClientDialogue dialogue(relay_settings());
  dialogue.channel_binding = "channel";
  dialogue.play(auth_offered("PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS") + exchange.begin +
                Script{"S: 334 " + encoded(exchange.word), "C: ", "S: 235 2.7.0 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientAuth, TellsAHostThatOffersNoBindingThatItCouldBind) {
  const Exchange exchange(Variant::plain, "y", false);
  ClientDialogue dialogue(relay_settings());
  dialogue.channel_binding = "channel";
  dialogue.play(auth_offered("SCRAM-SHA-256") + exchange.begin +
                Script{"S: 334 " + encoded(exchange.word), "C: ", "S: 235 2.7.0 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

TEST(ClientAuth, TriesPlainWhereTheHostHasNoKeysForScram) {
  const Exchange exchange(Variant::plain, "n", false, "unknown");
  ClientDialogue dialogue(relay_settings());
  dialogue.play(auth_offered("LOGIN PLAIN SCRAM-SHA-256") + exchange.begin +
                Script{"S: 535 5.7.8 no", plain_auth, "S: 235 ok"});
  EXPECT_EQ(dialogue.ready, 1);
  ClientDialogue told(relay_settings());
  told.play(auth_offered("PLAIN SCRAM-SHA-256") + exchange.begin +
            Script{"S: 334 " + encoded(exchange.word), "C: *", "S: 501 cancelled", plain_auth, "S: 535 no", "C: QUIT",
                   "S: 221 bye"});
  EXPECT_EQ(told.closed->cause.reply->code, 535);
}

TEST(ClientAuth, NoOtherMechanismThanThoseWanted) {
  const Exchange exchange(Variant::plain, "n", false, "unknown");
  ClientDialogue refused(relay_settings({"SCRAM-SHA-256"}));
  refused.play(auth_offered("PLAIN SCRAM-SHA-256") + exchange.begin + Script{"S: 535 no", "C: QUIT", "S: 221 bye"});
  EXPECT_EQ(refused.closed->cause.stage, Stage::auth);
  ClientDialogue none(relay_settings({"SCRAM-SHA-256"}));
  none.play(Script{"+mail"} + auth_offered("PLAIN LOGIN") + Script{"C: QUIT", "S: 221 bye"});
  EXPECT_EQ(none.results[0].why, "no usable AUTH mechanism is offered (SCRAM-SHA-256)");
  ClientDialogue login(relay_settings({"LOGIN", "PLAIN"}));
  login.play(auth_offered("PLAIN LOGIN") + Script{"C: AUTH LOGIN"});
}

TEST(ClientAuth, AHostThatDoesNotKnowThePasswordGetsNoMail) {
  for (const auto* answer : {"S: 235 2.7.0 welcome", "S: 334 dj1BQUFB", "S: 334 *"}) {
    const Exchange exchange(Variant::plain, "n", false);
    ClientDialogue dialogue(relay_settings());
    dialogue.play(Script{"+mail"} + auth_offered("PLAIN SCRAM-SHA-256") + exchange.begin + Script{answer});
    ASSERT_TRUE(dialogue.closed) << answer;
    EXPECT_EQ(dialogue.results[0].why, "SCRAM: the host has not proved that it knows the password") << answer;
  }
}

TEST(ClientAuth, WhatIsNoChallengeIsNotAnswered) {
  ClientDialogue dialogue(relay_settings());
  const Exchange exchange(Variant::plain, "n", false);
  dialogue.play(Script{"+mail"} + auth_offered("SCRAM-SHA-256") + Script{exchange.begin[0], "S: 334 !"});
  ASSERT_TRUE(dialogue.closed);
  EXPECT_EQ(verdicts(dialogue.results), "n");
}

TEST(ClientAuth, KeysThatCannotBeMadeDelayTheMail) {
  const Exchange exchange(Variant::plain, "n", false);
  ClientDialogue dialogue(relay_settings());
  dialogue.play(Script{"+mail"} + auth_offered("SCRAM-SHA-256") +
                Script{exchange.begin[0], exchange.begin[1], "-keys"});
  EXPECT_EQ(verdicts(dialogue.results), "n");
  EXPECT_EQ(dialogue.results[0].why, "SCRAM: too much work waits");
}

TEST(ClientAuth, WithoutNonceOrPreparedPasswordScramIsNotSpoken) {
  auto settings = relay_settings();
  settings.nonce = "";
  ClientDialogue unable(settings);
  unable.play(auth_offered("SCRAM-SHA-256 PLAIN") + Script{plain_auth});
  settings = relay_settings();
  settings.password = "bell\a";
  ClientDialogue prohibited(settings);
  prohibited.play(auth_offered("SCRAM-SHA-256 PLAIN") + Script{"C: AUTH PLAIN AHJlbGF5AGJlbGwH"});
}

TEST(ClientAuth, ATemporaryRefusalIsNoReasonForPlain) {
  const Exchange exchange(Variant::plain, "n", false);
  ClientDialogue dialogue(relay_settings());
  dialogue.play(Script{"+mail"} + auth_offered("SCRAM-SHA-256 PLAIN") +
                Script{exchange.begin[0], "S: 454 4.7.0 later", "C: QUIT", "S: 221 bye"});
  EXPECT_EQ(dialogue.results[0].reply->code, 454);
}

TEST(ClientAuth, ExternalSaysOnlyTheName) {
  ClientDialogue dialogue(relay_settings({"EXTERNAL"}));
  dialogue.play(auth_offered("PLAIN EXTERNAL") + Script{"C: AUTH EXTERNAL cmVsYXk=", "S: 235 ok"});
  EXPECT_EQ(dialogue.ready, 1);
}

}  // namespace
}  // namespace godwit::smtp
