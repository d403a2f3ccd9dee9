// SPDX-License-Identifier: Apache-2.0
#include "lookup/shared_library.hpp"

#include <gmock/gmock.h>

#include "godwit/lookup/database.hpp"
#include "godwit/lookup/ldap.hpp"

namespace godwit::lookup {
namespace {

using ::testing::HasSubstr;

class Missing : public SharedLibrary {
 public:
  Missing() : SharedLibrary("libgodwit-is-nowhere.so.1") {}
  int (*function)(int) = symbol("abs");
};

class Mathematics : public SharedLibrary {
 public:
  Mathematics() : SharedLibrary("libm.so.6") {}
  double (*root)(double) = symbol("sqrt");
};

class OtherMathematics : public SharedLibrary {
 public:
  OtherMathematics() : SharedLibrary("libm.so.6") {}
  double (*root)(double) = symbol("sqrt_of_another_version");
};

TEST(SharedLibrary, ItsFunctionsAreCalled) {
  const Mathematics library;
  ASSERT_TRUE(library.loaded());
  EXPECT_EQ(library.root(9), 3);
}

TEST(SharedLibrary, OneThatIsMissingIsNamed) {
  const Missing library;
  EXPECT_EQ(library.function, nullptr);
  EXPECT_EQ(library.loaded().error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(library.loaded().error().message, HasSubstr("libgodwit-is-nowhere.so.1"));
}

TEST(SharedLibrary, SoIsAFunctionThatItHasNot) {
  const OtherMathematics library;
  EXPECT_THAT(library.loaded().error().message, HasSubstr("sqrt_of_another_version"));
}

TEST(SharedLibrary, ThoseThatWeCallHaveAllThatWeCall) {
  EXPECT_TRUE(load_ldap());
  EXPECT_TRUE(load_postgresql());
}

}  // namespace
}  // namespace godwit::lookup
