// SPDX-License-Identifier: Apache-2.0
#include "acme/ordering.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "fake_authority.hpp"

namespace godwit::acme {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class OrderingTest : public ::testing::Test {
 protected:
  struct Outcome {
    std::string chain, why;
    std::optional<base::Duration> retry_after;
  };

  OrderingTest() {
    terms.settings.terms_of_service_agreed = true;
    terms.settings.directory = std::string(FakeAuthority::url) + "/directory";
    terms.settings.names = {"mail.example.com", "mx.example.com"};
    terms.settings.contact = {"postmaster@example.com"};
  }

  // To its end, or the `stop_after`th request.
  Outcome run(int stop_after = 1000) {
    Ordering ordering(terms, account_key, certificate_key);
    Event event = event::Begun{};
    for (int turn = 0; turn < 1000; ++turn) {
      auto actions = ordering.next(event, now);
      EXPECT_FALSE(actions.empty());
      for (const auto& action : actions) {
        if (const auto* failed = std::get_if<action::Failed>(&action)) return {{}, failed->why, failed->retry_after};
        if (const auto* obtained = std::get_if<action::Obtained>(&action)) return {obtained->chain, {}, {}};
        if (std::holds_alternative<action::Send>(action) && stop_after-- == 0) return {{}, "stopped", {}};
        event = perform(action);
      }
    }
    return {{}, "it does not end", {}};
  }

  Event perform(const Action& action) {
    if (const auto* send = std::get_if<action::Send>(&action)) return authority.answer(*send);
    if (const auto* wait = std::get_if<action::Wait>(&action)) return now += wait->time, ++waits, event::Woken{};
    if (const auto* kept = std::get_if<action::KeepAccount>(&action)) account = kept->url;
    if (const auto* kept = std::get_if<action::KeepOrder>(&action)) order = kept->url;
    if (std::holds_alternative<action::Withdraw>(action)) published.reset();
    if (const auto* what = std::get_if<action::Publish>(&action)) {
      published = *what;
      all_published.push_back(what->name + " " + what->token + " " + what->key_authorization);
      if (!cannot_publish.empty()) return event::NotPublished{cannot_publish};
      return event::Published{};
    }
    return event::Woken{};
  }

