// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "unit/config/config_text.hpp"

namespace godwit::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::errors;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::load_below;
using testing::warnings;

Loaded with_acme(const std::string& keys, const std::string& below = {}) {
  return load_below("tls:\n  acme:\n    terms_of_service_agreed: yes\n" + keys + below);
}

TEST(Acme, IsForTheHostUnlessNamesAreGiven) {
  const auto loaded = with_acme("    contact: a@example.com\n");
  EXPECT_THAT(errors(loaded), IsEmpty());
  const auto& acme = loaded.settings.acme;
  EXPECT_THAT(acme.names, ElementsAre("mail.example.com"));
  EXPECT_THAT(acme.contact, ElementsAre("a@example.com"));
  EXPECT_EQ(acme.challenge, acme::ChallengeKind::http_01);
  EXPECT_TRUE(acme.reuse_key);
  EXPECT_THAT(with_acme("    names: [A.example.com, b.example.com]\n").settings.acme.names,
              ElementsAre("a.example.com", "b.example.com"));
}

TEST(Acme, StandsForACertificate) {
  const auto loaded = with_acme("", "accounts: /a\nstate: {directory: /s}\n");
  EXPECT_THAT(errors(loaded), IsEmpty());
  ASSERT_EQ(loaded.settings.tls.certificates.size(), 1U);
  const auto& files = loaded.settings.tls.certificates[0];
  EXPECT_EQ(files.certificate, "/s/acme/certificate.pem");
  EXPECT_EQ(files.private_key, files.certificate);
  EXPECT_TRUE(files.is_awaited);
  ASSERT_EQ(loaded.settings.server.listeners.size(), 3U);  // submission too
  EXPECT_EQ(loaded.settings.server.listeners[0].tls, smtp::TlsMode::starttls);
  EXPECT_THAT(errors(with_acme("", "accounts: /a\nlisteners: [{address: \"[::]:587\", service: submission}]\n")),
              IsEmpty());
}

TEST(Acme, NeedsTheAdministratorsWord) {
  const auto loaded = load_below("tls: {acme: {contact: a@example.com}}\n");
  EXPECT_THAT(errors(loaded), Contains(HasSubstr("terms_of_service_agreed: yes")));
  EXPECT_THAT(loaded.settings.tls.certificates, IsEmpty());
}

TEST(Acme, WhatDoesNotFitTogetherIsAnError) {
  EXPECT_THAT(errors(with_acme("    directory: http://ca.example/dir\n")), ElementsAre(HasSubstr("no https:// URL")));
  EXPECT_THAT(errors(with_acme("    challenge: dns-01\n")), ElementsAre(HasSubstr("none of http-01 | tls-alpn-01")));
  EXPECT_THAT(errors(with_acme("    challenge: tls-alpn-01\n    webroot: /w\n")),
              ElementsAre(HasSubstr("webroot is for challenge: http-01")));
  EXPECT_THAT(errors(with_acme("    listen: \"[::]:80\"\n    webroot: /w\n")),
              ElementsAre(HasSubstr("nothing is listened on")));
  EXPECT_THAT(errors(with_acme("    external_account: {key_id: x}\n")), ElementsAre(HasSubstr("needs both")));
  EXPECT_THAT(errors(with_acme("    listen: \"[::]:25\"\n")), ElementsAre(HasSubstr("port 25 is one of listeners")));
  const std::string at_80 = "accounts: /a\nlisteners: [{address: \"192.0.2.1:80\", service: submission}]\n";
  EXPECT_THAT(errors(with_acme("", at_80)), ElementsAre(HasSubstr("port 80 is one of listeners")));
  EXPECT_THAT(errors(with_acme("    challenge: tls-alpn-01\n", at_80)), IsEmpty());
  EXPECT_THAT(errors(with_acme("    webroot: /w\n", at_80)), IsEmpty());
  EXPECT_THAT(errors(with_acme("    listen: \"192.0.2.2:80\"\n", at_80)), IsEmpty());
  const std::string console = "control: {http: \"127.0.0.1:443\", tokens: [{file: /t, scopes: [read]}]}\n";
  EXPECT_THAT(errors(with_acme("    challenge: tls-alpn-01\n", console)),
              ElementsAre(HasSubstr("port 443 is that of control.http")));
  EXPECT_THAT(errors(with_acme("", console)), IsEmpty());
  EXPECT_THAT(warnings(with_acme("    listen: \"[::]:8080\"\n")), Contains(HasSubstr("authorities ask at port 80")));
  EXPECT_THAT(warnings(with_acme("    challenge: tls-alpn-01\n    listen: \"[::]:80\"\n")),
              Contains(HasSubstr("authorities ask at port 443")));
}

}  // namespace
}  // namespace godwit::config
