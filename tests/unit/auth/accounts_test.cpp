// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/accounts.hpp"

#include <gmock/gmock.h>

#include "godwit/auth/password.hpp"
#include "unit/auth/known_hash.hpp"

namespace godwit::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* two_accounts = R"(# who we are
Alice@Example.com:
  password: "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."
  senders: [Sales@example.com, "@Lists.example.com"]
bob@example.com: {}
)";

AccountTable parse(std::string_view text) {
  auto table = parse_accounts(text, "accounts.yaml");
  EXPECT_TRUE(table) << (table ? "" : table.error().front());
  return table ? *table : AccountTable();
}
Complaints complaints(std::string_view text) {
  auto table = parse_accounts(text, "accounts.yaml");
  return table ? Complaints() : table.error();
}

TEST(Accounts, NamesAreComparedInLowerCase) {
  const AccountTable table = parse(two_accounts);
  ASSERT_NE(table.find("ALICE@example.COM"), nullptr);
  EXPECT_EQ(table.find("alice@example.com")->name, "alice@example.com");
  EXPECT_FALSE(table.exists("carol@example.com"));
}

TEST(Accounts, QuotedLocalPartIsTheSameNameWithoutItsQuotes) {
  EXPECT_TRUE(parse("'\"alice\"@example.com': {}").exists("alice@example.com"));
}

TEST(Accounts, AccountWithoutPasswordExists) {
  EXPECT_TRUE(parse(two_accounts).exists("bob@example.com"));
}

TEST(Accounts, EmptyFileHasNone) {
  EXPECT_THAT(parse("").accounts(), IsEmpty());
  EXPECT_THAT(parse("# nothing yet\n").accounts(), IsEmpty());
}

TEST(Accounts, MaySendAsItselfItsSendersAndTheirDomains) {
  const AccountTable table = parse(two_accounts);
  EXPECT_TRUE(table.may_send_as("alice@example.com", {"Alice", "example.com"}));
  EXPECT_TRUE(table.may_send_as("alice@example.com", {"SALES", "example.com"}));
  EXPECT_TRUE(table.may_send_as("alice@example.com", {"anything", "lists.example.com"}));
  EXPECT_FALSE(table.may_send_as("alice@example.com", {"bob", "example.com"}));
  EXPECT_FALSE(table.may_send_as("alice@example.com", {"x", "sub.lists.example.com"}));
  EXPECT_FALSE(table.may_send_as("bob@example.com", {"sales", "example.com"}));
  EXPECT_FALSE(table.may_send_as("carol@example.com", {"carol", "example.com"}));
}

TEST(Accounts, EveryErrorIsReportedWithItsPlace) {
  EXPECT_THAT(complaints("alice: {}\n"
                         "bob@example.com: {pasword: x}\n"
                         "carol@example.com: {senders: [dave, 'x@y.example', '@']}\n"
                         "bob@example.com: {}\n"
                         "dora@example.com: secret\n"),
              ElementsAre(StartsWith("accounts.yaml:1:1: the name of an account is a full address"),
                          "accounts.yaml:2:19: unknown key \"pasword\" (did you mean password?)",
                          StartsWith("accounts.yaml:3:31: a sender is"), StartsWith("accounts.yaml:3:52: a sender is"),
                          "accounts.yaml:4:1: bob@example.com is there twice",
                          StartsWith("accounts.yaml:5:19: an account is written as")));
}

TEST(Accounts, YamlThatCannotBeReadSaysWhere) {
  EXPECT_THAT(complaints("alice@example.com: {password: \"x\n"), ElementsAre(StartsWith("accounts.yaml:")));
  EXPECT_THAT(complaints("- alice@example.com\n"), ElementsAre(StartsWith("accounts.yaml:1:1: accounts are expected")));
}

TEST(Accounts, PasswordNeverStandsInAMessage) {
  const AccountTable table = parse("alice@example.com: {password: hunter2}\n");
  ASSERT_EQ(table.warnings.size(), 1U);
  EXPECT_THAT(table.warnings.front(), StartsWith("accounts.yaml:1:31: the password of alice@example.com is no hash"));
  EXPECT_THAT(table.warnings.front(), ::testing::Not(HasSubstr("hunter2")));
}

TEST(Accounts, LockedPasswordIsNoReasonToWarn) {
  EXPECT_THAT(parse("a@example.com: {password: '!'}\nb@example.com: {password: '*'}\n").warnings, IsEmpty());
}

TEST(Accounts, DecoyIsAKnownHashAlsoWithoutAccounts) {
  EXPECT_TRUE(is_known_hash(AccountTable().decoy("nobody@example.com").password));
  const AccountTable table = parse(two_accounts);
  EXPECT_EQ(table.decoy("nobody@example.com").password, sha512);
}

constexpr const char* some_keys =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

TEST(Accounts, KeysForScramAreRead) {
  const AccountTable table = parse("a@example.com: {scram: '" + std::string(some_keys) + "'}");
  ASSERT_TRUE(table.find("a@example.com")->scram);
  EXPECT_EQ(smtp::to_string(*table.find("a@example.com")->scram), some_keys);
  EXPECT_TRUE(can_log_in(*table.find("a@example.com")));
  EXPECT_THAT(complaints("a@example.com: {scram: SCRAM-SHA-256}"),
              ElementsAre(StartsWith("accounts.yaml:1:24: scram")));
}

TEST(Accounts, ScramIsServedWhereWhoeverCanLogInHasKeys) {
  const std::string keys = "scram: '" + std::string(some_keys) + "'";
  const std::string hash = "password: '" + std::string(sha512) + "'";
  EXPECT_TRUE(parse("").serves_scram());
  EXPECT_TRUE(parse("a@example.com: {" + keys + "}\nb@example.com: {" + hash + ", " + keys + "}").serves_scram());
  EXPECT_TRUE(parse("a@example.com: {" + keys + "}\nb@example.com: {password: '!'}\nc@example.com:").serves_scram());
  EXPECT_FALSE(parse("a@example.com: {" + keys + "}\nb@example.com: {" + hash + "}").serves_scram());
}

TEST(Accounts, LockedAccountDoesNotLogInByItsKeys) {
  const AccountTable table = parse("a@example.com: {password: '!x', scram: '" + std::string(some_keys) + "'}");
  EXPECT_FALSE(can_log_in(*table.find("a@example.com")));
}

TEST(Accounts, FirstOfSeveralStoresCounts) {
  AccountTable table = parse(two_accounts);
  EXPECT_FALSE(table.add({.name = "bob@example.com", .password = sha512, .senders = {}}));
  EXPECT_EQ(table.find("bob@example.com")->password, "");
}

TEST(Accounts, MissingFileIsAnError) {
  const auto table = load_accounts({"/nonexistent/accounts.yaml"});
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error(), ElementsAre("/nonexistent/accounts.yaml: cannot be read: No such file or directory"));
}

TEST(Accounts, TableInUseOutlivesItsReplacement) {
  Accounts accounts(parse(two_accounts));
  const auto before = accounts.table();
  accounts.replace({});
  EXPECT_TRUE(before->exists("bob@example.com"));
  EXPECT_FALSE(accounts.table()->exists("bob@example.com"));
}

}  // namespace
}  // namespace godwit::auth
