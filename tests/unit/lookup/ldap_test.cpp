// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/ldap.hpp"

#include <gtest/gtest.h>

namespace godwit::lookup {
namespace {

// RFC 4515 section 4.
TEST(LdapFilter, WhatIsMoreThanAValueIsEscaped) {
  EXPECT_EQ(escape_filter_value("Parens R Us (for all your parenthetical needs)"),
            "Parens R Us \\28for all your parenthetical needs\\29");
  EXPECT_EQ(escape_filter_value("*"), "\\2a");
  EXPECT_EQ(escape_filter_value("C:\\MyFile"), "C:\\5cMyFile");
  EXPECT_EQ(escape_filter_value(std::string_view("\0\x01\x7F", 3)), "\\00\\01\\7f");
  EXPECT_EQ(escape_filter_value("Lu\u010Di\u0107"), "Lu\u010Di\u0107");
}

TEST(LdapFilter, PartsOfTheNameAreFilledIn) {
  EXPECT_EQ(fill_filter("(|(mail={user})(&(uid={local})(dc={domain})))", "user", "a*b@example.com"),
            "(|(mail=a\\2ab@example.com)(&(uid=a\\2ab)(dc=example.com)))");
  EXPECT_EQ(fill_filter("(uid={local}{domain})", "user", "alice"), "(uid=alice)");
}

TEST(LdapFilter, NameIsNotFilledInAgain) {
  EXPECT_EQ(fill_filter("(uid={local})", "user", "{domain}@example.com"), "(uid={domain})");
}

}  // namespace
}  // namespace godwit::lookup
