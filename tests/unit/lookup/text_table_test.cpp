// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/text_table.hpp"

#include <gmock/gmock.h>

namespace godwit::lookup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

base::Result<std::string> no_files(const std::string& path) {
  return base::fail(base::ErrorKind::not_found, path + ": no such file");
}

TextContent parse(std::string_view text, const ReadFile& read = no_files) {
  return parse_text_table(text, "aliases", read);
}

std::vector<std::string> values(const TextContent& content, std::string_view key) {
  const auto found = content.entries.find(key);
  return found == content.entries.end() ? std::vector<std::string>{"(not there)"} : found->second;
}

TEST(TextTable, ReadsTheFormatOfAliases) {
  const auto content = parse(
      "# the usual\n"
      "mailer-daemon: postmaster\n"
      "Root:alice@example.com, bob ,\n"
      "\tcarol,\n"
      "  # between\n"
      "  dave ,\r\n"
      "\n"
      "  erin\n"
      "\"first last\": \"a,b\"@example.com, \\frank\n"
      "spaced : x@example.com");
  EXPECT_THAT(content.errors, IsEmpty());
  EXPECT_THAT(values(content, "mailer-daemon"), ElementsAre("postmaster"));
  EXPECT_THAT(values(content, "root"), ElementsAre("alice@example.com", "bob", "carol", "dave", "erin"));
  EXPECT_THAT(values(content, "\"first last\""), ElementsAre("\"a,b\"@example.com", "frank"));
  EXPECT_THAT(values(content, "spaced"), ElementsAre("x@example.com"));
  EXPECT_EQ(content.entries.size(), 4U);
}

TEST(TextTable, ReadsListsAndKeysAlone) {
  const auto content =
      parse("example.com\nalice@Example.com\tbob@example.com, carol@example.com\njoe:\n@a.example @b.example\n");
  EXPECT_THAT(content.errors, IsEmpty());
  EXPECT_THAT(values(content, "example.com"), IsEmpty());
  EXPECT_THAT(values(content, "alice@example.com"), ElementsAre("bob@example.com", "carol@example.com"));
  EXPECT_THAT(values(content, "joe"), IsEmpty());
  EXPECT_THAT(values(content, "@a.example"), ElementsAre("@b.example"));
}

TEST(TextTable, ProgramsAndFilesAreLeftOutWithAWarning) {
  const auto content = parse("a: |/usr/bin/vacation, \"|cmd x, y\", /var/mail/a, a@example.com\n");
  EXPECT_THAT(content.errors, IsEmpty());
  EXPECT_THAT(content.warnings, ElementsAre(HasSubstr("aliases:1: |/usr/bin/vacation is left out"),
                                            HasSubstr("program"), HasSubstr("/var/mail/a is left out")));
  EXPECT_THAT(values(content, "a"), ElementsAre("a@example.com"));
}

TEST(TextTable, MembersComeFromAFile) {
  const ReadFile read = [](const std::string& path) -> base::Result<std::string> {
    if (path != "/lists/team") return no_files(path);
    return std::string("# members\nalice@example.com\n\n bob@example.com, carol@example.com\r\n|evil\n");
  };
  const auto content = parse("team: :include:/lists/team, dave@example.com\nx :include:/lists/team\n", read);
  EXPECT_THAT(content.errors, IsEmpty());
  EXPECT_THAT(values(content, "team"),
              ElementsAre("alice@example.com", "bob@example.com", "carol@example.com", "dave@example.com"));
  EXPECT_THAT(values(content, "x"), ElementsAre("alice@example.com", "bob@example.com", "carol@example.com"));
  EXPECT_THAT(content.included, ElementsAre("/lists/team", "/lists/team"));
  EXPECT_THAT(parse("a: b\nteam: :include:/gone\n", read).errors, ElementsAre("aliases:2: /gone: no such file"));
  EXPECT_THAT(parse("team: :include:gone\n", read).errors, ElementsAre(HasSubstr("absolute")));
}

TEST(TextTable, SaysWhereWhatIsWrong) {
  const auto content = parse("a: b\n: c\nA: d\n");
  EXPECT_THAT(content.errors, ElementsAre("aliases:2: there is no key", "aliases:3: a is there twice"));
}

TEST(TextTable, LongestPatternComesFirst) {
  const auto content = parse("*@a.example: x\nsales-*@a.example: y\n");
  ASSERT_EQ(content.patterns.size(), 2U);
  EXPECT_EQ(content.patterns[0].first, "sales-*@a.example");
}

}  // namespace
}  // namespace godwit::lookup
