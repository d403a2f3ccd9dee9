// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/canceller.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace godwit::net {
namespace {

TEST(Canceller, CallsTheHooksInTheOrderOfRegistration) {
  Canceller canceller;
  std::string calls;
  const Canceller::Hook a(&canceller, [&] { calls += 'a'; });
  const Canceller::Hook b(&canceller, [&] { calls += 'b'; });
  canceller.cancel();
  EXPECT_EQ(calls, "ab");
  canceller.cancel();
  EXPECT_EQ(calls, "ab");
}

TEST(Canceller, AHookThatCameTooLateIsCalledAtOnce) {
  Canceller canceller;
  canceller.cancel();
  bool called = false;
  const Canceller::Hook hook(&canceller, [&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(Canceller, AHookThatIsGoneIsNotCalled) {
  Canceller canceller;
  std::string calls;
  const Canceller::Hook a(&canceller, [&] { calls += 'a'; });
  {
    const Canceller::Hook b(&canceller, [&] { calls += 'b'; });
  }
  const Canceller::Hook c(&canceller, [&] { calls += 'c'; });
  canceller.cancel();
  EXPECT_EQ(calls, "ac");
}

TEST(Canceller, AnActionMayDestroyHooksItsOwnToo) {
  Canceller canceller;
  bool called = false;
  std::unique_ptr<Canceller::Hook> a, b;
  a = std::make_unique<Canceller::Hook>(&canceller, [&] {
    b.reset();
    a.reset();
  });
  b = std::make_unique<Canceller::Hook>(&canceller, [&] { called = true; });
  canceller.cancel();
  EXPECT_FALSE(called);
}

TEST(Canceller, AHookOutlivesItsCanceller) {
  auto canceller = std::make_unique<Canceller>();
  const Canceller::Hook hook(canceller.get(), [] { FAIL(); });
  canceller.reset();
}

TEST(Canceller, NoneIsNeverCancelled) {
  const Canceller::Hook hook(nullptr, [] { FAIL(); });
}

}  // namespace
}  // namespace godwit::net
