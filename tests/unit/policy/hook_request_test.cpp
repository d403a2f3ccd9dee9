// SPDX-License-Identifier: Apache-2.0
#include "policy/hook_request.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/encoding.hpp"

namespace godwit::policy {
namespace {

namespace json = boost::json;

class HookRequest : public ::testing::Test {
 protected:
  HookRequest() {
    hook_.name = "tenants";
    facts_.hostname = "mail.example.com";
    facts_.listener = *base::Endpoint::parse("198.51.100.1:25");
    facts_.client = *base::IpAddress::parse("192.0.2.1");
    facts_.client_name = {.status = ClientName::Status::found, .name = "host.example"};
    facts_.hello = {.extended = true, .name = "client.example"};
    facts_.sender = smtp::Mailbox{.local = "a", .domain = "sender.example"};
    facts_.recipient = {.local = "user", .domain = "example.com"};
    facts_.recipients = {facts_.recipient};
    facts_.header = "From: a@sender.example\r\nSubject: one\r\n\ttwo\r\n\r\n";
    facts_.size = 60;
  }
  json::value at(Stage stage, const BodyStart* body = nullptr) const {
    return json::parse(hook_request(hook_, stage, facts_, body));
  }
  static std::string text(const json::value& value) { return json::serialize(value); }

  HttpHookSettings hook_;
  Facts facts_;
};

TEST_F(HookRequest, EachStageTellsWhatIsKnownThen) {
  EXPECT_EQ(text(at(Stage::connect)),
            R"({"version":1,"hook":"tenants","stage":"connect","host":"mail.example.com",)"
            R"("listener":"198.51.100.1:25","service":"mx","client":{"address":"192.0.2.1","port":null,)"
            R"("name":"host.example","name_status":"found","user":null,"stranger":true}})");
  const auto rcpt = at(Stage::rcpt);
  EXPECT_EQ(text(rcpt.at("hello")), R"({"name":"client.example","extended":true})");
  EXPECT_EQ(text(rcpt.at("tls")), "null");
  EXPECT_EQ(text(rcpt.at("sender")), R"("a@sender.example")");
  EXPECT_EQ(text(rcpt.at("parameters")), R"({"size":null,"body":"7bit","smtputf8":false})");
  EXPECT_EQ(text(rcpt.at("recipient")), R"("user@example.com")");
  EXPECT_FALSE(rcpt.as_object().contains("recipients"));
  EXPECT_FALSE(at(Stage::helo).as_object().contains("sender"));
  const auto end = at(Stage::end);
  EXPECT_EQ(text(end.at("recipients")), R"(["user@example.com"])");
  EXPECT_EQ(text(end.at("message").at("headers")),
            R"([{"name":"From","value":"a@sender.example"},{"name":"Subject","value":"one two"}])");
  EXPECT_EQ(text(end.at("message").at("headers_cut")), "false");
  EXPECT_FALSE(end.at("message").as_object().contains("body"));
}

TEST_F(HookRequest, TheHeaderIsBounded) {
  hook_.headers = 30;
  EXPECT_EQ(text(at(Stage::end).at("message").at("headers_cut")), "true");
  EXPECT_LE(at(Stage::end).at("message").at("headers").as_array().size(), 1U);
  hook_.headers = 0;
  EXPECT_FALSE(at(Stage::end).at("message").as_object().contains("headers"));
}

TEST_F(HookRequest, WhateverClientsSayItIsJson) {
  facts_.hello.name = "\xFF\"\\\n\x01";
  facts_.header = "Subject: \xE9t\xE9\r\n\r\n";
  EXPECT_EQ(text(at(Stage::helo).at("hello").at("name")), R"("�\"\\\n\u0001")");
  EXPECT_EQ(text(at(Stage::end).at("message").at("headers")), R"([{"name":"Subject","value":"�t�"}])");
}

TEST_F(HookRequest, TheBodyIsTold) {
  BodyStart body(10);
  for (const char c : facts_.header + "0123456789") body.put(std::string(1, c));
  EXPECT_EQ(body.bytes(), "0123456789");
  EXPECT_FALSE(body.is_cut());
  body.put("a");
  EXPECT_TRUE(body.is_cut());
  const auto message = at(Stage::end, &body).at("message");
  EXPECT_EQ(text(message.at("body")), '"' + base::base64_encode("0123456789") + '"');
  EXPECT_EQ(text(message.at("body_cut")), "true");
  body.clear();
  EXPECT_TRUE(body.bytes().empty() && !body.is_cut());
}

TEST(BodyStart, BeginsBehindTheEmptyLine) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"A: b\r\n\r\nbody", "body"},         {"\r\nbody", "body"},
      {"A: b\r\n\r\n\r\nbody", "\r\nbody"}, {"A: b\r\n", ""},
      {"A: b\r\r\n\r\nbody", "body"},       {"A: b\r\nno field\r\nbody", "no field\r\nbody"},
  };
  for (const auto& [message, expected] : table) {
    for (std::size_t split = 0; split <= message.size(); ++split) {
      BodyStart body(100);
      body.put(message.substr(0, split));
      body.put(message.substr(split));
      EXPECT_EQ(body.bytes(), expected) << message << " at " << split;
    }
  }
}

}  // namespace
}  // namespace godwit::policy
