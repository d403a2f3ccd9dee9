// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/verifier.hpp"

#include <gmock/gmock.h>

#include <future>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/event_names.hpp"
#include "unit/auth/known_hash.hpp"

namespace godwit::auth {
namespace {

using Kind = AuthOutcome::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

boost::asio::awaitable<void> verify_into(Verifier& verifier, std::string user, std::string password,
                                         AuthOutcome& outcome, std::function<bool()> gone) {
  Peer peer{.address = {}, .gone = std::move(gone)};
  outcome = co_await verifier.verify(std::move(user), std::move(password), std::move(peer));
}

class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest() {
    AccountTable table;
    table.add({.name = "alice@example.com", .password = sha512, .senders = {}});
    table.add({.name = "locked@example.com", .password = std::string("!") + sha512, .senders = {}});
    table.add({.name = "nobody@example.com", .password = {}, .senders = {}});
    table.add({.name = "odd@example.com", .password = "{SSHA}abc", .senders = {}});
    use(table);
  }

  AuthOutcome verify(std::string user, std::string password, std::function<bool()> gone = {}) {
    AuthOutcome outcome{.kind = Kind::unavailable, .account = "no answer"};
    auto task = verify_into(verifier, std::move(user), std::move(password), outcome, std::move(gone));
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    io.restart();
    io.run();
    return outcome;
  }

  void use(const AccountTable& table) {
    accounts.replace(table);
    stores.replace({make_file_store("accounts.yaml", table)});
  }

  boost::asio::io_context io{1};
  Accounts accounts;
  Stores stores;
  testing::EventNames log;
  net::BoundedPool pool{"passwords", 1, 4};
  base::SystemRandom random;
  Verifier verifier{{.accounts = accounts, .stores = stores, .pool = pool, .random = random, .log = log},
                    "example.com"};
};

TEST_F(VerifierTest, RightPasswordIsAccepted) {
  const AuthOutcome outcome = verify("alice@example.com", "password");
  EXPECT_EQ(outcome.kind, Kind::accepted);
  EXPECT_EQ(outcome.account, "alice@example.com");
}

TEST_F(VerifierTest, WhoeverIsGoneWhenTheTurnComesIsNotLoggedIn) {
  EXPECT_EQ(verify("alice@example.com", "password", [] { return true; }).kind, Kind::abandoned);
  EXPECT_EQ(verify("alice@example.com", "password", [] { return false; }).kind, Kind::accepted);
}

// So all wait for the pool, and a hash is computed of each.
TEST_F(VerifierTest, WhoCannotLogInIsComparedOnThePoolLikeOthers) {
  for (const char* user : {"alice", "who", "locked", "nobody", "odd"}) {
    int asked = 0;
    EXPECT_EQ(verify(user, "wrong", [&asked] { return ++asked > 0; }).kind, Kind::abandoned) << user;
    EXPECT_EQ(asked, 1) << user;
  }
}

TEST_F(VerifierTest, UserNameIsTakenInAnyCaseAndCompletedByTheOrigin) {
  EXPECT_EQ(verify("ALICE@Example.com", "password").account, "alice@example.com");
  EXPECT_EQ(verify("Alice", "password").account, "alice@example.com");
  EXPECT_EQ(verify("alice@elsewhere.example", "password").kind, Kind::rejected);
}

TEST_F(VerifierTest, WrongPasswordAndUnknownUserAreRejectedAlike) {
  for (const char* user : {"alice@example.com", "who@example.com", "", "@", "a b"}) {
    const AuthOutcome outcome = verify(user, "wrong");
    EXPECT_EQ(outcome.kind, Kind::rejected) << user;
    EXPECT_EQ(outcome.account, "") << user;
  }
  EXPECT_THAT(log.names, IsEmpty());
}

TEST_F(VerifierTest, UnknownUserIsRejectedAlsoWithAnothersPassword) {
  EXPECT_EQ(verify("who@example.com", "password").kind, Kind::rejected);
}

TEST_F(VerifierTest, WhoCannotLogInIsRejectedAndReported) {
  for (const char* user : {"locked", "nobody", "odd"}) EXPECT_EQ(verify(user, "password").kind, Kind::rejected) << user;
  EXPECT_THAT(log.names, ElementsAre("login_impossible", "login_impossible", "login_impossible"));
}

TEST_F(VerifierTest, ReloadedAccountsCountFromTheNextLogin) {
  use({});
  EXPECT_EQ(verify("alice@example.com", "password").kind, Kind::rejected);
}

TEST_F(VerifierTest, FullPoolIsUnavailable) {
  std::promise<void> gate;
  boost::asio::post(pool.executor(), [opened = gate.get_future()] { opened.wait(); });
  std::array<AuthOutcome, 5> outcomes;
  int left = static_cast<int>(outcomes.size());
  for (AuthOutcome& outcome : outcomes) {
    auto task = verify_into(verifier, "alice", "password", outcome, {});
    boost::asio::co_spawn(io, std::move(task), [&](const std::exception_ptr&) {
      if (--left == 4) gate.set_value();  // the one too many was answered at once
    });
  }
  io.run();
  EXPECT_EQ(std::ranges::count(outcomes, Kind::unavailable, &AuthOutcome::kind), 1);
  EXPECT_EQ(std::ranges::count(outcomes, Kind::accepted, &AuthOutcome::kind), 4);
  EXPECT_THAT(log.names, ElementsAre("login_unavailable"));
}

// ---- several stores

class FakeStore final : public Store {
 public:
  explicit FakeStore(Answer answer) : answer_(std::move(answer)) {}
  std::string_view name() const override { return "fake"; }
  bool serves_scram() const override { return false; }
  boost::asio::awaitable<Answer> ask(std::shared_ptr<const Login>) override {
    ++asked;
    co_return answer_;
  }
  bool tells_names() const override { return false; }
  std::optional<Answer> find_now(const std::string&) const override { return {}; }
  boost::asio::awaitable<Answer> find(std::string) override { co_return Answer{}; }
  int asked = 0;

