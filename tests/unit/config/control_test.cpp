// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using control::Scope;
using control::Scopes;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using ::testing::SizeIs;
using testing::warnings;

const std::string tls = "tls: {certificates: [{certificate: /c, private_key: /k}]}\n";

TEST(Control, HasNoTcpListenerUnlessOneIsNamed) {
  EXPECT_FALSE(load_below("").settings.control.http);
  const auto loaded = load_below("control: {http: \"\"}\n");
  EXPECT_THAT(errors(loaded), IsEmpty());
  EXPECT_FALSE(loaded.settings.control.http);
}

TEST(Reload, IsRefusedByAShareOfMailOnlyWhereOneIsSet) {
  EXPECT_FALSE(load_below("").settings.control.refuse_newly_rejected);
  EXPECT_FALSE(load_below("reload: {refuse_newly_rejected: \"\"}\n").settings.control.refuse_newly_rejected);
  EXPECT_EQ(load_below("reload: {refuse_newly_rejected: 5%}\n").settings.control.refuse_newly_rejected, 5.0);
  EXPECT_EQ(load_below("reload: {refuse_newly_rejected: 0.5%}\n").settings.control.refuse_newly_rejected, 0.5);
  EXPECT_EQ(load_below("reload: {refuse_newly_rejected: 0%}\n").settings.control.refuse_newly_rejected, 0.0);
  for (const auto* wrong : {"5", "%", "-1%", "101%", "nan%", "5 %", "5%%", "1e1%", "[5%]"})
    EXPECT_THAT(errors(load_below(std::string("reload: {refuse_newly_rejected: \"") + wrong + "\"}\n")),
                Contains(HasSubstr("is no percentage from 0% to 100%")))
        << wrong;
}

TEST(Control, TokensHaveScopes) {
  const auto loaded = load_below(
      "control: {http: \"127.0.0.1:8025\", tokens: [{file: /a}, {file: /b, scopes: queue}, {file: /c, scopes: [read, "
      "queue, admin, submit]}]}\n");
  EXPECT_THAT(errors(loaded), IsEmpty());
  const auto& control = loaded.settings.control;
  ASSERT_TRUE(control.http);
  EXPECT_EQ(to_string(*control.http), "127.0.0.1:8025");
  ASSERT_THAT(control.tokens, SizeIs(3));
  EXPECT_EQ(control.tokens[0].scopes, static_cast<Scopes>(Scope::read));
  EXPECT_EQ(control.tokens[1].scopes, static_cast<Scopes>(Scope::queue));
  EXPECT_EQ(control.tokens[2].scopes, 15);
}

TEST(Control, ATokenHandsInMessagesAsAnAccount) {
  const auto below_token = [](const std::string& more) {
    return load_below("control: {http: \"127.0.0.1:8025\", tokens: [{file: /a, " + more + "}]}\n");
  };
  const auto loaded = below_token(
      "scopes: submit, account: shop@example.com, senders: \"@example.com\", messages: [100/1h, 500/1d], recipients: "
      "1000/1d");
  EXPECT_THAT(errors(loaded), IsEmpty());
  const auto& token = loaded.settings.control.tokens.at(0);
  EXPECT_EQ(token.account, "shop@example.com");
  EXPECT_THAT(token.senders, ElementsAre("@example.com"));
  EXPECT_THAT(token.messages, SizeIs(2));
  EXPECT_EQ(base::to_string(token.recipients.at(0)), "1000/1d");
  EXPECT_THAT(errors(below_token("scopes: submit")), ElementsAre(HasSubstr("needs an account to send as")));
  EXPECT_THAT(errors(below_token("scopes: admin")), IsEmpty());
  EXPECT_THAT(warnings(below_token("account: a@example.com")), Contains(HasSubstr("hands in nothing")));
  EXPECT_THAT(warnings(below_token("messages: 1/1h")), Contains(HasSubstr("count with its account")));
  EXPECT_THAT(errors(below_token("scopes: submit, account: a, senders: [\"b c\"]")), SizeIs(1));
}

TEST(Control, ChecksOfAListenerAreNoneOfTokens) {
  const auto with_checks = [](const std::string& listener, const std::string& service, const std::string& token) {
    return load_below("listeners: [{address: \"0.0.0.0:587\", service: submission, checks: " + listener +
                      "}]\npolicy: {checks: {submission: " + service +
                      "}}\ncontrol: {http: \"127.0.0.1:8025\", tokens: [{file: /a" + token + "}]}\n");
  };
  const std::string submits = ", scopes: submit, account: a@example.com";
  const auto warned = Contains(HasSubstr("what tokens hand in over HTTP"));
  EXPECT_THAT(warnings(with_checks("[mime]", "[]", submits)), warned);
  EXPECT_THAT(warnings(with_checks("[]", "[mime]", submits)), warned);
  EXPECT_THAT(warnings(with_checks("[mime]", "[mime]", submits)), ::testing::Not(warned));
  EXPECT_THAT(warnings(with_checks("[mime]", "[]", "")), ::testing::Not(warned));
}

TEST(Control, WhatIsNoScopeOrAddressIsAnError) {
  EXPECT_THAT(errors(load_below("control: {http: \"127.0.0.1:8025\", tokens: [{file: /a, scopes: [reed]}]}\n")),
              Contains(HasSubstr("\"reed\" is none of read | queue | admin | submit")));
  EXPECT_THAT(errors(load_below("control: {http: \"127.0.0.1:8025\", tokens: [{file: /a, scopes: []}]}\n")),
              ElementsAre(HasSubstr("a token without scopes opens nothing")));
  EXPECT_THAT(errors(load_below("control: {http: \"127.0.0.1:8025\", tokens: [{scopes: read}]}\n")), SizeIs(1));
  for (const auto* address : {"8025", "localhost", "127.0.0.1", "unix:/run/http.sock"})
    EXPECT_THAT(errors(load_below("control: {http: \"" + std::string(address) + "\", tokens: [{file: /a}]}\n")),
                SizeIs(1))
        << address;
}

TEST(Control, TcpNeedsTokens) {
  EXPECT_THAT(errors(load_below("control: {http: \"127.0.0.1:8025\"}\n")),
              ElementsAre(HasSubstr("2:17: control.http needs control.tokens")));
  EXPECT_THAT(warnings(load_below("control: {tokens: [{file: /a}]}\n")),
              Contains(HasSubstr("tokens are for control.http")));
}

TEST(Control, TokensNeverCrossANetworkInClear) {
  const std::string open = "control: {http: \"192.0.2.1:8025\", tokens: [{file: /a}]}\n";
  EXPECT_THAT(errors(load_below(open)), ElementsAre(HasSubstr("tokens would be sent in clear")));
  const std::string over_tls = "control: {http: \"192.0.2.1:8025\", http_tls: true, tokens: [{file: /a}]}\n";
  EXPECT_THAT(errors(load_below(over_tls)), ElementsAre(HasSubstr("control.http_tls needs tls.certificates")));
  EXPECT_THAT(errors(load_below(tls + over_tls)), IsEmpty());
}

}  // namespace
}  // namespace godwit::config
