// SPDX-License-Identifier: Apache-2.0
#include "godwit/disk/posix_disk.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <latch>
#include <optional>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace godwit::disk {
namespace {

template <class T>
T run(boost::asio::awaitable<T> task) {
  boost::asio::io_context context;
  std::optional<T> result;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr failed, T value) {
    if (failed) std::rethrow_exception(failed);
    result = std::move(value);
  });
  context.run();
  return std::move(*result);
}

class PosixDiskTest : public ::testing::Test {
 protected:
  PosixDiskTest() {
    std::string path = ::testing::TempDir() + "godwit-disk-XXXXXX";
    directory_ = ::mkdtemp(path.data());
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(directory_); }
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  std::unique_ptr<File> create(std::string_view name) {
    auto file = run(disk_.open(path(name), OpenMode::create_new));
    EXPECT_TRUE(file.has_value());
    return std::move(*file);
  }
  static std::string contents(File& file) {
    std::string bytes(*run(file.size()), '\0');
    EXPECT_EQ(*run(file.read(0, bytes)), bytes.size());
    return bytes;
  }

  PosixDisk disk_;
  std::string directory_;
};

TEST_F(PosixDiskTest, WhatWasWrittenIsRead) {
  auto file = create("a");
  ASSERT_TRUE(run(file->write(0, "hello world")));
  ASSERT_TRUE(run(file->write(6, "there")));
  ASSERT_TRUE(run(file->sync()));
  EXPECT_EQ(contents(*file), "hello there");
}

TEST_F(PosixDiskTest, ReadStopsAtTheEnd) {
  auto file = create("a");
  ASSERT_TRUE(run(file->write(0, "abc")));
  std::string into(10, '\0');
  EXPECT_EQ(*run(file->read(1, into)), 2U);
  EXPECT_EQ(*run(file->read(3, into)), 0U);
}

TEST_F(PosixDiskTest, VectorLongerThanTheKernelTakesAtOnceIsWrittenWhole) {
  auto file = create("a");
  std::vector<std::string> parts;
  std::string whole;
  for (int i = 0; i < 5000; ++i) whole += parts.emplace_back(i % 7 == 0 ? "" : std::to_string(i));
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  ASSERT_TRUE(run(file->write_vector(3, views)));
  EXPECT_EQ(contents(*file).substr(3), whole);
}

TEST_F(PosixDiskTest, CreateNewRefusesAnExistingName) {
  create("a");
  auto again = run(disk_.open(path("a"), OpenMode::create_new));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().os_error, EEXIST);
}

TEST_F(PosixDiskTest, MissingFileIsNotFound) {
  auto file = run(disk_.open(path("none"), OpenMode::read));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(file.error().message, ::testing::HasSubstr("/none: "));
  EXPECT_EQ(run(disk_.remove(path("none"))).error().kind, base::ErrorKind::not_found);
}

TEST_F(PosixDiskTest, AFileKnowsWhetherItsNameStillLeadsToIt) {
  auto file = create("a");
  EXPECT_TRUE(*run(file->is_at(path("a"))));
  EXPECT_FALSE(*run(file->is_at(path("a/b"))));
  ASSERT_TRUE(run(disk_.rename(path("a"), path("b"))));
  EXPECT_FALSE(*run(file->is_at(path("a"))));
  EXPECT_TRUE(*run(file->is_at(path("b"))));
  create("other");
  ASSERT_TRUE(run(disk_.rename(path("other"), path("b"))));  // unlinks ours
  EXPECT_FALSE(*run(file->is_at(path("b"))));
}

TEST_F(PosixDiskTest, SymbolicLinkIsNotFollowed) {
  create("a");
  ASSERT_EQ(::symlink(path("a").c_str(), path("link").c_str()), 0);
  EXPECT_FALSE(run(disk_.open(path("link"), OpenMode::read_write)));
  EXPECT_FALSE(run(disk_.lock(path("link"))));
}

TEST_F(PosixDiskTest, DirectoriesAreMadeWithParentsAndMayExist) {
  ASSERT_TRUE(run(disk_.make_directories(path("x/y/z/"))));
  ASSERT_TRUE(run(disk_.make_directories(path("x/y/z"))));
  EXPECT_TRUE(std::filesystem::is_directory(path("x/y/z")));
  create("file");
  EXPECT_FALSE(run(disk_.make_directories(path("file/under"))));
}

