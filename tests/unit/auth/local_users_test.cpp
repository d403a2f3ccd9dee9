// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/local_users.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "support/manual_clock.hpp"
#include "support/run_on.hpp"

namespace godwit::auth {
namespace {

using namespace std::chrono_literals;

class LocalUsersTest : public ::testing::Test {
 protected:
  base::Result<std::string> name_of(LocalUsers& users, uid_t user) { return testing::run_on(io_, users.name_of(user)); }

  testing::ManualClock clock_;
  boost::asio::io_context io_;
  net::BoundedPool pool_{"local", 1, 4};  // gone, with what it still answers, before what it answers to
  std::atomic<int> asked_ = 0;
  base::Result<std::optional<std::string>> answer_ = std::string("alice");
  LocalUsers users_{pool_, clock_, [this](uid_t) {
                      ++asked_;
                      return answer_;
                    }};
};

TEST_F(LocalUsersTest, TheSystemKnowsRootAndItsOwnUser) {
  LocalUsers users(pool_, clock_);
  EXPECT_EQ(name_of(users, 0), "root");
  EXPECT_TRUE(name_of(users, ::geteuid()));
}

TEST_F(LocalUsersTest, AUserWithoutANameIsCalledByHisNumber) {
  answer_ = std::optional<std::string>();
  EXPECT_EQ(name_of(users_, 4711), "uid4711");
}

TEST_F(LocalUsersTest, AnAnswerIsKeptForAMinute) {
  EXPECT_EQ(name_of(users_, 1), "alice");
  answer_ = std::string("bob");
  clock_.now += 59s;
  EXPECT_EQ(name_of(users_, 1), "alice");
  EXPECT_EQ(asked_, 1);
  clock_.now += 1s;
  EXPECT_EQ(name_of(users_, 1), "bob");
}

TEST_F(LocalUsersTest, AFailureIsNotKept) {
  answer_ = base::fail(base::ErrorKind::io, "the directory does not answer");
  EXPECT_FALSE(name_of(users_, 1));
  answer_ = std::string("alice");
  EXPECT_EQ(name_of(users_, 1), "alice");
}

TEST_F(LocalUsersTest, ManyUsersTakeBoundedMemory) {
  for (uid_t user = 0; user < 3 * LocalUsers::max_kept; ++user) EXPECT_TRUE(name_of(users_, user));
  asked_ = 0;
  EXPECT_TRUE(name_of(users_, 3 * LocalUsers::max_kept - 1));
  EXPECT_EQ(asked_, 0);
}

}  // namespace
}  // namespace godwit::auth