 private:
  Answer answer_;
};

std::shared_ptr<FakeStore> fake(Answer::Kind kind, const std::string& name = {}) {
  Answer answer;
  answer.kind = kind;
  answer.account.name = name;
  answer.account.senders = {"@sales.example"};
  return std::make_shared<FakeStore>(answer);
}

TEST_F(VerifierTest, FirstStoreThatHasTheNameDecides) {
  const auto second = fake(Answer::Kind::accepted, "alice@example.com");
  stores.replace({stores.list()->front(), second});
  EXPECT_EQ(verify("alice", "wrong").kind, Kind::rejected);
  EXPECT_EQ(second->asked, 0);
  const AuthOutcome outcome = verify("carol", "any");
  EXPECT_EQ(outcome.kind, Kind::accepted);
  EXPECT_EQ(outcome.account, "alice@example.com");
  EXPECT_THAT(outcome.senders, ElementsAre("@sales.example"));
}

TEST_F(VerifierTest, StoreThatCannotBeAskedIsNoWrongPassword) {
  stores.replace({fake(Answer::Kind::unavailable), stores.list()->front()});
  EXPECT_EQ(verify("alice", "password").kind, Kind::unavailable);
  EXPECT_EQ(verify("who", "password").kind, Kind::unavailable);
  EXPECT_THAT(log.names, ElementsAre("login_unavailable", "login_unavailable"));
}

TEST_F(VerifierTest, StoreThatCannotBeAskedForWhoeverIsGoneIsNotWorthALine) {
  stores.replace({fake(Answer::Kind::unavailable)});
  EXPECT_EQ(verify("alice", "password", [] { return true; }).kind, Kind::abandoned);
  EXPECT_THAT(log.names, IsEmpty());
}

TEST_F(VerifierTest, SameWrongPasswordHasTheSameMark) {
  verifier.use_decoy_secret("secret");
  EXPECT_EQ(verify("alice", "wrong").mark, verify("ALICE", "wrong").mark);
  EXPECT_NE(verify("alice", "wrong").mark, verify("alice", "wronger").mark);
  EXPECT_NE(verify("alice", "wrong").mark, verify("who", "wrong").mark);
  EXPECT_NE(verify("alice", "wrong").mark, 0U);
}

TEST_F(VerifierTest, RejectionOfOneStoreIsFinal) {
  stores.replace({fake(Answer::Kind::rejected), stores.list()->front()});
  EXPECT_EQ(verify("alice", "password").kind, Kind::rejected);
}

TEST_F(VerifierTest, StoreThatDoesNotHaveTheNameIsPassed) {
  stores.replace({fake(Answer::Kind::unknown), stores.list()->front()});
  EXPECT_EQ(verify("alice", "password").kind, Kind::accepted);
}

// ---- SCRAM

class ScramExchangeTest : public VerifierTest {
 protected:
  ScramExchangeTest() {
    AccountTable table;
    table.add({.name = "alice@example.com", .password = {}, .senders = {}, .scram = keys()});
    table.add({.name = "locked@example.com", .password = "!", .senders = {}, .scram = keys()});
    use(table);
    verifier.use_decoy_secret("secret");
  }

