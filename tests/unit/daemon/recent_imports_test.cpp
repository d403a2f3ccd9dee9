// SPDX-License-Identifier: Apache-2.0
#include "daemon/recent_imports.hpp"

#include <gtest/gtest.h>

namespace godwit::daemon {
namespace {

RecentImports::Key key_of(std::uint64_t id) {
  mail::ExportFile file;
  file.id = base::MessageId{id};
  return RecentImports::key_of(file);
}

void import(RecentImports& imports, std::uint64_t id) {
  ASSERT_TRUE(imports.begin(key_of(id)));
  RecentImports::Turn(imports, key_of(id)).done(base::MessageId{id + 1000});
}

TEST(RecentImports, KnowWhatWasDone) {
  RecentImports imports(10);
  EXPECT_FALSE(imports.find(key_of(1)));
  import(imports, 1);
  EXPECT_EQ(imports.find(key_of(1)), base::MessageId{1001});
  EXPECT_FALSE(imports.find(key_of(2)));
}

TEST(RecentImports, AnotherEnvelopeOrBodyIsAnotherMessage) {
  mail::ExportFile file;
  file.id = base::MessageId{1};
  auto held = file, longer = file;
  held.envelope.held = true;
  longer.body_crc = 1;
  EXPECT_NE(RecentImports::key_of(file), RecentImports::key_of(held));
  EXPECT_NE(RecentImports::key_of(file), RecentImports::key_of(longer));
}

TEST(RecentImports, OneIsUnderWayOnlyOnce) {
  RecentImports imports(10);
  {
    ASSERT_TRUE(imports.begin(key_of(1)));
    const RecentImports::Turn turn(imports, key_of(1));
    EXPECT_FALSE(imports.begin(key_of(1)));
    EXPECT_FALSE(imports.find(key_of(1)));
  }
  import(imports, 1);  // the first failed
}

TEST(RecentImports, ForgetTheOldest) {
  RecentImports imports(2);
  for (const std::uint64_t id : {1, 2, 3}) import(imports, id);
  EXPECT_FALSE(imports.find(key_of(1)));
  EXPECT_TRUE(imports.find(key_of(2)));
  EXPECT_TRUE(imports.find(key_of(3)));
}

}  // namespace
}  // namespace godwit::daemon
