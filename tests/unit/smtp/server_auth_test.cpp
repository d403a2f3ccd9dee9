// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dialogue.hpp"

namespace godwit {
namespace {

using test::Dialogue;
using ::testing::ElementsAre;

smtp::SessionSettings submission(smtp::TlsMode tls = smtp::TlsMode::implicit) {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  settings.service = smtp::Service::submission;
  settings.tls = tls;
  settings.offer_auth = true;
  settings.require_auth = true;
  return settings;
}

constexpr auto hello = R"(
    S: 220 mx.example ESMTP Godwit
    C: EHLO c.example
    E: REQUIRETLS, MT-PRIORITY, AUTH PLAIN LOGIN
)";

smtp::SessionSettings with_scram() {
  auto settings = submission(smtp::TlsMode::starttls);
  settings.offer_scram = true;
  return settings;
}

constexpr auto secured = R"(
    S: 220 mx.example ESMTP Godwit
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    C: EHLO c.example
    E: REQUIRETLS, MT-PRIORITY, AUTH PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS
)";

TEST(ServerAuth, CarriesAnExchangeOn) {
  const auto run = Dialogue(with_scram())
                       .script(secured)
                       .script(R"(
    A: challenge server first
    A: challenge server final
    A: auth accepted alice@mx.example
    C: AUTH scram-sha-256 Y2xpZW50IGZpcnN0
    S: 334 c2VydmVyIGZpcnN0
    C: Y2xpZW50IGZpbmFs
    S: 334 c2VydmVyIGZpbmFs
    c: \r\n
    S: 235 2.7.0 Authentication successful
  )")
                       .check();
  EXPECT_EQ(run.session().account(), "alice@mx.example");
}

TEST(ServerAuth, AsksForTheFirstResponseOfAnExchange) {
  const auto run = Dialogue(with_scram())
                       .script(secured)
                       .script(R"(
    A: auth rejected
    C: AUTH SCRAM-SHA-256-PLUS
    S: 334\x20
    C: eA==
    S: 535 5.7.8 Authentication credentials invalid
    A: auth malformed
    C: AUTH SCRAM-SHA-256 =
    S: 501 5.5.2 Malformed authentication response
    C: AUTH SCRAM-SHA-256
    S: 334\x20
    C: eA
    S: 501 5.5.2 Malformed authentication response
    C: AUTH SCRAM-SHA-256
    S: 334\x20
    C: *
    S: 501 5.7.0 Authentication cancelled
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("tls", "exchange SCRAM-SHA-256-PLUS x", "exchange SCRAM-SHA-256 ", "close"));
}

TEST(ServerAuth, ExchangeCanBeCancelledHalfway) {
  Dialogue(with_scram())
      .script(secured)
      .script(R"(
    A: challenge more
    C: AUTH SCRAM-SHA-256 eA==
    S: 334 bW9yZQ==
    C: *
    S: 501 5.7.0 Authentication cancelled
    C: NOOP
    S: 250 2.0.0 Ok
  )")
      .check();
}

TEST(ServerAuth, ScramIsNoMechanismWhereItIsNotOffered) {
  const auto run = Dialogue(submission())
                       .script(hello)
                       .script("C: AUTH SCRAM-SHA-256 eA==\nS: 504 5.5.4 Mechanism not supported")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("close"));
}

TEST(ServerAuth, OffersBearerTokensWithoutPasswords) {
  auto settings = submission();
  settings.offer_auth = false;
  settings.offer_bearer = true;
  const auto run = Dialogue(settings)
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: EHLO c.example
    E: REQUIRETLS, MT-PRIORITY, AUTH OAUTHBEARER XOAUTH2
    C: AUTH PLAIN eA==
    S: 504 5.5.4 Mechanism not supported
    A: challenge {}
    A: auth rejected
    C: AUTH OAUTHBEARER eA==
    S: 334 e30=
    C: AQ==
    S: 535 5.7.8 Authentication credentials invalid
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("exchange OAUTHBEARER x", "exchange  \\x01", "close"));
}

TEST(ServerAuth, NothingIsBoundToASessionWithoutBinding) {
  auto settings = with_scram();
  settings.tls = smtp::TlsMode::implicit;  // its TlsReady in dialogues has no channel binding
  Dialogue(settings)
      .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: EHLO c.example
    E: REQUIRETLS, MT-PRIORITY, AUTH PLAIN LOGIN SCRAM-SHA-256
    C: AUTH SCRAM-SHA-256-PLUS eA==
    S: 504 5.5.4 Mechanism not supported
  )")
      .check();
}

// "\0alice\0secret"
constexpr auto plain = "AGFsaWNlAHNlY3JldA==";

