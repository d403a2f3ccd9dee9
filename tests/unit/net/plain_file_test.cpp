// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/plain_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace godwit::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PlainFile : public ::testing::Test {
 protected:
  PlainFile() {
    std::string made = ::testing::TempDir() + "godwit-plain-XXXXXX";
    folder = ::mkdtemp(made.data());
  }
  ~PlainFile() override { std::filesystem::remove_all(folder); }

  std::string folder;
};

TEST_F(PlainFile, IsReadUpToItsBound) {
  const auto path = folder + "/file";
  std::ofstream(path) << std::string(100'000, 'x');
  EXPECT_EQ(read_plain_file(path, 100'000)->size(), 100'000U);
  EXPECT_EQ(read_plain_file(path, 99'999).error().kind, base::ErrorKind::exhausted);
}

TEST_F(PlainFile, WhatNeverEndsOrNeverBeginsIsRefused) {
  const auto pipe = folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, folder, std::string("/dev/zero")}) {
    const auto text = read_plain_file(path, 1000);
    ASSERT_FALSE(text) << path;
    EXPECT_EQ(text.error().kind, base::ErrorKind::invalid) << path;
    EXPECT_THAT(text.error().message, StartsWith(path));
  }
}

TEST_F(PlainFile, WhatIsNotThereIsNamed) {
  const auto text = read_plain_file(folder + "/none", 1000);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().os_error, ENOENT);
  EXPECT_THAT(text.error().message, HasSubstr("/none: No such file"));
}

}  // namespace
}  // namespace godwit::net
