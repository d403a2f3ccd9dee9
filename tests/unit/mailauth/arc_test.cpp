// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/arc.hpp"

#include <yaml-cpp/yaml.h>

#include <gmock/gmock.h>

#include "godwit/base/text.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"
#include "support/vectors.hpp"

namespace godwit::mailauth {
namespace {

using testing::FakeResolver;

constexpr base::WallTime arc_now{std::chrono::seconds(1700000000)};

std::unique_ptr<MessageDigest> digest_of(std::string_view message) {
  auto digest = std::make_unique<MessageDigest>([](const mail::Header& header) {
    auto wanted = hashes_of_chain(header);
    wanted.push_back({.form = Canonical::relaxed});
    return wanted;
  });
  digest->put(message);
  digest->finish();
  return digest;
}

ArcVerdict verify_chain(std::string_view message, FakeResolver& resolver) {
  const auto digest = digest_of(message);
  return testing::run_awaitable(verify_arc(*digest, resolver, arc_now));
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '\n' ? "\r\n" : std::string(1, c);
  return result;
}

// Where a chain says itself that it has failed the suite expects nothing.
bool fits(std::string_view expected, ArcResult result) {
  expected = base::trim(expected);
  if (expected.empty()) return result == ArcResult::fail;
  return base::iequals(expected, to_string(result));
}

TEST(ArcVectors, AllOfTheValidationSuiteHold) {
  const auto file = testing::vectors("arc/arc-draft-validation-tests.yml");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  std::size_t passed = 0;
  std::size_t all = 0;
  for (const auto& scenario : YAML::LoadAllFromFile(file.string())) {
    if (!scenario["tests"]) continue;
    FakeResolver resolver;
    for (const auto& record : scenario["txt-records"])
      resolver.add_txt(record.first.as<std::string>(), record.second.as<std::string>());
    for (const auto& entry : scenario["tests"]) {
      const auto verdict = verify_chain(with_crlf(entry.second["message"].as<std::string>("")), resolver);
      const auto expected = entry.second["cv"].as<std::string>("");
      ++all;
      passed += fits(expected, verdict.result) ? 1 : 0;
      EXPECT_TRUE(fits(expected, verdict.result))
          << entry.first << ": " << to_string(verdict.result) << " instead of " << expected << ", " << verdict.reason;
    }
  }
  std::cout << "ARC vectors: " << passed << "/" << all << "\n";
  EXPECT_GT(all, 150U);
}

class Sealing : public ::testing::Test {
 protected:
  Sealing() { resolver_.add_txt("s1._domainkey.lists.example", dkim_record(key_)); }

  base::Result<std::string> seal(std::string_view message) {
    const auto digest = digest_of(message);
    const auto before = testing::run_awaitable(verify_arc(*digest, resolver_, arc_now));
    return seal_arc(*digest, before, key_,
                    {.domain = "lists.example",
                     .selector = "s1",
                     .service = "mx.lists.example",
                     .results = ";\r\n\tspf=pass smtp.mailfrom=a@b.example"},
                    arc_now);
  }

  Key key_ = Key::generate(KeyKind::rsa, 1024).value();
  FakeResolver resolver_;
  std::string message_ = "From: a@b.example\r\nSubject: Hello\r\n\r\nHello.\r\n";
};

TEST_F(Sealing, ChainOfOursPassesAndGrows) {
  for (std::size_t instance = 1; instance <= 3; ++instance) {
    message_ = seal(message_).value() + message_;
    const auto verdict = verify_chain(message_, resolver_);
    EXPECT_EQ(verdict.result, ArcResult::pass) << verdict.reason;
    EXPECT_EQ(verdict.sealers, std::vector<std::string>(instance, "lists.example"));
    EXPECT_EQ(verdict.last_results, "; spf=pass smtp.mailfrom=a@b.example");
  }
}

TEST_F(Sealing, WhatIsChangedBehindASealBreaksIt) {
  const auto sealed = seal(message_).value() + message_;
  EXPECT_EQ(verify_chain(sealed + "more\r\n", resolver_).result, ArcResult::fail);
  auto other = sealed;
  other.replace(other.find("spf=pass"), 8, "spf=fail");
  EXPECT_EQ(verify_chain(other, resolver_).result, ArcResult::fail);
  EXPECT_FALSE(seal(other)) << "a broken chain is not prolonged";
}

TEST_F(Sealing, LongChainsAreNotProlonged) {
  std::string fields;
  for (int i = 1; i <= 51; ++i)
    for (const auto* name : {"ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"})
      fields += std::string(name) + ": i=" + std::to_string(i) + "; x\r\n";
  EXPECT_EQ(verify_chain(fields + message_, resolver_).result, ArcResult::fail);
}

}  // namespace
}  // namespace godwit::mailauth