TEST(ServerAuth, TakesPlainWithInitialResponse) {
  const auto run = Dialogue(submission())
                       .script(hello)
                       .script(std::string("C: auth plain ") + plain + R"(
    S: 235 2.7.0 Authentication successful
    C: AUTH LOGIN
    S: 503 5.5.1 Authenticated already
    C: MAIL FROM:<alice@mx.example> AUTH=<>
    S: 250 2.1.0 Ok
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("auth PLAIN alice secret", "sender <alice@mx.example>", "close"));
  EXPECT_EQ(run.session().account(), "alice");
  EXPECT_EQ(run.session().protocol(), "ESMTPSA");
}

TEST(ServerAuth, TakesPlainAfterAnEmptyChallenge) {
  Dialogue(submission())
      .script(hello)
      .script(std::string("C: AUTH PLAIN\nS: 334\\x20\nC: ") + plain + "\nS: 235 2.7.0 Authentication successful")
      .check();
}

TEST(ServerAuth, TakesLogin) {
  for (const auto* first : {"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\n", "C: AUTH LOGIN YWxpY2U=\n"}) {
    const auto run =
        Dialogue(submission())
            .script(hello)
            .script(std::string(first) + "S: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 235 2.7.0 Authentication successful")
            .check();
    EXPECT_EQ(run.trace().front(), "auth LOGIN alice secret");
  }
}

TEST(ServerAuth, TellsRejectedFromUnavailable) {
  Dialogue(submission())
      .script(hello)
      .script(std::string("A: auth rejected\nC: AUTH PLAIN ") + plain +
              "\nS: 535 5.7.8 Authentication credentials invalid\n" + "A: auth unavailable\nC: AUTH PLAIN " + plain +
              "\nS: 454 4.7.0 Temporary authentication failure\n" + "A: auth locked_out\nC: AUTH PLAIN " + plain +
              "\nS: 454 4.7.0 Too many failed logins; try again later\n" + "C: AUTH PLAIN " + plain +
              "\nS: 235 2.7.0 Authentication successful")
      .check();
}

TEST(ServerAuth, FailuresCountAsErrors) {
  auto settings = submission();
  settings.errors = 2;
  const std::string attempt = std::string("A: auth rejected\nC: AUTH PLAIN ") + plain;
  const std::string refusal = "\nS: 535 5.7.8 Authentication credentials invalid\n";
  Dialogue(settings)
      .script(hello)
      .script(attempt + refusal + attempt + refusal + "S: 421 4.7.0 mx.example Error: too many errors\nX: errors")
      .check();
}

TEST(ServerAuth, RefusesWhatIsMalformed) {
  auto settings = submission();
  settings.errors = 100;
  const auto run = Dialogue(settings)
                       .script(hello)
                       .script(R"(
    C: AUTH
    S: 501 5.5.4 Syntax: AUTH mechanism [initial response]
    C: AUTH PLAIN a b
    S: 501 5.5.4 Syntax: AUTH mechanism [initial response]
    C: AUTH CRAM-MD5
    S: 504 5.5.4 Mechanism not supported
    C: AUTH PLAIN =
    S: 501 5.5.2 Malformed authentication response
    C: AUTH PLAIN %%%
    S: 501 5.5.2 Malformed authentication response
    C: AUTH PLAIN AGFsaWNlAHNlY3JldA
    S: 501 5.5.2 Malformed authentication response
    C: AUTH PLAIN AGFsaWNlAHNlAGNyZXQ=
    S: 501 5.5.2 Malformed authentication response
    C: AUTH PLAIN Ym9iAGFsaWNlAHNlY3JldA==
    S: 535 5.7.8 Authentication credentials invalid
    C: AUTH PLAIN AGFsaWNlAA==
    S: 535 5.7.8 Authentication credentials invalid
    C: AUTH PLAIN
    S: 334\x20
    C: *
    S: 501 5.7.0 Authentication cancelled
    C: AUTH LOGIN =
    S: 535 5.7.8 Authentication credentials invalid
    C: AUTH LOGIN AGE=
    S: 501 5.5.2 Malformed authentication response
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: YWxpY2U=\nAAAA
    S: 500 5.5.2 Bad line: lines end in <CR><LF> and hold no bare <CR>, <LF> or NUL (nc: use nc -C)
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: YWxpY2U=
    S: 334 UGFzc3dvcmQ6
    C:
    S: 535 5.7.8 Authentication credentials invalid
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("close"));
}

