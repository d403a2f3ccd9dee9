// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/account_names.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/manual_clock.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::auth {
namespace {

// A store that tells names, at once or only when it is asked.
class TellingStore final : public Store {
 public:
  TellingStore(std::map<std::string, Answer::Kind> names, bool waits) : names_(std::move(names)), waits_(waits) {}
  std::string_view name() const override { return "telling"; }
  bool serves_scram() const override { return false; }
  boost::asio::awaitable<Answer> ask(std::shared_ptr<const Login>) override { co_return Answer{}; }
  bool tells_names() const override { return true; }
  std::optional<Answer> find_now(const std::string& user) const override {
    if (waits_) return {};
    return look_up(user);
  }
  boost::asio::awaitable<Answer> find(std::string user) override {
    ++asked;
    co_return look_up(user);
  }
  int asked = 0;

 private:
  Answer look_up(const std::string& user) const {
    Answer answer;
    if (const auto found = names_.find(user); found != names_.end()) answer.kind = found->second;
    if (answer.kind == Answer::Kind::unavailable) answer.reason = "no connection";
    return answer;
  }
  std::map<std::string, Answer::Kind> names_;
  bool waits_;
};

class AccountNamesTest : public ::testing::Test {
 protected:
  using Kind = Answer::Kind;
  lookup::Answer ask(const std::string& address) { return godwit::testing::run_awaitable(names_.ask(address)); }

  godwit::testing::ManualClock clock_;
  std::shared_ptr<TellingStore> file_ =
      std::make_shared<TellingStore>(std::map<std::string, Kind>{{"a@x", Kind::entry}}, false);
  std::shared_ptr<TellingStore> database_ = std::make_shared<TellingStore>(
      std::map<std::string, Kind>{{"b@x", Kind::entry}, {"down@x", Kind::unavailable}}, true);
  AccountNames names_{{file_, database_}, {}, clock_};
};

TEST_F(AccountNamesTest, WhatAFileTellsIsKnownWithoutWaiting) {
  EXPECT_EQ(names_.recall("a@x"), lookup::present());
  EXPECT_FALSE(names_.recall("b@x")) << "the database must be asked";
  EXPECT_EQ(database_->asked, 0);
}

TEST_F(AccountNamesTest, StoresAreAskedInTheirOrder) {
  EXPECT_EQ(ask("a@x"), lookup::present());
  EXPECT_EQ(database_->asked, 0);
  EXPECT_EQ(ask("b@x"), lookup::present());
  EXPECT_EQ(ask("c@x"), lookup::absent());
}

TEST_F(AccountNamesTest, AnswersAreKeptAndOutagesAreNot) {
  ask("b@x");
  ask("c@x");
  EXPECT_EQ(ask("down@x"), lookup::unavailable("telling: no connection"));
  EXPECT_EQ(names_.recall("b@x"), lookup::present());
  EXPECT_EQ(names_.recall("c@x"), lookup::absent());
  EXPECT_FALSE(names_.recall("down@x"));
  clock_.now += std::chrono::seconds(30);
  EXPECT_EQ(names_.recall("b@x"), lookup::present());
  EXPECT_FALSE(names_.recall("c@x")) << "it may be new by now";
}

}  // namespace
}  // namespace godwit::auth
