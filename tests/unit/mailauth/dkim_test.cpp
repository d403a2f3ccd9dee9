// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/dkim.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "mailauth/new_signature.hpp"
#include "support/fake_resolver.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::mailauth {
namespace {

using testing::FakeResolver;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr base::WallTime dkim_now{std::chrono::seconds(1528637950)};

// RFC 8463 appendix A.
constexpr std::string_view football =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game.  Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n";
constexpr std::string_view ed25519_key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
constexpr std::string_view rsa_key =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91"
    "y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

std::string record(std::string_view kind, std::string_view key, std::string_view more = "") {
  return "v=DKIM1; k=" + std::string(kind) + "; " + std::string(more) + "p=" + std::string(key);
}

FakeResolver& with_keys(FakeResolver& resolver) {
  return resolver.add_txt("brisbane._domainkey.football.example.com", record("ed25519", ed25519_key))
      .add_txt("test._domainkey.football.example.com", record("rsa", rsa_key));
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result(text);
  for (auto at = result.find(from); at != std::string::npos; at = result.find(from, at + to.size()))
    result.replace(at, from.size(), to);
  return result;
}

std::vector<DkimVerdict> verify_signatures(std::string_view message, FakeResolver& resolver,
                                           std::size_t piece = 1000000, base::WallTime when = dkim_now) {
  MessageDigest digest(hashes_of_signatures);
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size()))) digest.put(message.substr(0, piece));
  digest.finish();
  return testing::run_awaitable(verify_dkim(digest, resolver, when));
}

// Of the first signature: "pass", or result and reason.
std::string outcome(std::string_view message, FakeResolver& resolver, base::WallTime when = dkim_now) {
  const auto verdicts = verify_signatures(message, resolver, 1000000, when);
  if (verdicts.empty()) return "none";
  const auto& first = verdicts.front();
  return std::string(to_string(first.result)) + (first.reason.empty() ? "" : ": " + first.reason);
}
std::string outcome(std::string_view message) {
  FakeResolver resolver;
  return outcome(message, with_keys(resolver));
}

TEST(Dkim, MessageOfRfc8463Passes) {
  FakeResolver resolver;
  const auto verdicts = verify_signatures(football, with_keys(resolver));
  ASSERT_EQ(verdicts.size(), 2U);
  for (const auto& one : verdicts) {
    EXPECT_EQ(one.result, DkimResult::pass) << one.reason;
    EXPECT_EQ(one.domain, "football.example.com");
    EXPECT_EQ(one.identity, "@football.example.com");
  }
  EXPECT_EQ(verdicts[0].signature_start, "/gCrinpc");
  EXPECT_EQ(verdicts[1].algorithm, "rsa-sha256");
}

TEST(Dkim, PiecesOfAnySizeGiveTheSame) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) {
    FakeResolver resolver;
    for (const auto& one : verify_signatures(football, with_keys(resolver), piece))
      EXPECT_EQ(one.result, DkimResult::pass);
  }
}

TEST(Dkim, ChangesAreFound) {
  EXPECT_EQ(outcome(replaced(football, "We lost", "We won")), "fail: the body has changed");
  EXPECT_EQ(outcome(replaced(football, "dinner", "lunch")), "fail: the signature does not fit the header");
  EXPECT_EQ(outcome(replaced(football, "To: Suzie", "Subject: another\r\nTo: Suzie")),
            "fail: the signature does not fit the header")
      << "over-signed";
  EXPECT_EQ(outcome(replaced(football, "To: Suzie", "X-Note: another\r\nTo: Suzie")), "pass");
}

TEST(Dkim, RelaxedFormsForgiveWhiteSpace) {
  EXPECT_EQ(outcome(replaced(football, "game.  Are", "game. \t Are")), "pass");
  EXPECT_EQ(outcome(replaced(football, "Joe.\r\n", "Joe. \t\r\n\r\n \r\n\r\n")), "pass");
  EXPECT_EQ(outcome(replaced(football, "Subject: Is dinner", "SUBJECT:   Is\r\n\tdinner")), "pass");
}

TEST(Dkim, WrongSignaturesAreErrors) {
  EXPECT_THAT(outcome(replaced(football, "a=ed25519-sha256", "a=rsa-sha1")), StartsWith("permerror: the algorithm"));
  EXPECT_THAT(outcome(replaced(football, "v=1;", "v=2;")), StartsWith("permerror: not version 1"));
  EXPECT_THAT(outcome(replaced(replaced(football, "h=from : to", "h=to"), ": from :", ":")),
              HasSubstr("From is not signed"));
  EXPECT_THAT(outcome(replaced(football, "i=@football", "i=@base")), StartsWith("permerror: the identity"));
  EXPECT_THAT(outcome(replaced(football, "v=1;", "v=1; v=1;")), HasSubstr("comes twice"));
  EXPECT_THAT(outcome("DKIM-Signature: " + replaced(std::string(10000, 'x'), "x", "a=b;") + "\r\n\r\n"),
              StartsWith("permerror"));
}

