// SPDX-License-Identifier: Apache-2.0
// The openspf.org test suite for RFC 7208.
#include <algorithm>
#include <set>

#include <yaml-cpp/yaml.h>

#include <gmock/gmock.h>

#include "godwit/dns/message.hpp"
#include "godwit/mailauth/spf.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"
#include "support/vectors.hpp"

namespace godwit::mailauth {
namespace {

using testing::FakeResolver;

// Several strings of one TXT record are one text.
std::string text_of(const YAML::Node& node) {
  if (!node.IsSequence()) return node.as<std::string>();
  std::string joined;
  for (const auto& part : node) joined += part.as<std::string>();
  return joined;
}

bool is_none(const YAML::Node& value) {
  return value.IsScalar() && value.as<std::string>() == "NONE";
}

class Zone {
 public:
  Zone(const YAML::Node& data, const base::IpAddress& client) : client_(client) {
    for (const auto& entry : data) add(base::to_lower(entry.first.as<std::string>()), entry.second);
  }
  FakeResolver& resolver() { return resolver_; }

 private:
  void add(const std::string& name, const YAML::Node& records) {
    // Records of type SPF stand for TXT, where there are no TXT records.
    const bool has_txt =
        std::any_of(records.begin(), records.end(), [](const auto& one) { return one.IsMap() && one["TXT"]; });
    std::set<std::string> types;
    bool times_out = false;
    for (const auto& record : records) {
      if (record.IsScalar()) {
        times_out = true;
        continue;
      }
      const auto type = record.begin()->first.as<std::string>();
      if (type == "SPF" && has_txt) continue;
      if (!is_none(record.begin()->second)) types.insert(type == "SPF" ? "TXT" : type);
      add(name, type, record.begin()->second);
    }
    if (!times_out) return;
    for (const auto* type : {"TXT", "A", "AAAA", "MX"})
      if (!types.contains(type)) resolver_.fail(std::string(type) + " " + name);
    if (name == dns::reverse_name(client_) && !types.contains("PTR")) resolver_.fail("PTR " + to_string(client_));
  }

  void add(const std::string& name, const std::string& type, const YAML::Node& value) {
    if (is_none(value)) return;
    if (type == "TXT" || type == "SPF") resolver_.add_txt(name, text_of(value));
    if (type == "A" || type == "AAAA") resolver_.add_address(name, value.as<std::string>());
    if (type == "MX") resolver_.add_mx(name, value[0].as<std::uint16_t>(), base::to_lower(value[1].as<std::string>()));
    if (type == "CNAME") resolver_.add_cname(name, base::to_lower(value.as<std::string>()));
    if (type == "PTR" && name == dns::reverse_name(client_))
      resolver_.add_ptr(to_string(client_), value.as<std::string>());
  }

  base::IpAddress client_;
  FakeResolver resolver_;
};

SpfQuery query_of(const YAML::Node& test) {
  SpfQuery query;
  query.client = base::IpAddress::parse(test["host"].as<std::string>()).value();
  query.hello = test["helo"].as<std::string>();
  query.receiver = "unknown";
  const auto sender = test["mailfrom"].as<std::string>();
  const auto at = sender.rfind('@');
  query.local = at == std::string::npos ? "" : sender.substr(0, at);
  query.domain = at == std::string::npos ? query.hello : sender.substr(at + 1);
  return query;
}

std::vector<std::string> results_of(const YAML::Node& node) {
  if (node.IsScalar()) return {node.as<std::string>()};
  return node.as<std::vector<std::string>>();
}

TEST(SpfVectors, AllOfTheOpenspfSuiteHold) {
  const auto file = testing::vectors("spf/rfc7208-tests.yml");
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  std::size_t passed = 0;
  std::size_t all = 0;
  for (const auto& scenario : YAML::LoadAllFromFile(file.string())) {
    for (const auto& entry : scenario["tests"]) {
      const auto& test = entry.second;
      SCOPED_TRACE(scenario["description"].as<std::string>() + ": " + entry.first.as<std::string>());
      Zone zone(scenario["zonedata"], query_of(test).client);
      const auto outcome = testing::run_awaitable(check_spf(zone.resolver(), query_of(test)));
      const auto results = results_of(test["result"]);
      const bool fits = std::ranges::find(results, to_string(outcome.result)) != results.end();
      EXPECT_TRUE(fits) << to_string(outcome.result) << " " << outcome.problem;
      auto explanation = outcome.explanation;
      if (test["explanation"]) explanation = test["explanation"].as<std::string>();
      if (explanation == "DEFAULT") explanation = "";
      EXPECT_EQ(outcome.explanation, explanation);
      ++all;
      passed += fits && outcome.explanation == explanation ? 1 : 0;
    }
  }
  std::cout << "SPF vectors: " << passed << "/" << all << "\n";
  EXPECT_GT(all, 200U);
}

// ---- loops, and the field

TEST(Spf, LoopsEndAfterTenTerms) {
  for (const std::string record : {"v=spf1 include:a.example -all", "v=spf1 redirect=a.example",
                                   "v=spf1 include:b.example "
                                   "include:b.example -all"}) {
    FakeResolver resolver;
    resolver.add_txt("a.example", record).add_txt("b.example", "v=spf1 include:a.example include:a.example -all");
    SpfQuery query;
    query.client = base::IpAddress::parse("192.0.2.1").value();
    query.domain = "a.example";
    const auto result = testing::run_awaitable(check_spf(resolver, query));
    EXPECT_EQ(result.result, SpfResult::perm_error) << record;
    EXPECT_LE(resolver.asked.size(), 11U) << record;
  }
}

TEST(ReceivedSpf, SaysWhatWasFound) {
  SpfQuery query;
  query.client = base::IpAddress::parse("2001:db8::1").value();
  query.hello = "mail.example.net";
  query.local = "alice";
  query.domain = "example.net";
  query.receiver = "mx.example.com";
  EXPECT_EQ(
      received_spf_field(query, {.result = SpfResult::pass, .mechanism = "ip6:2001:db8::/32"}, SpfIdentity::mail_from),
      "Received-SPF: pass (mx.example.com: domain of example.net designates 2001:db8::1 as permitted sender)\r\n"
      "\tclient-ip=\"2001:db8::1\";\r\n\tenvelope-from=\"alice@example.net\";\r\n\thelo=mail.example.net;\r\n"
      "\treceiver=mx.example.com;\r\n\tidentity=mailfrom;\r\n\tmechanism=\"ip6:2001:db8::/32\"\r\n");
  query.client = base::IpAddress::parse("192.0.2.1").value();
  query.hello = "x (y)\r\nX-Evil: \"1\"";
  query.domain = query.hello;
  const auto field =
      received_spf_field(query, {.result = SpfResult::temp_error, .problem = "no \"answer\""}, SpfIdentity::hello);
  EXPECT_THAT(field,
              ::testing::HasSubstr("temperror (mx.example.com: error in processing the domain of x ?y???X-Evil"));
  EXPECT_THAT(field, ::testing::HasSubstr("client-ip=192.0.2.1;\r\n\thelo=\"x (y)??X-Evil: \\\"1\\\"\";"));
  EXPECT_THAT(field, ::testing::HasSubstr("identity=helo"));
  EXPECT_THAT(field, ::testing::Not(::testing::HasSubstr("envelope-from")));
  EXPECT_THAT(field, ::testing::Not(::testing::HasSubstr("\nX-Evil")));
}

}  // namespace
}  // namespace godwit::mailauth
