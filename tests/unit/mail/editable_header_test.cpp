// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/editable_header.hpp"

#include <gtest/gtest.h>

namespace godwit::mail {
namespace {

constexpr std::string_view section = "From: a@x\r\nX-Tag: one\r\nTo: b@x,\r\n\tc@x\r\nX-Tag: two\r\n";

EditableHeader make() {
  EditableHeader header(section);
  header.put_own("Received: by us\r\n");
  return header;
}

TEST(EditableHeader, IsWhatItWasWhenNothingChanges) {
  EXPECT_EQ(EditableHeader(section).text(), section);
  EXPECT_EQ(make().text(), "Received: by us\r\n" + std::string(section));
}

TEST(EditableHeader, ShowsFieldsFoldedAsTheyStandButNotOurOwn) {
  const auto header = make();
  const auto fields = header.fields();
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[0].name, "From");
  EXPECT_EQ(fields[2].body, " b@x,\r\n\tc@x");
}

TEST(EditableHeader, CountsPositionsWithoutOurOwnField) {
  const auto inserted = [](std::size_t index) {
    auto header = make();
    EXPECT_TRUE(header.insert(index, "N", " v"));
    return header.text();
  };
  EXPECT_EQ(inserted(0), "N: v\r\nReceived: by us\r\n" + std::string(section));
  EXPECT_EQ(inserted(1), "Received: by us\r\nN: v\r\n" + std::string(section));
  EXPECT_EQ(inserted(2).substr(17, 17), "From: a@x\r\nN: v\r\n");
  EXPECT_EQ(inserted(99), "Received: by us\r\n" + std::string(section) + "N: v\r\n");
}

TEST(EditableHeader, ChangesTheNthFieldOfAName) {
  auto header = make();
  EXPECT_TRUE(header.change(2, "x-tag", " new"));
  EXPECT_EQ(header.fields()[3].body, " new");
  EXPECT_EQ(header.fields()[3].name, "x-tag");
  EXPECT_EQ(header.fields()[1].body, " one");
}

TEST(EditableHeader, TakesOutAFieldThatGetsNoBody) {
  auto header = make();
  EXPECT_TRUE(header.change(1, "X-Tag", ""));
  EXPECT_EQ(header.text(), "Received: by us\r\nFrom: a@x\r\nTo: b@x,\r\n\tc@x\r\nX-Tag: two\r\n");
  EXPECT_TRUE(header.change(7, "X-Tag", ""));
  EXPECT_EQ(header.fields().size(), 3U);
}

TEST(EditableHeader, AddsAFieldThatIsToBeChangedAndIsNotThere) {
  auto header = make();
  EXPECT_TRUE(header.change(1, "Subject", " s"));
  EXPECT_EQ(header.fields().back().name, "Subject");
}

TEST(EditableHeader, LeavesOurOwnFieldAlone) {
  auto header = make();
  EXPECT_TRUE(header.change(1, "Received", ""));
  EXPECT_TRUE(header.text().starts_with("Received: by us\r\n"));
}

TEST(EditableHeader, MakesOneFieldOfWhateverIsGiven) {
  const auto added = [](std::string_view body) {
    EditableHeader header;
    EXPECT_TRUE(header.add("N", body));
    return header.text();
  };
  EXPECT_EQ(added(" a\n\tb"), "N: a\r\n\tb\r\n");
  EXPECT_EQ(added(" a\r\n b"), "N: a\r\n b\r\n");
  EXPECT_EQ(added(" a\nBcc: x"), "N: a\r\n\tBcc: x\r\n");
  EXPECT_EQ(added(" a\r\n\r\nbody"), "N: a\r\n\tbody\r\n");
  EXPECT_EQ(added(" a\rb\n"), "N: a\r\n\tb\r\n");
  EXPECT_EQ(added(""), "N: \r\n");
}

TEST(EditableHeader, RefusesNamesThatAreNone) {
  EditableHeader header;
  for (const std::string_view name : {"", "a b", "a:b", "a\r\nb", "a\x01", "\xC3\xBC"})
    EXPECT_FALSE(header.add(name, " v"));
  EXPECT_FALSE(header.add("N", std::string_view(" \0", 2)));
  EXPECT_EQ(header.text(), "");
}

TEST(EditableHeader, PutsOursOnTopWhereFiltersSeeIt) {
  auto header = make();
  header.put_on_top("Authentication-Results: us; spf=pass\r\n");
  EXPECT_EQ(header.fields().front().name, "Authentication-Results");
  EXPECT_TRUE(header.text().starts_with("Authentication-Results: us; spf=pass\r\nReceived: by us\r\n"));
}

}  // namespace
}  // namespace godwit::mail
