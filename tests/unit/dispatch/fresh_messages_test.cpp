// SPDX-License-Identifier: Apache-2.0
#include "dispatch/fresh_messages.hpp"

#include <gtest/gtest.h>

#include "unit/dispatch/text_body.hpp"

namespace godwit::dispatch {
namespace {

constexpr std::size_t mebibyte = 1U << 20U;

FreshMessages::Message fresh(std::uint64_t id, std::size_t size, TextBody::Place place = TextBody::Place::memory) {
  return std::make_shared<const spool::StoredMessage>(spool::StoredMessage{
      .id = {id}, .envelope = {}, .body = std::make_shared<TextBody>(std::string(size, 'x'), place)});
}

// So many of the first ids are there.
std::uint64_t kept(const FreshMessages& messages, std::uint64_t ids) {
  std::uint64_t count = 0;
  for (std::uint64_t id = 1; id <= ids; ++id) count += messages.find({id}) != nullptr ? 1 : 0;
  return count;
}

TEST(FreshMessages, AreKeptWithinTheirBudget) {
  FreshMessages messages;
  constexpr std::uint64_t all = 80;
  for (std::uint64_t id = 1; id <= all; ++id) messages.put({id}, fresh(id, mebibyte));
  EXPECT_EQ(kept(messages, all), FreshMessages::budget / mebibyte - 1) << "with what each costs beside its body";
  EXPECT_TRUE(messages.find({1}));
  EXPECT_FALSE(messages.find({all}));
  messages.erase({1});
  messages.erase({all});  // is not there
  messages.put({all}, fresh(all, mebibyte));
  EXPECT_TRUE(messages.find({all})) << "in the room of the first";
  messages.put({all + 1}, fresh(all + 1, mebibyte));
  EXPECT_FALSE(messages.find({all + 1}));
}

TEST(FreshMessages, BodiesInFilesCostNothing) {
  FreshMessages messages;
  constexpr std::uint64_t all = 100;
  for (std::uint64_t id = 1; id <= all; ++id) messages.put({id}, fresh(id, mebibyte, TextBody::Place::file));
  EXPECT_EQ(kept(messages, all), all);
}

}  // namespace
}  // namespace godwit::dispatch
