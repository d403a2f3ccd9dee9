// SPDX-License-Identifier: Apache-2.0
#include "acme/present.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "support/hanging_keys.hpp"
#include "support/test_certificate.hpp"

namespace godwit::acme {
namespace {

class PresentTest : public ::testing::Test {
 protected:
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TemporaryFolder folder_;
  testing::HangingKeys keys_;
};

TEST_F(PresentTest, OneThatCannotBeSeenNowMayBeThere) {
  const auto pair = testing::make_certificate(folder_, "one", {.names = {"mail.example.com"}});
  const auto file = folder_.write("both.pem", text_of(pair.certificate) + text_of(pair.private_key));
  EXPECT_EQ(look_at(file, keys_).value().value().names, std::vector<std::string>{"mail.example.com"});
  keys_.hangs_at_files = true;
  EXPECT_FALSE(look_at(file, keys_));
}

TEST_F(PresentTest, WhatIsNotThereAndWhatIsNoneAreNone) {
  EXPECT_FALSE(look_at(folder_ / "none", keys_).value());
  EXPECT_FALSE(look_at(folder_.write("text", "x"), keys_).value());
}

}  // namespace
}  // namespace godwit::acme