TEST(Dkim, KeysDecide) {
  const auto with = [](const std::string& text) {
    FakeResolver resolver;
    resolver.add_txt("brisbane._domainkey.football.example.com", text);
    return outcome(football, resolver);
  };
  EXPECT_EQ(with(record("ed25519", ed25519_key, "t=y:s; s=email; h=sha1:sha256; ")), "pass");
  EXPECT_EQ(with(record("ed25519", "")), "permerror: the key was revoked");
  EXPECT_EQ(with(record("ed25519", ed25519_key, "h=sha1; ")), "permerror: the key is not for SHA-256");
  EXPECT_EQ(with(record("ed25519", ed25519_key, "s=tlsrpt; ")), "permerror: the key is not for mail");
  EXPECT_EQ(with(record("rsa", rsa_key)), "permerror: the key is of another kind than the signature");
  FakeResolver none;
  EXPECT_EQ(outcome(football, none), "permerror: there is no key");
  FakeResolver broken;
  broken.fail("TXT brisbane._domainkey.football.example.com");
  EXPECT_THAT(outcome(football, broken), StartsWith("temperror"));
}

// ---- signing

constexpr std::string_view plain =
    "From: Alice <alice@example.com>\r\nTo: bob@example.net\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n";

std::string sign(std::string_view message, const Key& key, DkimSigning signing) {
  MessageDigest digest([&](const auto&) { return std::vector<BodyHashing>{{.form = signing.body_form}}; });
  digest.put(message);
  digest.finish();
  return sign_dkim(digest, key, signing, dkim_now).value() + std::string(message);
}

TEST(Dkim, WhatWeSignVerifies) {
  for (const auto kind : {KeyKind::rsa, KeyKind::ed25519}) {
    const auto key = Key::from_pem(Key::generate(kind, 2048).value().private_pem()).value();
    FakeResolver resolver;
    resolver.add_txt("s1._domainkey.example.com", dkim_record(key));
    for (const auto form : {Canonical::simple, Canonical::relaxed}) {
      const auto message =
          sign(plain, key, {.domain = "example.com", .selector = "s1", .header_form = form, .body_form = form});
      EXPECT_EQ(outcome(message, resolver), "pass");
      EXPECT_THAT(outcome("Subject: Bye\r\n" + message, resolver), StartsWith("fail")) << "over-signed";
      EXPECT_THAT(outcome("Cc: eve@example.org\r\n" + message, resolver), StartsWith("fail")) << "none was there";
    }
  }
}

TEST(Dkim, ShortKeysProveNothing) {
  const auto key = Key::generate(KeyKind::rsa, 768).value();
  FakeResolver resolver;
  resolver.add_txt("s1._domainkey.example.com", dkim_record(key));
  EXPECT_EQ(outcome(sign(plain, key, {.domain = "example.com", .selector = "s1"}), resolver),
            "permerror: the key is too short");
}

TEST(Dkim, SimpleBodyOfEveryShapeVerifies) {
  const auto key = Key::generate(KeyKind::ed25519, 0).value();
  FakeResolver resolver;
  resolver.add_txt("s1._domainkey.example.com", dkim_record(key));
  for (const std::string body : {"", "\r\n", "a", "a\r\n\r\n\r\n", "\r\n\r\na\r\n", " \r\n", "a \r\n", "a\rb\r\n\r"}) {
    for (const auto form : {Canonical::simple, Canonical::relaxed}) {
      const auto message = sign("From: a@example.com\r\n\r\n" + body, key,
                                {.domain = "example.com", .selector = "s1", .body_form = form});
      for (const std::size_t piece : {1U, 1000U})
        EXPECT_EQ(verify_signatures(message, resolver, piece).front().result, DkimResult::pass)
            << ::testing::PrintToString(body);
    }
  }
}

// ---- what a signature says beside: t=, x=, l=, i=

class SignatureTags : public ::testing::Test {
 protected:
  SignatureTags() { publish(""); }

  void publish(std::string_view more) {
    resolver_ = FakeResolver();
    resolver_.add_txt("s1._domainkey.example.com", record("ed25519", key_.public_text(), more));
  }
  // t= is dkim_now.
  std::string signed_with(const std::string& more) {
    MessageDigest digest([](const auto&) { return std::vector<BodyHashing>{{.form = Canonical::relaxed}}; });
    digest.put(plain);
    digest.finish();
    const NewSignature wanted{.name = "DKIM-Signature",
                              .tags = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.com; s=s1; " + more,
                              .fields = fields_to_sign(digest.header())};
    return sign_message(digest, wanted, key_, dkim_now).value() + std::string(plain);
  }
  std::string after(base::Duration time, const std::string& message) {
    return outcome(message, resolver_, dkim_now + time);
  }

