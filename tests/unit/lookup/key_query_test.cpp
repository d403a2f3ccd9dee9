// SPDX-License-Identifier: Apache-2.0
#include "lookup/key_query.hpp"

#include <gmock/gmock.h>

namespace godwit::lookup {
namespace {

using ::testing::ElementsAre;

TEST(KeyQuery, PartsOfTheKeyBecomeParameters) {
  const KeyQuery query("SELECT t FROM a WHERE l = {local} AND (d = {domain} OR k = {key} OR l = {local})");
  EXPECT_EQ(query.sql(), "SELECT t FROM a WHERE l = $1 AND (d = $2 OR k = $3 OR l = $4)");
  EXPECT_THAT(query.parameters("x'; --@example.com"),
              ElementsAre("x'; --", "example.com", "x'; --@example.com", "x'; --"));
  EXPECT_THAT(query.parameters("example.com"), ElementsAre("example.com", "", "example.com", "example.com"));
}

TEST(KeyQuery, OneWithoutPartsHasTheKeyAsItsParameter) {
  const KeyQuery query("SELECT t FROM a WHERE k = :key");
  EXPECT_EQ(query.sql(), "SELECT t FROM a WHERE k = :key");
  EXPECT_THAT(query.parameters("a@b"), ElementsAre("a@b"));
}

}  // namespace
}  // namespace godwit::lookup