TEST(ServerAuth, TakesLongResponsesUpToTheBound) {
  const std::string user_12k(12000, 'Y');
  Dialogue(submission())
      .script(hello)
      .script("C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6")
      .client(user_12k + "\r\n")
      .script("S: 334 UGFzc3dvcmQ6")
      .client(user_12k + user_12k + "\r\n")
      .script("S: 500 5.5.6 Authentication line too long")
      .check();
}

TEST(ServerAuth, IsNeverOfferedInTheClear) {
  const auto run = Dialogue(submission(smtp::TlsMode::starttls))
                       .script(R"(
    S: 220 mx.example ESMTP Godwit
    C: EHLO c.example
    E: MT-PRIORITY, STARTTLS
    C: AUTH PLAIN AGFsaWNlAHNlY3JldA==
    S: 538 5.7.11 Encryption required: use STARTTLS first
    C: MAIL FROM:<a@mx.example>
    S: 530 5.7.0 Must issue a STARTTLS command first
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    C: AUTH PLAIN AGFsaWNlAHNlY3JldA==
    S: 503 5.5.1 Send EHLO first
    C: HELO c.example
    S: 250 mx.example
    C: MAIL FROM:<a@mx.example>
    S: 530 5.7.0 Authentication required
  )")
                       .check();
  EXPECT_THAT(run.trace(), ElementsAre("tls", "close"));
}

constexpr auto certified = R"(
    S: 220 mx.example ESMTP Godwit
    A: tls account alice@mx.example
    C: STARTTLS
    S: 220 2.0.0 Ready to start TLS
    C: EHLO c.example
    E: REQUIRETLS, MT-PRIORITY, AUTH PLAIN LOGIN EXTERNAL
)";

TEST(ServerAuth, ACertificateLetsItsAccountInWithoutAuth) {
  const auto run = Dialogue(submission(smtp::TlsMode::starttls))
                       .script(certified)
                       .script("C: MAIL FROM:<alice@mx.example>\nS: 250 2.1.0 Ok")
                       .check();
  EXPECT_EQ(run.session().account(), "alice@mx.example");
  EXPECT_EQ(run.session().protocol(), "ESMTPSA");
}

TEST(ServerAuth, ExternalTakesTheAccountOfTheCertificateAndNoOther) {
  const auto run = Dialogue(submission(smtp::TlsMode::starttls))
                       .script(certified)
                       .script(R"(
    C: AUTH EXTERNAL Ym9iQG14LmV4YW1wbGU=
    S: 535 5.7.8 Authentication credentials invalid
    C: AUTH EXTERNAL %%%
    S: 501 5.5.2 Malformed authentication response
    C: AUTH EXTERNAL
    S: 334\x20
    C: *
    S: 501 5.7.0 Authentication cancelled
    C: AUTH external QUxJQ0VAbXguZXhhbXBsZQ==
    S: 235 2.7.0 Authentication successful
    C: AUTH EXTERNAL =
    S: 503 5.5.1 Authenticated already
  )")
                       .check();
  EXPECT_EQ(run.session().account(), "alice@mx.example");
  for (const auto* empty : {"C: AUTH EXTERNAL =\n", "C: AUTH EXTERNAL\nS: 334\\x20\nC:\n"})
    Dialogue(submission(smtp::TlsMode::starttls))
        .script(certified)
        .script(std::string(empty) + "S: 235 2.7.0 Authentication successful")
        .check();
}

TEST(ServerAuth, WhoHasACertificateMayLogInAsAnother) {
  const auto run = Dialogue(submission(smtp::TlsMode::starttls))
                       .script(certified)
                       .script(std::string("A: auth accepted bob@mx.example\nC: AUTH PLAIN ") + plain +
                               "\nS: 235 2.7.0 Authentication successful")
                       .check();
  EXPECT_EQ(run.session().account(), "bob@mx.example");
}

TEST(ServerAuth, WithoutACertificateExternalIsNoMechanism) {
  Dialogue(submission()).script(hello).script("C: AUTH EXTERNAL =\nS: 504 5.5.4 Mechanism not supported").check();
}

TEST(ServerAuth, IsRefusedWithinATransactionAndWhereItIsNotOffered) {
  auto settings = submission();
  settings.require_auth = false;
  Dialogue(settings)
      .script(hello)
      .script(
          "C: MAIL FROM:<>\nS: 250 2.1.0 Ok\nC: AUTH LOGIN\nS: 503 5.5.1 AUTH is not allowed within a mail transaction")
      .check();
  settings.offer_auth = false;
  Dialogue(settings)
      .script("S: 220 mx.example ESMTP Godwit\nC: AUTH LOGIN\nS: 503 5.5.1 AUTH is not offered here")
      .check();
}

}  // namespace
}  // namespace godwit
