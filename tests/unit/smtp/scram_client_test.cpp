// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/scram_client.hpp"

#include <gmock/gmock.h>

#include "godwit/base/encoding.hpp"
#include "godwit/smtp/scram.hpp"

namespace godwit::smtp {
namespace {

using ::testing::HasSubstr;
using Use = ScramChannel::Use;

// RFC 7677 section 3.
constexpr const char* example_nonce = "rOprNGfwEbeRWgbNEkqO";
constexpr const char* example_challenge =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

ScramClientKeys keys_for(const ScramClient::Question& question, std::string_view password = "pencil") {
  return make_scram_client_keys(password, question.salt, question.iterations);
}

TEST(ScramClient, FollowsTheExampleOfTheStandard) {
  ScramClient client("user", example_nonce, {});
  EXPECT_EQ(client.client_first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto question = client.question(example_challenge);
  ASSERT_TRUE(question);
  EXPECT_EQ(client.client_final(keys_for(*question)),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.is_genuine("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  for (const auto* forged : {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "e=other-error", "", "x"})
    EXPECT_FALSE(client.is_genuine(forged)) << forged;
}

TEST(ScramClient, NobodyIsGenuineBeforeTheProof) {
  EXPECT_FALSE(ScramClient("user", example_nonce, {}).is_genuine("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

TEST(ScramClient, AgreesWithTheServerOfEveryKindOfChannel) {
  struct Row {
    ScramChannel channel;
    ScramServer::Variant variant;
    bool plus_offered;
  };
  const Row rows[] = {
      {{}, ScramServer::Variant::plain, true},
      {{.use = Use::not_offered, .type = "tls-exporter", .bytes = "x"}, ScramServer::Variant::plain, false},
      {{.use = Use::bound, .type = "tls-exporter", .bytes = "channel"}, ScramServer::Variant::plus, true},
      {{.use = Use::bound, .type = "tls-server-end-point", .bytes = "hash"}, ScramServer::Variant::plus, true},
  };
  for (const auto& row : rows) {
    ScramServer server(row.variant, row.plus_offered, {.exporter = "channel", .end_point = "hash"}, "server");
    ScramClient client("a,b=c", "client", row.channel);
    EXPECT_EQ(server.client_first(client.client_first()), "a,b=c");
    const auto question = client.question(server.server_first(make_scram_keys("secret", "salt", 4096)));
    ASSERT_TRUE(question) << question.error();
    const auto word = server.client_final(client.client_final(keys_for(*question, "secret")));
    ASSERT_TRUE(word) << row.channel.type;
    EXPECT_TRUE(client.is_genuine(*word));
  }
}

TEST(ScramClient, AChannelThatIsAnothersIsNoticed) {
  ScramServer server(ScramServer::Variant::plus, true, {.exporter = "theirs", .end_point = {}}, "server");
  ScramClient client("user", "client", {.use = Use::bound, .type = "tls-exporter", .bytes = "ours"});
  ASSERT_TRUE(server.client_first(client.client_first()));
  const auto question = client.question(server.server_first(make_scram_keys("secret", "salt", 4096)));
  ASSERT_TRUE(question);
  EXPECT_FALSE(server.client_final(client.client_final(keys_for(*question, "secret"))));
}

TEST(ScramClient, ChallengesThatAreNoneAreNotAnswered) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "cannot be read"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==", "cannot be read"},
      {"m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "cannot be read"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=*,i=4096", "cannot be read"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096", "cannot be read"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1", "cannot be read"},
      {"r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "no answer to ours"},
      {"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "no answer to ours"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "1 iterations are asked for"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000", "4000000000 iterations are asked for"},
  };
  for (const auto& [challenge, why] : rows) {
    ScramClient client("user", example_nonce, {});
    const auto question = client.question(challenge);
    ASSERT_FALSE(question) << challenge;
    EXPECT_THAT(question.error(), HasSubstr(why)) << challenge;
  }
  ScramClient client("user", example_nonce, {});
  EXPECT_FALSE(client.question(std::string(example_challenge) + std::string(5000, ',')));
}

}  // namespace
}  // namespace godwit::smtp