TEST_F(PosixDiskTest, ListShowsNamesKindsAndSizes) {
  ASSERT_TRUE(run(create("a")->write(0, "12345")));
  ASSERT_TRUE(run(disk_.make_directories(path("d"))));
  auto entries = run(disk_.list(directory_));
  ASSERT_TRUE(entries);
  std::ranges::sort(*entries, {}, &Entry::name);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].size, 5U);
  EXPECT_TRUE((*entries)[1].is_directory);
  EXPECT_EQ(run(disk_.list(path("none"))).error().kind, base::ErrorKind::not_found);
}

TEST_F(PosixDiskTest, RenameLinkAndRemoveChangeNames) {
  create("a");
  ASSERT_TRUE(run(disk_.rename(path("a"), path("b"))));
  ASSERT_TRUE(run(disk_.link(path("b"), path("c"))));
  ASSERT_TRUE(run(disk_.remove(path("b"))));
  ASSERT_TRUE(run(disk_.sync_directory(directory_)));
  auto entries = run(disk_.list(directory_));
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().name, "c");
}

TEST_F(PosixDiskTest, LinkNeverReplaces) {
  create("a");
  create("b");
  EXPECT_EQ(run(disk_.link(path("a"), path("b"))).error().os_error, EEXIST);
}

TEST_F(PosixDiskTest, SecondLockIsRefusedAndNamesTheHolder) {
  auto first = run(disk_.lock(path("lock")));
  ASSERT_TRUE(first);
  auto second = run(disk_.lock(path("lock")));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(second.error().message, ::testing::HasSubstr("process " + std::to_string(::getpid())));
  first->reset();
  EXPECT_TRUE(run(disk_.lock(path("lock"))));
}

TEST_F(PosixDiskTest, TruncateSetsTheSize) {
  auto file = create("a");
  ASSERT_TRUE(run(file->write(0, "abcdef")));
  ASSERT_TRUE(run(file->truncate(2)));
  EXPECT_EQ(contents(*file), "ab");
}

TEST_F(PosixDiskTest, SpaceIsPlausible) {
  auto space = run(disk_.space(directory_));
  ASSERT_TRUE(space);
  EXPECT_GT(space->total_bytes, 0U);
  EXPECT_LE(space->free_bytes, space->total_bytes);
}

TEST_F(PosixDiskTest, PermissionsAreSetAndAnUnknownGroupIsNotFound) {
  create("a");
  ASSERT_TRUE(run(disk_.set_permissions(path("a"), 0640, "")));
  struct stat status {};
  ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  EXPECT_EQ(run(disk_.set_permissions(path("a"), 0640, "no-such-group-here")).error().kind, base::ErrorKind::not_found);
}

TEST_F(PosixDiskTest, PermissionsOfWhatIsOpenAreNotThoseOfWhatTookItsPlace) {
  const auto mode_of = [](const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
  };
  create("secret");
  const auto file = create("a");
  ASSERT_TRUE(run(disk_.make_directories(path("folder"), 0700)));
  auto folder = run(disk_.open(path("folder"), OpenMode::read));
  ASSERT_TRUE(folder);
  ASSERT_TRUE(run(disk_.rename(path("a"), path("b"))));
  std::filesystem::create_symlink(path("secret"), path("a"));
  ASSERT_TRUE(run(file->set_permissions(0640)));
  EXPECT_EQ(mode_of(path("b")), 0640U);
  EXPECT_EQ(mode_of(path("secret")), 0600U);
  ASSERT_TRUE(run((*folder)->set_permissions(0755)));
  EXPECT_EQ(mode_of(path("folder")), 0755U);
  EXPECT_FALSE(run(disk_.open(path("a"), OpenMode::read))) << "a link is not opened";
}

// Connections may hold all descriptors when the spool must sync a folder. UBSan needs descriptors (it asks through a
// pipe whether memory is readable), so what it looks at is met before they run out, and more than one is given back.
TEST_F(PosixDiskTest, ASyncWaitsForADescriptor) {
  ASSERT_TRUE(run(disk_.sync_directory(directory_)));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> taken;
  std::latch exhausted{1};
  std::jthread releases([&] {
    exhausted.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(60));  // so that the sync meets the shortage
    for (int given_back = 0; given_back < 8; ++given_back, taken.pop_back()) ::close(taken.back());
  });
  for (int one = 0; (one = ::open("/dev/null", O_RDONLY)) >= 0;) taken.push_back(one);
  exhausted.count_down();
  EXPECT_TRUE(run(disk_.sync_directory(directory_)));
  releases.join();
  for (const int one : taken) ::close(one);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(PosixDiskTest, FullDiskIsExhausted) {
  auto full = run(disk_.open("/dev/full", OpenMode::read_write));
  if (!full) GTEST_SKIP() << "no /dev/full";
  auto written = run((*full)->write(0, "x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, base::ErrorKind::exhausted);
}

}  // namespace
}  // namespace godwit::disk
