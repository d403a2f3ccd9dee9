// SPDX-License-Identifier: Apache-2.0
#include "godwit/disk/drop_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace godwit::disk {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;

class DropFolderTest : public ::testing::Test {
 protected:
  DropFolderTest() {
    std::string name = (fs::temp_directory_path() / "drop.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    fs::create_directory(path_ / "drop");
    folder_.emplace((path_ / "drop").string());
  }
  ~DropFolderTest() override { fs::remove_all(path_); }

  fs::path put(const std::string& name, const std::string& content = "content") {
    const auto file = path_ / "drop" / name;
    std::ofstream(file) << content;
    return file;
  }
  DropFolder::Listing list(std::size_t most = 100) { return folder_->list(most, now_, 24h).value(); }
  std::string why_refused(const std::string& name) {
    const auto opened = folder_->open(name);
    EXPECT_FALSE(opened) << name;
    if (opened) return {};
    EXPECT_EQ(opened.error().kind, base::ErrorKind::refused) << name;
    return opened.error().message;
  }

  fs::path path_;
  std::optional<DropFolder> folder_;
  base::WallTime now_ = std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
};

TEST_F(DropFolderTest, GivesWhatIsFinished) {
  put("a");
  put("tmp.b");
  put("rejected.c");
  put("d");
  EXPECT_THAT(list().names, UnorderedElementsAre("a", "d"));
  EXPECT_FALSE(list().has_more);
  EXPECT_EQ(list(1).names.size(), 1U);
  EXPECT_TRUE(list(1).has_more);
  now_ += 25h;
  EXPECT_THAT(list().names, UnorderedElementsAre("a", "tmp.b", "d"));
}

TEST_F(DropFolderTest, OpensAPlainFileWithItsOwner) {
  put("a", "0123456789");
  const auto file = folder_->open("a").value();
  EXPECT_EQ(file->owner(), ::geteuid());
  EXPECT_EQ(file->size(), 10U);
  std::string bytes(100, '\0');
  EXPECT_EQ(file->read(4, bytes), 6U);
  EXPECT_TRUE(bytes.starts_with("456789"));
}

TEST_F(DropFolderTest, OpensNothingElse) {
  const auto elsewhere = path_ / "secret";
  std::ofstream(elsewhere) << "secret";
  fs::create_symlink(elsewhere, path_ / "drop/link");
  fs::create_symlink("nowhere", path_ / "drop/dangling");
  fs::create_hard_link(elsewhere, path_ / "drop/hard");
  fs::create_directory(path_ / "drop/folder");
  ASSERT_EQ(::mkfifo((path_ / "drop/fifo").c_str(), 0666), 0);
  EXPECT_EQ(why_refused("link"), "it is a symbolic link");
  EXPECT_EQ(why_refused("dangling"), "it is a symbolic link");
  EXPECT_EQ(why_refused("hard"), "it has another name elsewhere");
  EXPECT_EQ(why_refused("folder"), "it is a folder");
  EXPECT_EQ(why_refused("fifo"), "it is no plain file");
  EXPECT_EQ(folder_->open("gone").error().kind, base::ErrorKind::not_found);
}

TEST_F(DropFolderTest, SetsAsideWhateverItIs) {
  fs::create_symlink("nowhere", path_ / "drop/link");
  fs::create_directory(path_ / "drop/folder");
  std::ofstream(path_ / "drop/folder/inside") << "x";
  put("a", "kept");
  for (const char* name : {"link", "folder", "a"})
    EXPECT_TRUE(folder_->set_aside(name, now_)->starts_with("rejected."));
  EXPECT_THAT(list().names, ElementsAre());
  put("a");
  EXPECT_TRUE(folder_->set_aside("a", now_));  // another of the same name, in the same second
  EXPECT_EQ(std::distance(fs::directory_iterator(path_ / "drop"), fs::directory_iterator()), 4);
  EXPECT_TRUE(folder_->set_aside(put(std::string(255, 'x')).filename().string(), now_));
}

TEST_F(DropFolderTest, RemovesOnlyTheFileThatWasRead) {
  const auto path = put("a");
  const auto file = folder_->open("a").value();
  fs::rename(path, path_ / "drop/b");
  put("a", "another");
  EXPECT_EQ(folder_->remove("a", *file).error().kind, base::ErrorKind::refused);
  EXPECT_TRUE(fs::exists(path));
  EXPECT_TRUE(folder_->remove("b", *file));
  EXPECT_FALSE(fs::exists(path_ / "drop/b"));
  EXPECT_TRUE(folder_->remove("b", *file)) << "it is gone already";
}

TEST_F(DropFolderTest, AFolderThatIsMissingIsAnError) {
  EXPECT_FALSE(DropFolder("/nowhere/at/all").list(1, now_, 24h));
  EXPECT_FALSE(DropFolder("/nowhere/at/all").changed());
}

}  // namespace
}  // namespace godwit::disk
