// SPDX-License-Identifier: Apache-2.0
// docs/openapi.yaml names every route, with the scope that it needs, and nothing else.
#include <gmock/gmock.h>

#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "control/api.hpp"
#include "godwit/base/text.hpp"

namespace godwit::control {
namespace {

constexpr std::string_view word(Scope scope) {
  return scope == Scope::read ? "read" : scope == Scope::queue ? "queue" : scope == Scope::submit ? "submit" : "admin";
}

TEST(OpenApi, NamesTheRoutesAndTheirScopes) {
  std::set<std::string> served, documented;
  for (const auto& resource : resources())
    served.insert(fmt::format("{} {}: {}", base::to_lower(resource.method), resource.pattern, word(resource.needs)));
  const auto file = YAML::LoadFile(GODWIT_DOCS "/openapi.yaml");
  for (const auto& path : file["paths"])
    for (const auto& operation : path.second)
      if (const auto method = operation.first.Scalar(); method != "parameters")
        documented.insert(
            fmt::format("{} {}: {}", method, path.first.Scalar(), operation.second["x-scope"].as<std::string>("none")));
  EXPECT_EQ(documented, served);
}

}  // namespace
}  // namespace godwit::control
