// SPDX-License-Identifier: Apache-2.0
// By aliases of YAML a small file can say the same a million times.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::Contains;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using ::testing::SizeIs;

// A list of this item, the others by an alias.
std::string shaping_of(const std::string& item, int times) {
  std::string text = "shaping:\n  - &item " + item + "\n";
  for (int i = 1; i < times; ++i) text += "  - *item\n";
  return text;
}

TEST(Bounds, OfFaults) {
  const auto loaded = load_below(shaping_of("{destinaton: a.example}", 2000));
  EXPECT_FALSE(loaded.ok());
  ASSERT_THAT(loaded.diagnostics, SizeIs(1000));
  EXPECT_THAT(loaded.diagnostics.back().message, HasSubstr("(these are 1000: more are not looked for)"));
}

TEST(Bounds, ErrorsAreToldRatherThanWarnings) {
  std::string text = "routes:\n  - {domains: [\"*\"], next_hop: \"[192.0.2.1]\"}\n";
  for (int i = 0; i < 1200; ++i)
    text += "  - {domains: [a.example], next_hop: \"[192.0.2.1]\", hold: true}\n";  // never used
  text += "  - {domains: [b.example], next_hop: \"[192.0.2.1]\", tls: nonsense}\n";
  const auto loaded = load_below(text);
  EXPECT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.diagnostics, SizeIs(1000));
  EXPECT_THAT(errors(loaded), SizeIs(1));
}

TEST(Bounds, OfValues) {
  std::string destinations = "a.example";
  for (int i = 0; i < 2000; ++i) destinations += ", a.example";
  EXPECT_THAT(errors(load_below(shaping_of("{destinations: [" + destinations + "], connections: 1}", 2000))),
              Contains(HasSubstr("at most 2000000 values")));
  EXPECT_THAT(errors(load_below(shaping_of("{destinations: [" + destinations + "], connections: 1}", 3))), IsEmpty());
}

}  // namespace
}  // namespace godwit::config
