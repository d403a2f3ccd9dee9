// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "godwit/config/config.hpp"
#include "godwit/config/keys.hpp"

namespace godwit::config {
namespace {

using ::testing::IsEmpty;

std::string only_key(std::string_view asked) {
  const auto found = explain(asked);
  return found.size() == 1 ? found.front().key : std::to_string(found.size()) + " keys";
}

TEST(ConfigValues, EveryKeyHasItsValueAndItsDefault) {
  Settings settings;
  settings.server.recipients = 7;
  for (const auto& each : values_of(settings)) {
    if (each.key == "limits.recipients") {
      EXPECT_EQ(each.value, "7");
      EXPECT_EQ(each.fallback, "1000");
      EXPECT_FALSE(each.needs_restart);
    } else {
      EXPECT_EQ(each.value, each.fallback) << each.key;
    }
  }
  EXPECT_GT(values_of(settings).size(), 50U);
}

TEST(ConfigValues, KeysAreExplainedHoweverTheyAreWritten) {
  EXPECT_EQ(only_key("limits.recipients"), "limits.recipients");
  EXPECT_EQ(only_key("listeners[0].tls"), "listeners[].tls");
  EXPECT_EQ(only_key("domains.example.com.deliver"), "domains.DOMAIN.deliver");
  EXPECT_EQ(only_key("tls.certificates[12].private_key"), "tls.certificates[].private_key");
  EXPECT_GT(explain("limits").size(), 5U);
  for (const char* none : {"", ".", "limit", "listeners[0", "listeners.", "domains..deliver"})
    EXPECT_THAT(explain(none), IsEmpty()) << none;
}

TEST(ConfigValues, ANearKeyIsProposed) {
  EXPECT_EQ(nearest_key("limits.recipient"), "limits.recipients");
  EXPECT_EQ(nearest_key("message_size"), "limits.message_size");
  EXPECT_EQ(nearest_key("nothing like it"), "");
}

TEST(ConfigValues, AllKeysOfTheReferenceAreThere) {
  const auto page = reference_markdown();
  for (const auto& key : all_keys()) EXPECT_NE(page.find("| `" + key.key + "` |"), std::string::npos) << key.key;
}

}  // namespace
}  // namespace godwit::config
