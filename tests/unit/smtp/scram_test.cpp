// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/scram.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "smtp/sha256.hpp"

namespace godwit::smtp {
namespace {

using Failure = ScramServer::Failure;
using Variant = ScramServer::Variant;
using ::testing::StartsWith;

// RFC 7677 section 3.
constexpr const char* standard_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr const char* standard_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr const char* standard_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

ScramKeys keys_of(std::string_view password) {
  return make_scram_keys(password, *base::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
}

std::string exclusive_or(std::string a, std::string_view b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

// What an honest client answers to a challenge.
std::string answer(std::string_view password, const std::string& header, const std::string& binding,
                   const std::string& first_bare, const std::string& challenge) {
  const std::string nonce = challenge.substr(2, challenge.find(',') - 2);
  const std::string without_proof = "c=" + base::base64_encode(header + binding) + ",r=" + nonce;
  const std::string salted = pbkdf2_sha256(password, *base::base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  const std::string client_key = hmac_sha256(salted, "Client Key");
  const std::string signature = hmac_sha256(sha256(client_key), first_bare + "," + challenge + "," + without_proof);
  return without_proof + ",p=" + base::base64_encode(exclusive_or(client_key, signature));
}

TEST(Scram, FollowsTheExampleOfTheStandard) {
  ScramServer server(Variant::plain, false, {}, standard_nonce);
  EXPECT_EQ(server.client_first(standard_first), "user");
  EXPECT_EQ(server.server_first(keys_of("pencil")),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(server.client_final(standard_final), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST(Scram, WrongPasswordIsRejected) {
  ScramServer server(Variant::plain, false, {}, standard_nonce);
  ASSERT_TRUE(server.client_first(standard_first));
  server.server_first(keys_of("pen"));
  EXPECT_EQ(server.client_final(standard_final).error(), Failure::rejected);
}

TEST(Scram, EveryChangedByteOfTheLastMessageIsRefused) {
  const std::string right = standard_final;
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::string changed = right;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    ScramServer server(Variant::plain, false, {}, standard_nonce);
    ASSERT_TRUE(server.client_first(standard_first));
    server.server_first(keys_of("pencil"));
    EXPECT_FALSE(server.client_final(changed)) << changed;
  }
}

std::expected<std::string, Failure> bound(Variant variant, bool offered, const ChannelBindings& ours,
                                          const std::string& header, const std::string& theirs) {
  ScramServer server(variant, offered, ours, standard_nonce);
  const std::string first_bare = "n=user,r=abc";
  if (const auto user = server.client_first(header + first_bare); !user) return user;
  const std::string challenge = server.server_first(keys_of("pencil"));
  return server.client_final(answer("pencil", header, theirs, first_bare, challenge));
}

TEST(Scram, PlusBindsToEitherKind) {
  const ChannelBindings ours{.exporter = "the exporter", .end_point = "the certificate"};
  EXPECT_TRUE(bound(Variant::plus, true, ours, "p=tls-exporter,,", "the exporter"));
  EXPECT_TRUE(bound(Variant::plus, true, ours, "p=tls-server-end-point,,", "the certificate"));
}

TEST(Scram, PlusRefusesAnotherChannel) {
  const ChannelBindings ours{.exporter = "the exporter", .end_point = {}};
  EXPECT_EQ(bound(Variant::plus, true, ours, "p=tls-exporter,,", "another's").error(), Failure::rejected);
  EXPECT_EQ(bound(Variant::plus, true, ours, "p=tls-exporter,,", "").error(), Failure::rejected);
  EXPECT_EQ(bound(Variant::plus, true, ours, "p=tls-server-end-point,,", "").error(), Failure::rejected)
      << "we have none";
  EXPECT_EQ(bound(Variant::plus, true, ours, "p=tls-unique,,", "the exporter").error(), Failure::rejected);
  EXPECT_EQ(bound(Variant::plus, true, ours, "n,,", "").error(), Failure::malformed) << "-PLUS without a binding";
  EXPECT_EQ(bound(Variant::plain, true, ours, "p=tls-exporter,,", "the exporter").error(), Failure::malformed);
}

TEST(Scram, HiddenPlusIsNoticed) {
  const ChannelBindings ours{.exporter = "the exporter", .end_point = {}};
  EXPECT_EQ(bound(Variant::plain, true, ours, "y,,", "").error(), Failure::rejected);
  EXPECT_TRUE(bound(Variant::plain, false, {}, "y,,", "")) << "it was not offered";
  EXPECT_TRUE(bound(Variant::plain, true, ours, "n,,", "")) << "the client cannot bind";
}

TEST(Scram, NobodyActsForAnother) {
  EXPECT_TRUE(bound(Variant::plain, false, {}, "n,a=user,", ""));
  EXPECT_EQ(bound(Variant::plain, false, {}, "n,a=other,", "").error(), Failure::rejected);
}

std::expected<std::string, Failure> user_of(std::string_view message) {
  ScramServer server(Variant::plain, false, {}, standard_nonce);
  return server.client_first(message);
}

TEST(Scram, UserNamesAreDecodedAndPrepared) {
  EXPECT_EQ(user_of("n,,n=a=2Cb=3Dc,r=x"), "a,b=c");
  EXPECT_EQ(user_of("n,,n=I\u00ADX,r=x"), "IX");
  EXPECT_EQ(user_of("n,,n=user,r=x,z=later"), "user") << "extensions may follow";
  EXPECT_EQ(user_of("n,,n=\x07,r=x").error(), Failure::rejected);
}

TEST(Scram, RefusesWhatIsNoFirstMessage) {
  for (const char* message :
       {"", "n", "n,", "n,,", "n,,n=user", "n,,r=x,n=user", "n,,n=,r=x", "n,,n=user,r=", "n,,n=us=er,r=x",
        "n,,n=user=2,r=x", "n,,m=must,n=user,r=x", "n,,n=user,r=x,m=must", "n,,n=user,r=a b", "x,,n=user,r=x",
        "n,b=user,n=user,r=x", "n,a=,n=user,r=x", "n,,n=\xFF,r=x", "p=,,n=user,r=x", "n,,n=user,r=x,"})
    EXPECT_EQ(user_of(message).error(), Failure::malformed) << message;
  EXPECT_EQ(user_of("n,,n=user,r=" + std::string(5000, 'x')).error(), Failure::malformed);
}

TEST(Scram, RefusesWhatIsNoLastMessage) {
  for (const char* message : {"", "p=", "c=biws", "c=biws,r=x", "c=biws,r=x,p=", "c=biws,r=x,p=AAAA",
                              "r=x,c=biws,p=AAAA", "c=biws,r=x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ"}) {
    ScramServer server(Variant::plain, false, {}, standard_nonce);
    ASSERT_TRUE(server.client_first(standard_first));
    server.server_first(keys_of("pencil"));
    EXPECT_EQ(server.client_final(message).error(), Failure::malformed) << message;
  }
}

TEST(Scram, KeysAreReadAsWritten) {
  const ScramKeys keys = keys_of("pencil");
  EXPECT_THAT(to_string(keys), StartsWith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"));
  EXPECT_EQ(parse_scram_keys(to_string(keys)), keys);
}

TEST(Scram, RefusesWhatAreNoKeys) {
  const std::string key = base::base64_encode(std::string(32, 'k'));
  EXPECT_TRUE(parse_scram_keys("SCRAM-SHA-256$1:c2FsdA==$" + key + ":" + key));
  for (const std::string& text :
       {std::string(), std::string("SCRAM-SHA-256$"), "SCRAM-SHA-1$1:c2FsdA==$" + key + ":" + key,
        "SCRAM-SHA-256$0:c2FsdA==$" + key + ":" + key, "SCRAM-SHA-256$99999999:c2FsdA==$" + key + ":" + key,
        "SCRAM-SHA-256$1:$" + key + ":" + key, "SCRAM-SHA-256$1:c2FsdA$" + key + ":" + key,
        "SCRAM-SHA-256$1:c2FsdA==$" + key, "SCRAM-SHA-256$1:c2FsdA==$a2V5:" + key,
        "SCRAM-SHA-256$1:c2FsdA==$" + key + ":" + key + "$"})
    EXPECT_FALSE(parse_scram_keys(text)) << text;
}

TEST(Scram, DecoysAreSteadyAndLookLikeOthers) {
  const ScramKeys like = keys_of("pencil");
  const ScramKeys decoy = decoy_scram_keys("nobody", "secret", like);
  EXPECT_EQ(decoy, decoy_scram_keys("nobody", "secret", like));
  EXPECT_EQ(decoy.salt.size(), like.salt.size());
  EXPECT_EQ(decoy.iterations, like.iterations);
  EXPECT_NE(decoy.salt, decoy_scram_keys("nobody2", "secret", like).salt);
  EXPECT_NE(decoy.salt, decoy_scram_keys("nobody", "another", like).salt);
}

}  // namespace
}  // namespace godwit::smtp