  const Key account_key = *Key::make(KeyType::ecdsa_p256);
  const Key certificate_key = *Key::make(KeyType::ecdsa_p256);
  FakeAuthority authority{account_key};
  OrderingTerms terms;
  base::WallTime now{std::chrono::system_clock::now()};
  std::string account, order, cannot_publish;
  std::optional<action::Publish> published;
  std::vector<std::string> all_published;
  int waits = 0;
};

TEST_F(OrderingTest, GetsACertificateForAllNames) {
  const auto outcome = run();
  EXPECT_THAT(outcome.chain, StartsWith("-----BEGIN CERTIFICATE-----")) << outcome.why;
  EXPECT_THAT(authority.faults, IsEmpty());
  EXPECT_THAT(authority.names, ElementsAre("mail.example.com", "mx.example.com"));
  EXPECT_EQ(account, "https://ca.example/account/1");
  EXPECT_EQ(order, "https://ca.example/order/1");
  EXPECT_EQ(boost::json::serialize(authority.last_account),
            R"({"termsOfServiceAgreed":true,"contact":["mailto:postmaster@example.com"]})");
  const auto print = account_key.thumbprint();
  EXPECT_THAT(all_published,
              ElementsAre("mail.example.com token-0 token-0." + print, "mx.example.com token-1 token-1." + print));
  EXPECT_FALSE(published);  // nothing is left behind
}

TEST_F(OrderingTest, AnAccountThatIsKnownIsNotMadeAgain) {
  authority.has_account = true;
  terms.account_url = "https://ca.example/account/1";
  terms.is_contact_told = true;
  EXPECT_EQ(run().why, "");
  EXPECT_THAT(authority.log, Not(Contains("/account")));
  EXPECT_THAT(authority.log, Not(Contains("/account/1")));
}

TEST_F(OrderingTest, AnAccountLearnsNewContacts) {
  authority.has_account = true;
  terms.account_url = "https://ca.example/account/1";
  EXPECT_EQ(run().why, "");
  EXPECT_EQ(boost::json::serialize(authority.last_account), R"({"contact":["mailto:postmaster@example.com"]})");
}

TEST_F(OrderingTest, AnAccountThatTheAuthorityForgotIsMadeAnew) {
  terms.account_url = "https://ca.example/account/1";
  terms.order_url = "https://ca.example/order/77";
  EXPECT_EQ(run().why, "");
  EXPECT_THAT(authority.log, Contains("/account"));
  EXPECT_EQ(account, "https://ca.example/account/1");
}

TEST_F(OrderingTest, AnAuthorityThatForgetsTheAccountAtOnceIsNotAskedForEver) {
  authority.instead = [](const std::string& path) -> std::optional<event::Answered> {
    if (!path.starts_with("/order")) return {};
    return FakeAuthority::problem(400, "accountDoesNotExist", "who are you?");
  };
  for (const char* kept : {"", "https://ca.example/account/1"})
    for (const char* begun : {"", "https://ca.example/order/77"}) {
      authority.log.clear();
      terms.account_url = kept;
      terms.order_url = begun;
      EXPECT_THAT(run().why, HasSubstr("accountDoesNotExist: who are you?"));
      EXPECT_EQ(std::ranges::count(authority.log, "/account"), 1) << kept << begun;
      EXPECT_LE(std::ranges::count(authority.log, "/order"), 2) << kept << begun;
    }
}

TEST_F(OrderingTest, NoncesThatAreRefusedAreReplaced) {
  authority.bad_nonces = 7;
  EXPECT_EQ(run().why, "");
  EXPECT_THAT(authority.faults, IsEmpty());
  authority.bad_nonces = 1000;
  EXPECT_THAT(run().why, HasSubstr("badNonce: try again"));
  EXPECT_EQ(authority.bad_nonces, 1000 - Ordering::most_nonces - 1);
}

TEST_F(OrderingTest, WhatWasBegunIsGoneOnWithAtEveryStep) {
  for (int steps = 5;; ++steps) {
    authority = FakeAuthority(account_key);
    terms.account_url = terms.order_url = account = order = "";
    if (run(steps).why != "stopped") break;
    terms.account_url = account;
    terms.order_url = order;
    EXPECT_EQ(run().why, "") << steps;
    EXPECT_EQ(authority.orders, 1) << steps;
    EXPECT_THAT(authority.faults, IsEmpty()) << steps;
  }
  EXPECT_EQ(authority.orders, 1);
}

TEST_F(OrderingTest, AnOrderWhoseTimeIsOverIsMadeAnew) {
  authority.has_account = true;
  terms.account_url = "https://ca.example/account/1";
  terms.order_url = "https://ca.example/order/77";  // 404
  EXPECT_EQ(run().why, "");
  EXPECT_EQ(order, "https://ca.example/order/1");
  terms.order_url = order;
  authority.instead = [this](const std::string& path) -> std::optional<event::Answered> {
    authority.order_status = path == "/order/1" ? "invalid" : "";
    return {};
  };
  EXPECT_EQ(run().why, "");
  EXPECT_EQ(order, "https://ca.example/order/2");
}

TEST_F(OrderingTest, AnOrderThatHasGivenWhatIsThereIsOver) {
  const auto first = run();
  terms.account_url = account;
  terms.order_url = order;
  EXPECT_EQ(run().chain, first.chain);
  EXPECT_EQ(authority.orders, 1);
  terms.present = first.chain + certificate_key.to_pem();
  EXPECT_NE(run().chain, first.chain);
  EXPECT_EQ(authority.orders, 2);
}

TEST_F(OrderingTest, AnOrderOfALostKeyIsMadeAnew) {
  EXPECT_EQ(run().why, "");
  terms.account_url = account;
  terms.order_url = order;
  const Key other = *Key::make(KeyType::ecdsa_p256);
  Ordering ordering(terms, account_key, other);
  Event event = event::Begun{};
  for (;;) {
    const auto actions = ordering.next(event, now);
    if (std::holds_alternative<action::Obtained>(actions.back())) break;
    ASSERT_FALSE(std::holds_alternative<action::Failed>(actions.back()));
    for (const auto& action : actions) event = perform(action);
  }
  EXPECT_EQ(authority.orders, 2);
}

TEST_F(OrderingTest, AChallengeThatFailsIsToldWithItsReason) {
  authority.refuses_challenges = true;
  EXPECT_EQ(run().why, "mail.example.com (http-01): connection: nobody answers");
  EXPECT_FALSE(published);
  EXPECT_EQ(authority.orders, 1);  // not again and again
}

TEST_F(OrderingTest, WhatCannotBePublishedIsNotClaimed) {
  cannot_publish = "port 80 is taken";
  EXPECT_EQ(run().why, "port 80 is taken");
  EXPECT_THAT(authority.claimed, IsEmpty());
}

TEST_F(OrderingTest, WaitsAsTheAuthoritySaysAndNotForEver) {
  authority.pending_looks = authority.processing_looks = 3;
  const auto began = now;
  EXPECT_EQ(run().why, "");
  EXPECT_LT(now - began, std::chrono::minutes(2));
  authority.retry_after = "30";
  authority.pending_looks = 1;
  waits = 0;
  const auto then = now;
  EXPECT_EQ(run().why, "");
  EXPECT_EQ(now - then, std::chrono::seconds(30) * waits);
  authority.pending_looks = 1'000'000;
  EXPECT_EQ(run().why, "the authority did not come to an end in 15m");
  EXPECT_FALSE(published);
}

TEST_F(OrderingTest, AnAuthorityThatAnswersSlowlyIsGivenUpToo) {
  authority.instead = [this](const std::string&) -> std::optional<event::Answered> {
    now += std::chrono::minutes(4);
    return {};
  };
  EXPECT_EQ(run().why, "the authority did not come to an end in 15m");
  EXPECT_EQ(authority.log.size(), 4U);
}

TEST_F(OrderingTest, ARateLimitIsToldWithItsTime) {
  authority.instead = [](const std::string& path) -> std::optional<event::Answered> {
    if (path != "/order") return {};
    auto refusal = FakeAuthority::problem(429, "rateLimited", "too many certificates");
    refusal.retry_after = "7200";
    return refusal;
  };
  const auto outcome = run();
  EXPECT_EQ(outcome.why, "https://ca.example/order says rateLimited: too many certificates");
  EXPECT_EQ(outcome.retry_after, std::chrono::hours(2));
}

TEST_F(OrderingTest, AuthoritiesForCustomersNeedAnExternalAccount) {
  authority.wants_external_account = true;
  EXPECT_THAT(run().why, HasSubstr("tls.acme.external_account"));
  terms.settings.external_key_id = "customer 1";
  terms.external_secret = "a secret";
  EXPECT_EQ(run().why, "");
  const auto binding = authority.last_account.at("externalAccountBinding").as_object();
  const auto part = [&](const char* name) { return std::string(binding.at(name).as_string()); };
  EXPECT_EQ(*base::base64url_decode(part("protected")),
            R"({"alg":"HS256","kid":"customer 1","url":"https://ca.example/account"})");
  EXPECT_EQ(*base::base64url_decode(part("payload")), account_key.jwk());
  EXPECT_EQ(part("signature").size(), 43U);
}

TEST_F(OrderingTest, TheCertificateMustBeOfOurKey) {
  const Key other = *Key::make(KeyType::ecdsa_p256);
  authority.issues_for = &other;
  EXPECT_EQ(run().why, "the authority's certificate is of another key");
}

TEST_F(OrderingTest, AnswersThatAreNoneAreErrorsAtEveryStep) {
  const std::vector<std::string> answers{"",
                                         "{",
                                         "[]",
                                         "{}",
                                         R"({"status":"pending"})",
                                         std::string(100'000, '['),
                                         R"({"status":"valid","finalize":"http://ca.example/x"})"};
  for (const auto& body : answers)
    for (const unsigned status : {200U, 301U, 404U, 500U})
      for (int step = 0; step < 12; ++step) {
        authority = FakeAuthority(account_key);
        authority.instead = [&, left = step](const std::string&) mutable -> std::optional<event::Answered> {
          if (left-- > 0) return {};
          return event::Answered{.status = status, .body = body};
        };
        const auto outcome = run();
        EXPECT_TRUE(outcome.chain.empty());
        EXPECT_NE(outcome.why, "");
        EXPECT_LT(outcome.why.size(), 1000U);
        EXPECT_FALSE(published);
      }
}

TEST_F(OrderingTest, ANameThatWasNotOrderedIsNotAnsweredFor) {
  authority.instead = [](const std::string& path) -> std::optional<event::Answered> {
    if (path != "/authorization/0") return {};
    return event::Answered{.status = 200,
                           .body = R"({"identifier":{"type":"dns","value":"www.example.net"},"status":"pending",
                                   "challenges":[]})"};
  };
  EXPECT_THAT(run().why, HasSubstr("www.example.net, which was not ordered"));
}

TEST_F(OrderingTest, ATokenThatIsNoneIsNotAnsweredFor) {
  for (const char* token : {"../../etc/passwd", "", "a b", "a\\u0000b"}) {
    authority.instead = [token](const std::string& path) -> std::optional<event::Answered> {
      if (path != "/authorization/0") return {};
      return event::Answered{
          .status = 200,
          .body = std::string(R"({"identifier":{"type":"dns","value":"mail.example.com"},"status":"pending",
                  "challenges":[{"type":"http-01","status":"pending","url":"https://ca.example/c","token":")") +
                  token + R"("}]})"};
    };
    EXPECT_THAT(run().why, HasSubstr("no usable \"token\"")) << token;
    EXPECT_THAT(all_published, IsEmpty());
  }
}

TEST_F(OrderingTest, SilenceAtEveryStepIsAnError) {
  for (int step = 0; step < 12; ++step) {
    authority = FakeAuthority(account_key);
    Ordering ordering(terms, account_key, certificate_key);
    Event event = event::Begun{};
    std::string why;
    for (int sent = 0; why.empty();)
      for (const auto& action : ordering.next(event, now)) {
        if (const auto* failed = std::get_if<action::Failed>(&action)) why = failed->why;
        if (std::holds_alternative<action::Send>(action) && sent++ == step)
          event = event::NotAnswered{"connection refused"};
        else
          event = perform(action);
      }
    EXPECT_EQ(why, "connection refused") << step;
    EXPECT_FALSE(published);
  }
}

}  // namespace
}  // namespace godwit::acme
