// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/accounts_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "godwit/auth/password.hpp"

namespace godwit::auth {
namespace {

using base::ErrorKind;

class AccountsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = ::testing::TempDir() + "/accounts.XXXXXX";
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    directory = made;
    file = directory / "accounts.yaml";
  }
  void TearDown() override {
    // Nothing half-made is left behind.
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      EXPECT_EQ(entry.path().filename().string().find("accounts.yaml."), std::string::npos) << entry.path();
    std::filesystem::remove_all(directory);
  }
  void write(std::string_view text) { std::ofstream(file, std::ios::binary) << text; }
  std::string read() const {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  mode_t mode() const {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  static Account account(std::string name) {
    return {.name = std::move(name), .password = "$6$salt$hash", .senders = {}};
  }

  std::filesystem::path directory, file;
};

TEST_F(AccountsFile, MissingOneIsMadeReadableByItsGroupOnly) {
  ASSERT_TRUE(add_account(file, account("Alice@Example.com")));
  EXPECT_EQ(read(), "alice@example.com: {password: \"$6$salt$hash\"}\n");
  EXPECT_EQ(mode(), 0640U);
}

TEST_F(AccountsFile, AddLeavesTheRestAsItIs) {
  const std::string before = "# ours\nbob@example.com:   # the boss\n    password: '!'\n\n# end";
  write(before);
  ASSERT_TRUE(add_account(file, account("alice@example.com")));
  EXPECT_EQ(read(), before + "\nalice@example.com: {password: \"$6$salt$hash\"}\n");
}

TEST_F(AccountsFile, AddOfAKnownNameIsRefused) {
  write("bob@example.com: {}\n");
  const auto added = add_account(file, account("BOB@example.com"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::refused);
}

TEST_F(AccountsFile, AddOfWhatIsNoAddressIsRefused) {
  for (const char* name : {"bob", "", "bob@", "a b@example.com", "bob@example.com\nroot@example.com: {}"})
    EXPECT_FALSE(add_account(file, account(name))) << name;
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(AccountsFile, PasswordChangesOnlyItsEntry) {
  write(
      "# a\na@example.com: {password: \"!\"}\n# b\nb@example.com:\n  password: \"!\"  # locked\n  senders: "
      "[x@example.com]\n"
      "\n# c\nc@example.com: {}\n");
  ASSERT_TRUE(set_password(file, "B@example.com", {.hash = "$6$new$"}));
  EXPECT_EQ(read(),
            "# a\na@example.com: {password: \"!\"}\n# b\n"
            "b@example.com: {password: \"$6$new$\", senders: [\"x@example.com\"]}\n\n# c\nc@example.com: {}\n");
}

TEST_F(AccountsFile, RemoveTakesOutOneEntry) {
  write("a@example.com: {}\nb@example.com:\n  password: '!'\n# c\nc@example.com: {}\n");
  ASSERT_TRUE(remove_account(file, "b@example.com"));
  EXPECT_EQ(read(), "a@example.com: {}\n# c\nc@example.com: {}\n");
  ASSERT_TRUE(remove_account(file, "c@example.com"));
  ASSERT_TRUE(remove_account(file, "a@example.com"));
  EXPECT_EQ(read(), "# c\n");
}

TEST_F(AccountsFile, UnknownNameIsNotFound) {
  write("a@example.com: {}\n");
  EXPECT_EQ(remove_account(file, "x@example.com").error().kind, ErrorKind::not_found);
  EXPECT_EQ(set_password(file, "x@example.com", {.hash = "$6$"}).error().kind, ErrorKind::not_found);
}

TEST_F(AccountsFile, AllInOnePairOfBracesIsWrittenAnew) {
  write("{a@example.com: {senders: [\"@b.example\"]}, b@example.com: {}}\n");
  ASSERT_TRUE(set_password(file, "b@example.com", {.hash = "$6$new$"}));
  EXPECT_EQ(read(), "a@example.com: {senders: [\"@b.example\"]}\nb@example.com: {password: \"$6$new$\"}\n");
}

TEST_F(AccountsFile, OddNamesAreQuoted) {
  const char* odd = "\"a b\\\"#\"@example.com";
  ASSERT_TRUE(add_account(file, account(odd)));
  ASSERT_TRUE(set_password(file, odd, {.hash = "$6$new$"}));
  EXPECT_TRUE(load_accounts({file})->exists(odd));
}

TEST_F(AccountsFile, FileWithErrorsIsLeftAlone) {
  write("bob: {}\n");
  const auto added = add_account(file, account("alice@example.com"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::invalid);
  EXPECT_THAT(added.error().message, ::testing::HasSubstr("accounts.yaml:1:1: "));
  EXPECT_EQ(read(), "bob: {}\n");
}

TEST_F(AccountsFile, ModeIsKept) {
  write("a@example.com: {}\n");
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  ASSERT_TRUE(add_account(file, account("alice@example.com")));
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(AccountsFile, SymbolicLinkStaysOne) {
  const auto link = directory / "link.yaml";
  write("a@example.com: {}\n");
  std::filesystem::create_symlink(file, link);
  ASSERT_TRUE(add_account(link, account("alice@example.com")));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_THAT(read(), ::testing::HasSubstr("alice@example.com"));
}

TEST_F(AccountsFile, ChangesAtOnceAllCount) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back(
        [this, i] { EXPECT_TRUE(add_account(file, account("u" + std::to_string(i) + "@example.com"))); });
  for (auto& each : threads) each.join();
  EXPECT_EQ(load_accounts({file})->accounts().size(), 8U);
}

TEST_F(AccountsFile, KeysForScramAreWrittenAndReplaced) {
  const auto secrets = make_secrets("secret");
  ASSERT_TRUE(secrets);
  Account alice = account("alice@example.com");
  alice.scram = secrets->scram;
  ASSERT_TRUE(add_account(file, alice));
  EXPECT_EQ(load_accounts({file})->find("alice@example.com")->scram, secrets->scram);
  const auto other = make_secrets("other");
  ASSERT_TRUE(set_password(file, "alice@example.com", *other));
  EXPECT_EQ(load_accounts({file})->find("alice@example.com")->scram, other->scram);
  EXPECT_EQ(load_accounts({file})->find("alice@example.com")->password, other->hash);
}

}  // namespace
}  // namespace godwit::auth
