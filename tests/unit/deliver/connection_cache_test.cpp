// SPDX-License-Identifier: Apache-2.0
#include "deliver/connection_cache.hpp"

#include <gtest/gtest.h>

#include "support/manual_network.hpp"
#include "support/trickling_stream.hpp"

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;

class ConnectionCacheTest : public ::testing::Test {
 protected:
  // Its peer says nothing.
  std::unique_ptr<SmtpConnection> connection() {
    return std::make_unique<SmtpConnection>(std::make_unique<testing::TricklingStream>(io_.get_executor(), clock_),
                                            smtp::ClientSettings{}, TlsChoice{}, network_);
  }

  boost::asio::io_context io_;
  testing::ManualClock clock_;
  testing::ManualNetwork network_{io_.get_executor(), clock_};
  const base::MonoTime start_ = clock_.now;
  ConnectionKey key_;
  ConnectionCache cache_;
};

TEST_F(ConnectionCacheTest, AnIdleConnectionEndsAfterItsTime) {
  cache_.put(key_, "a.example", connection(), start_);
  cache_.put(key_, "a.example", connection(), start_ + 1s);
  EXPECT_TRUE(cache_.expired(start_ + ConnectionCache::idle_time - 1ms).empty());
  EXPECT_EQ(cache_.expired(start_ + ConnectionCache::idle_time).size(), 1U);
  EXPECT_TRUE(cache_.has(key_));
  EXPECT_EQ(cache_.expired(start_ + 1s + ConnectionCache::idle_time).size(), 1U);
  EXPECT_FALSE(cache_.has(key_));
  EXPECT_EQ(cache_.take(key_), nullptr);
  EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(ConnectionCacheTest, WhatWasUsedAgainIsIdleFromThenOn) {
  cache_.put(key_, "a.example", connection(), start_);
  auto used = cache_.take(key_);
  ASSERT_NE(used, nullptr);
  EXPECT_EQ(cache_.size(), 0U);
  cache_.put(key_, "a.example", std::move(used), start_ + 1s);
  EXPECT_TRUE(cache_.expired(start_ + ConnectionCache::idle_time).empty());
}

TEST_F(ConnectionCacheTest, AtAStopAllEnd) {
  cache_.put(key_, "a.example", connection(), start_);
  EXPECT_EQ(cache_.expired(base::no_deadline).size(), 1U);
  EXPECT_EQ(cache_.size(), 0U);
}

}  // namespace
}  // namespace godwit::deliver