  static smtp::ScramKeys keys() { return smtp::make_scram_keys("pencil", "0123456789abcdef", 4096); }

  Exchange::Step next(Exchange& exchange, std::string response) {
    auto step_of = [](Exchange& one, std::string said) -> boost::asio::awaitable<Exchange::Step> {
      co_return co_await one.next(std::move(said));
    };
    return testing_run(step_of(exchange, std::move(response)));
  }
  Exchange::Step testing_run(boost::asio::awaitable<Exchange::Step> task) {
    Exchange::Step result;
    boost::asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& error, Exchange::Step step) {
      if (error) std::rethrow_exception(error);
      result = std::move(step);
    });
    io.restart();
    io.run();
    return result;
  }
  std::unique_ptr<Exchange> begin() { return verifier.begin("SCRAM-SHA-256", {}, {}); }
  // Salt and iterations of the challenge.
  std::string shown(const std::string& user) {
    const auto step = next(*begin(), "n,,n=" + user + ",r=abc");
    return step.challenge ? step.challenge->substr(step.challenge->find(",s=")) : "";
  }
};

TEST_F(ScramExchangeTest, IsOfferedWhereEveryStoreServesIt) {
  EXPECT_TRUE(verifier.offers_scram());
  stores.replace({stores.list()->front(), fake(Answer::Kind::unknown)});
  EXPECT_FALSE(verifier.offers_scram());
  stores.replace({});
  EXPECT_FALSE(verifier.offers_scram());
}

TEST_F(ScramExchangeTest, UnknownAndLockedNamesLookLikeOthers) {
  EXPECT_EQ(shown("alice"), ",s=MDEyMzQ1Njc4OWFiY2RlZg==,i=4096");
  for (const char* user : {"who", "locked"}) {
    EXPECT_EQ(shown(user).size(), shown("alice").size()) << user;
    EXPECT_THAT(shown(user), ::testing::EndsWith(",i=4096")) << user;
    EXPECT_EQ(shown(user), shown(user)) << user;
    EXPECT_NE(shown(user), shown("alice")) << user;
  }
  EXPECT_NE(shown("who"), shown("whoelse"));
}

TEST_F(ScramExchangeTest, NobodyWithoutKeysLogsIn) {
  for (const char* user : {"who", "locked", "alice"}) {
    auto exchange = begin();
    const auto step = next(*exchange, std::string("n,,n=") + user + ",r=abc");
    ASSERT_TRUE(step.challenge);
    const std::string nonce = step.challenge->substr(2, step.challenge->find(',') - 2);
    const auto last = next(*exchange, "c=biws,r=" + nonce + ",p=" + std::string(43, 'A') + "=");
    EXPECT_FALSE(last.challenge) << user;
    EXPECT_EQ(last.outcome.kind, Kind::rejected) << user;
    EXPECT_EQ(exchange->user(), user);
  }
}

TEST_F(ScramExchangeTest, NoncesDiffer) {
  const auto one = next(*begin(), "n,,n=alice,r=abc"), other = next(*begin(), "n,,n=alice,r=abc");
  EXPECT_NE(*one.challenge, *other.challenge);
}

TEST_F(ScramExchangeTest, WhatIsNoScramIsMalformed) {
  EXPECT_EQ(next(*begin(), "hello").outcome.kind, Kind::malformed);
}

TEST_F(ScramExchangeTest, StoreThatCannotBeAskedIsUnavailable) {
  stores.replace({fake(Answer::Kind::unavailable)});
  EXPECT_EQ(next(*begin(), "n,,n=alice,r=abc").outcome.kind, Kind::unavailable);
}

}  // namespace
}  // namespace godwit::auth