  const std::uint64_t now_ = 1528637950;
  const Key key_ = Key::generate(KeyKind::ed25519, 0).value();
  FakeResolver resolver_;
};

TEST_F(SignatureTags, TheyHaveTheirTime) {
  using std::chrono::seconds;
  const auto expiring = signed_with("x=" + std::to_string(now_ + 100) + ";");
  EXPECT_EQ(after(seconds(0), expiring), "pass");
  EXPECT_EQ(after(seconds(100), expiring), "pass");
  EXPECT_EQ(after(seconds(101), expiring), "fail: the signature has expired");
  EXPECT_EQ(after(seconds(0), signed_with("x=" + std::to_string(now_ - 1) + ";")),
            "permerror: it expires before it was made");
  EXPECT_EQ(after(seconds(0), signed_with("x=soon;")), "permerror: the tag \"x\" is no number");
  EXPECT_EQ(after(seconds(-600), signed_with("")), "pass") << "a clock may be behind";
  EXPECT_EQ(after(seconds(-1000), signed_with("")), "fail: the signature is from the future");
}

TEST_F(SignatureTags, TheyMayBeOfAPartOfTheBody) {
  const std::string body = "Hello, Bob.\r\n";
  const auto whole = signed_with("l=" + std::to_string(body.size()) + ";");
  EXPECT_EQ(after({}, whole), "pass");
  EXPECT_EQ(after({}, whole + "appended\r\n"), "pass");
  EXPECT_EQ(after({}, replaced(whole, "Hello, Bob", "Hello, Rob")), "fail: the body has changed");
  EXPECT_EQ(after({}, signed_with("l=1000;")), "fail: the body is shorter than what was signed");
  EXPECT_EQ(after({}, signed_with("l=5;")), "fail: the body has changed") << "the hash is of all of it";
  EXPECT_EQ(after({}, signed_with("l=-1;")), "permerror: the tag \"l\" is no number");
  EXPECT_EQ(after({}, signed_with("l=99999999999999999999999;")), "permerror: the tag \"l\" is no number");
}

TEST_F(SignatureTags, FlagsOfTheKeyCount) {
  const auto below = signed_with("i=bob@sub.example.com;");
  EXPECT_EQ(after({}, below), "pass");
  publish("t=s; ");
  EXPECT_EQ(after({}, below), "permerror: the identity is not of the key's very domain");
  EXPECT_EQ(after({}, signed_with("i=bob@example.com;")), "pass");
  publish("t=y:s; ");
  EXPECT_TRUE(verify_signatures(signed_with(""), resolver_).front().is_testing);
  resolver_ = FakeResolver();
  resolver_.add_txt("s1._domainkey.example.com", "v=DKIM1; k=ed25519; p=");
  EXPECT_EQ(after({}, signed_with("")), "permerror: the key was revoked");
}

TEST_F(SignatureTags, TenThousandOfThemCostLittle) {
  std::string tags;
  for (int i = 0; i < 10'000; ++i) tags += "x" + std::to_string(i) + "=y; ";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(after({}, signed_with(tags)), "permerror: too many tags");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_THAT(resolver_.asked, ::testing::IsEmpty());
}

TEST_F(SignatureTags, AFewOfThousandsOfSignaturesAreLookedAt) {
  const auto one = signed_with("");
  const auto field = one.substr(0, one.size() - plain.size());
  std::string many;
  for (int i = 0; i < 500; ++i) many += field;
  EXPECT_THAT(verify_signatures(many + std::string(plain), resolver_), ::testing::SizeIs(most_signatures));
  EXPECT_LE(resolver_.asked.size(), most_signatures);
}

// RFC 6376 section 3.4.5 and sections 3.4.3, 3.4.4: known hashes.
TEST(Dkim, EmptyBodiesHaveTheHashesOfTheRfc) {
  const auto hash = [](Canonical form) {
    MessageDigest digest([form](const auto&) { return std::vector<BodyHashing>{{.form = form}}; });
    digest.put("From: a@b\r\n\r\n");
    digest.finish();
    return base::base64_encode(digest.body_hash({.form = form}).value());
  };
  EXPECT_EQ(hash(Canonical::simple), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  EXPECT_EQ(hash(Canonical::relaxed), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

}  // namespace
}  // namespace godwit::mailauth
