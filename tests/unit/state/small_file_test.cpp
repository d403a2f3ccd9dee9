// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/small_file.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"

namespace godwit::state {
namespace {

class SmallFileTest : public ::testing::Test {
 protected:
  base::Result<std::string> read() {
    SmallFile file("/state", "notes", disk, io.get_executor());
    return testing::run_awaitable(io, file.read());
  }
  base::Result<> write(std::string text) {
    SmallFile file("/state", "notes", disk, io.get_executor());
    return testing::run_awaitable(io, file.write(std::move(text)));
  }

  boost::asio::io_context io;
  test::SimDisk disk;
};

TEST_F(SmallFileTest, IsEmptyUntilItIsWritten) {
  EXPECT_EQ(read().value(), "");
  EXPECT_TRUE(write("one"));
  EXPECT_TRUE(write("two"));
  EXPECT_EQ(read().value(), "two");
}

TEST_F(SmallFileTest, SurvivesPowerLossOnceItIsWritten) {
  EXPECT_TRUE(write("one"));
  disk.crash(test::Loss::all, 1);
  EXPECT_EQ(read().value(), "one");
}

TEST_F(SmallFileTest, CrashAtAnyMomentLeavesTheFormerTextOrTheNewOne) {
  ASSERT_TRUE(write("former"));
  disk.reset_operations();
  auto probe = disk.clone();
  ASSERT_TRUE(write("new"));
  const auto operations = disk.operations();
  for (std::uint64_t at = 1; at <= operations + 1; ++at)
    for (const auto loss : {test::Loss::all, test::Loss::none, test::Loss::some, test::Loss::torn}) {
      auto tried = probe->clone();
      tried->reset_operations();
      tried->die_at(at);
      SmallFile file("/state", "notes", *tried, io.get_executor());
      const bool done = testing::run_awaitable(io, file.write("new")).has_value();
      tried->crash(loss, at);
      const auto text = testing::run_awaitable(io, file.read());
      ASSERT_TRUE(text);
      EXPECT_TRUE(*text == "new" || (!done && *text == "former")) << "\"" << *text << "\" after operation " << at;
    }
}

}  // namespace
}  // namespace godwit::state
