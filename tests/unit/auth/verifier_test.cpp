// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/verifier.hpp"

#include <gmock/gmock.h>

#include <future>
#include <mutex>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace godwit::auth {
namespace {

using Kind = AuthOutcome::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* hash_of_password =
    "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.";

class EventNames : public log::Logger {
 public:
  bool enabled(log::Level) const override { return true; }
  void write(log::Level, std::string_view event, std::span<const log::Field>) override {
    const std::lock_guard lock(mutex_);
    names.emplace_back(event);
  }
  std::vector<std::string> names;

 private:
  std::mutex mutex_;
};

boost::asio::awaitable<void> verify_into(Verifier& verifier, std::string user, std::string password,
                                         AuthOutcome& outcome, std::function<bool()> gone) {
  outcome = co_await verifier.verify(std::move(user), std::move(password), std::move(gone));
}

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    AccountTable table;
    table.add({.name = "alice@example.com", .password = hash_of_password, .senders = {}});
    table.add({.name = "locked@example.com", .password = std::string("!") + hash_of_password, .senders = {}});
    table.add({.name = "nobody@example.com", .password = {}, .senders = {}});
    table.add({.name = "odd@example.com", .password = "{SSHA}abc", .senders = {}});
    accounts.replace(std::move(table));
  }

  AuthOutcome verify(std::string user, std::string password, std::function<bool()> gone = {}) {
    Verifier verifier(accounts, pool, "example.com", log);
    AuthOutcome outcome{Kind::unavailable, "no answer"};
    auto task = verify_into(verifier, std::move(user), std::move(password), outcome, std::move(gone));
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    io.restart();
    io.run();
    return outcome;
  }

  boost::asio::io_context io{1};
  Accounts accounts;
  EventNames log;
  net::BoundedPool pool{"passwords", 1, 4};
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
  accounts.replace({});
  EXPECT_EQ(verify("alice@example.com", "password").kind, Kind::rejected);
}

TEST_F(VerifierTest, FullPoolIsUnavailable) {
  std::promise<void> gate;
  boost::asio::post(pool.executor(), [opened = gate.get_future()] { opened.wait(); });
  Verifier verifier(accounts, pool, "example.com", log);
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

}  // namespace
}  // namespace godwit::auth
