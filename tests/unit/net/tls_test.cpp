// SPDX-License-Identifier: Apache-2.0
// TLS over streams in memory, which block and split wherever they can.
#include "godwit/net/client_authorities.hpp"

#include <array>

#include <gmock/gmock.h>

#include "support/run_on.hpp"
#include "support/scripted_stream.hpp"
#include "support/test_certificate.hpp"
#include "support/trickling_stream.hpp"

// GCC 12 sees through the operator new of Asio's frames but not through their delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace godwit::net {
namespace {

using ::testing::AnyOf;
using testing::FailCount;
using ::testing::HasSubstr;
using testing::KeyType;
using testing::make_certificate;
using testing::run_on;
using testing::run_together;
using testing::ScriptedStream;
using ::testing::StartsWith;
using testing::StreamManners;

constexpr base::MonoTime tls_deadline(std::chrono::seconds(1));
using Secured = base::Result<std::unique_ptr<Stream>>;

Task<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string all(size, '\0');
  for (std::size_t have = 0; have < size;) {
    auto got = co_await read_some(stream, std::span(all).subspan(have), base::no_deadline);
    if (!got) co_return std::unexpected(got.error());
    have += *got;
  }
  co_return all;
}

class Tls : public ::testing::Test {
 protected:
  struct Both {
    Secured server;
    Secured client;
  };
  Tls() : certificate(make_certificate(folder, "first", {.names = {"mail.example.com", "*.example.net"}})) {
    server_settings.certificates = {certificate};
    client_settings.ca_file = certificate.certificate;  // the certificate is its own authority
  }

  Both shake_hands(TlsClientOptions options = {}, StreamManners server = {}, StreamManners client = {}) {
    auto [a, b] = ScriptedStream::make_pair(io.get_executor(), server, client);
    auto accepting = TlsServerContext::load(server_settings);
    auto connecting = TlsClientContext::load(client_settings);
    EXPECT_TRUE(accepting.has_value()) << accepting.error().message;
    EXPECT_TRUE(connecting.has_value()) << connecting.error().message;
    auto [accepted, connected] = run_together(io, tls_accept(std::move(a), *accepting, base::no_deadline),
                                              tls_connect(std::move(b), *connecting, options, base::no_deadline));
    return {std::move(accepted), std::move(connected)};
  }
  // What a server says of a peer that sends `bytes` and ends.
  base::Error accept_error(std::string_view bytes) {
    auto stream = std::make_unique<ScriptedStream>(io.get_executor());
    stream->feed(bytes);
    stream->feed_end();
    return accept_error(std::move(stream));
  }
  base::Error accept_error(std::unique_ptr<ScriptedStream> stream) {
    auto accepted =
        run_on(io, tls_accept(std::move(stream), TlsServerContext::load(server_settings).value(), tls_deadline));
    EXPECT_FALSE(accepted.has_value());
    return accepted ? base::Error{} : accepted.error();
  }

  testing::TemporaryFolder folder;
  CertificateSettings certificate;
  TlsSettings server_settings;
  TlsSettings client_settings;
  boost::asio::io_context io;
};

TEST_F(Tls, CarriesBytesBothWaysHoweverTheLowerStreamBlocksAndSplits) {
  // The capacity holds a session ticket, which the server writes when the client may be done already.
  const StreamManners rude{.read_at_most = 7, .write_at_most = 11, .capacity = 400, .block_first = true};
  for (const auto& manners : {StreamManners{}, rude}) {
    auto both = shake_hands({}, manners, manners);
    ASSERT_TRUE(both.server.has_value()) << both.server.error().message;
    ASSERT_TRUE(both.client.has_value()) << both.client.error().message;
    std::string question, answer;
    for (int i = 0; i < 5000; ++i) question += std::to_string(i);
    answer = question + question;
    auto [asked, heard, answered, understood] = run_together(
        io, write_all(**both.client, question, base::no_deadline), read_exactly(**both.server, question.size()),
        write_all(**both.server, answer, base::no_deadline), read_exactly(**both.client, answer.size()));
    EXPECT_TRUE(asked.has_value());
    EXPECT_TRUE(answered.has_value());
    EXPECT_TRUE(heard.value() == question);
    EXPECT_TRUE(understood.value() == answer);
  }
}

TEST_F(Tls, DescribesWhatWasAgreed) {
  auto both = shake_hands({.server_name = "mail.example.com", .names = {"mail.example.com"}});
  ASSERT_TRUE(both.server && both.client) << both.client.error().message;
  const TlsInfo& server = *(*both.server)->tls_info();
  const TlsInfo& client = *(*both.client)->tls_info();
  EXPECT_EQ(server.version, "TLSv1.3");
  EXPECT_THAT(server.cipher, StartsWith("TLS_"));
  EXPECT_EQ(server.server_name, "mail.example.com");
  EXPECT_EQ(server.peer_subject, "");
  EXPECT_EQ(client.peer_subject, "CN=mail.example.com");
  EXPECT_EQ(client.verify, "ok");
  EXPECT_EQ(client.channel_binding.size(), 32U);
  EXPECT_EQ(client.channel_binding, server.channel_binding);
  EXPECT_EQ(client.end_point.size(), 32U);
  EXPECT_EQ(client.end_point, server.end_point);
  EXPECT_NE(client.end_point, client.channel_binding);
}

TEST_F(Tls, AClientShowsTheCertificateThatItIsTold) {
  const auto own = make_certificate(folder, "own", {.names = {"relay.example.com"}});
  auto authorities = ClientAuthorities::load(own.certificate);
  ASSERT_TRUE(authorities.has_value()) << authorities.error().message;
  client_settings.client_certificates = {own};
  for (const bool shown : {true, false}) {
    auto [a, b] = ScriptedStream::make_pair(io.get_executor(), {}, {});
    TlsClientOptions options{.certificate = shown ? own.certificate : ""};
    auto [accepted, connected] = run_together(
        io, tls_accept(std::move(a), TlsServerContext::load(server_settings).value(), base::no_deadline, *authorities),
        tls_connect(std::move(b), TlsClientContext::load(client_settings).value(), options, base::no_deadline));
    ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
    EXPECT_EQ((*accepted)->tls_info()->peer_subject, shown ? "CN=relay.example.com" : "");
    EXPECT_EQ((*accepted)->tls_info()->verify, shown ? "ok" : "");
  }
  client_settings.client_certificates = {{.certificate = own.certificate, .private_key = certificate.private_key}};
  EXPECT_FALSE(TlsClientContext::load(client_settings).has_value());
}

// The client of this test shows no certificate.
TEST_F(Tls, AsksClientsForCertificatesAndGoesOnWithoutOne) {
  auto authorities = ClientAuthorities::load(certificate.certificate);
  ASSERT_TRUE(authorities.has_value()) << authorities.error().message;
  auto [a, b] = ScriptedStream::make_pair(io.get_executor(), {}, {});
  auto [accepted, connected] = run_together(
      io, tls_accept(std::move(a), TlsServerContext::load(server_settings).value(), base::no_deadline, *authorities),
      tls_connect(std::move(b), TlsClientContext::load(client_settings).value(), {}, base::no_deadline));
  ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
  EXPECT_EQ((*accepted)->tls_info()->peer_subject, "");
  EXPECT_EQ((*accepted)->tls_info()->verify, "");
}

TEST_F(Tls, NamesAnAuthorityFileThatIsNone) {
  const auto none = ClientAuthorities::load(folder.write("none.pem", "nothing\n"));
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().kind, base::ErrorKind::invalid);
  EXPECT_THAT(none.error().message, HasSubstr("none.pem: no PEM certificates in it"));
  EXPECT_FALSE(ClientAuthorities::load(folder / "missing.pem").has_value());
}

TEST_F(Tls, RefusesACertificateNobodyTrustsOnlyWhenItMustVerify) {
  const auto other = make_certificate(folder, "other", {.names = {"mail.example.com"}});
  client_settings.ca_file = other.certificate;
  auto verified = shake_hands({.server_name = "mail.example.com", .names = {"mail.example.com"}});
  ASSERT_FALSE(verified.client.has_value());
  EXPECT_EQ(verified.client.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(verified.client.error().message, StartsWith("certificate verify failed: "));
  ASSERT_FALSE(verified.server.has_value());
  EXPECT_THAT(verified.server.error().message, HasSubstr("alert"));

  auto opportunistic = shake_hands({.server_name = "mail.example.com", .names = {}});
  ASSERT_TRUE(opportunistic.client.has_value());
  EXPECT_THAT((*opportunistic.client)->tls_info()->verify, HasSubstr("self-signed certificate"));
}

TEST_F(Tls, RefusesACertificateOfAnotherName) {
  auto both = shake_hands({.server_name = "mail.example.com", .names = {"mx.example.org"}});
  ASSERT_FALSE(both.client.has_value());
  EXPECT_EQ(both.client.error().message, "certificate verify failed: hostname mismatch");
  auto wildcard = shake_hands({.server_name = "mx.example.net", .names = {"mx.example.net"}});
  EXPECT_TRUE(wildcard.client.has_value());
  auto deeper = shake_hands({.server_name = "a.mx.example.net", .names = {"a.mx.example.net"}});
  EXPECT_FALSE(deeper.client.has_value());
}

TEST_F(Tls, AnExpiredCertificateIsRefusedWhenItMustVerify) {
  const auto old =
      make_certificate(folder, "old", {.names = {"mail.example.com"}, .valid_from = -7200, .valid_for = 3600});
  server_settings.certificates = {old};
  client_settings.ca_file = old.certificate;
  auto both = shake_hands({.server_name = {}, .names = {"mail.example.com"}});
  ASSERT_FALSE(both.client.has_value());
  EXPECT_EQ(both.client.error().message, "certificate verify failed: certificate has expired");
}

TEST_F(Tls, ServerNamePicksTheCertificate) {
  server_settings.certificates.push_back(make_certificate(folder, "second", {.names = {"mail.example.org"}}));
  server_settings.certificates.push_back(make_certificate(folder, "third", {.names = {"star", "*.example.org"}}));
  const auto subject = [&](const std::string& name) {
    auto both = shake_hands({.server_name = name, .names = {}});
    return both.client ? (*both.client)->tls_info()->peer_subject : both.client.error().message;
  };
  EXPECT_EQ(subject("mail.example.com"), "CN=mail.example.com");
  EXPECT_EQ(subject("mx.example.net"), "CN=mail.example.com");
  EXPECT_EQ(subject("MAIL.example.org"), "CN=mail.example.org");
  EXPECT_EQ(subject("mail.example.org."), "CN=mail.example.org");
  EXPECT_EQ(subject("mx.example.org"), "CN=star");
  EXPECT_EQ(subject("elsewhere.example"), "CN=mail.example.com");
  EXPECT_EQ(subject("192.0.2.1"), "CN=mail.example.com");
  EXPECT_EQ(subject(""), "CN=mail.example.com");
}

TEST_F(Tls, AnRsaAndAnEcdsaCertificateMayShareAName) {
  server_settings.certificates.push_back(
      make_certificate(folder, "rsa", {.names = {"mail.example.com"}, .key = KeyType::rsa}));
  EXPECT_TRUE(TlsServerContext::load(server_settings).has_value());
  auto both = shake_hands({.server_name = "mail.example.com", .names = {"mail.example.com"}});
  EXPECT_TRUE(both.client.has_value());
}

TEST_F(Tls, VersionsThatDoNotMeetAreNamed) {
  server_settings.minimum_version = "1.3";
  EXPECT_TRUE(shake_hands().client.has_value());
  server_settings.minimum_version = "1.1";
  auto loaded = TlsServerContext::load(server_settings);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("\"1.1\""));
}

TEST_F(Tls, SaysWhatAPeerWithoutTlsSent) {
  const auto error = accept_error("EHLO client.example\r\n");
  EXPECT_EQ(error.kind, base::ErrorKind::refused);
  EXPECT_EQ(error.message, "not TLS: the peer's first bytes are \"EHLO client.exam\"");
}

TEST_F(Tls, SaysThatThePeerClosedDuringTheHandshake) {
  for (const std::string_view bytes : {std::string_view(), std::string_view("\x16\x03\x01", 3)}) {
    const auto error = accept_error(bytes);
    EXPECT_EQ(error.kind, base::ErrorKind::closed);
    EXPECT_EQ(error.message, "peer closed during handshake");
  }
}

TEST_F(Tls, GarbageThatLooksLikeTlsIsRefused) {
  const auto error = accept_error(std::string("\x16\x03\x01\x00\x05xxxxxxxxxxxx", 17));
  EXPECT_EQ(error.kind, base::ErrorKind::refused) << error.message;
}

TEST_F(Tls, ASilentPeerTimesOut) {
  const auto error = accept_error(std::make_unique<ScriptedStream>(io.get_executor()));
  EXPECT_EQ(error.kind, base::ErrorKind::timed_out);
  EXPECT_EQ(error.message, "TLS handshake: timed out");
}

TEST_F(Tls, ACancelledHandshakeSaysSo) {
  auto stream = std::make_unique<ScriptedStream>(io.get_executor());
  stream->cancel();
  EXPECT_EQ(accept_error(std::move(stream)).kind, base::ErrorKind::cancelled);
}

TEST_F(Tls, AHandshakeFailsOnBothSidesWhicheverOperationFails) {
  for (std::size_t n = 0;; ++n) {
    ASSERT_LT(n, 200U);
    FailCount fail(n);
    auto both = shake_hands({}, {.block_first = true, .fail = &fail}, {.block_first = true});
    if (!fail.happened()) break;
    if (both.server.has_value()) continue;
    EXPECT_THAT(both.server.error().kind, AnyOf(base::ErrorKind::closed, base::ErrorKind::refused));
  }
}

// RFC 8446 section 6.1: an end without close_notify may be an attacker's cut.
TEST_F(Tls, AnEndWithoutCloseNotifyIsAFailure) {
  auto [a, b] = ScriptedStream::make_pair(io.get_executor());
  ScriptedStream* const below = b.get();
  auto [server, client] =
      run_together(io, tls_accept(std::move(a), TlsServerContext::load(server_settings).value(), base::no_deadline),
                   tls_connect(std::move(b), TlsClientContext::load(client_settings).value(), {}, base::no_deadline));
  ASSERT_TRUE(server && client);
  below->shutdown();
  std::array<char, 10> buffer{};
  IoResult result = (*server)->try_read(buffer);
  EXPECT_EQ(result.status, IoResult::Status::failed);
  EXPECT_EQ(result.os_error, ECONNRESET);
  EXPECT_EQ(run_on(io, read_some(**server, buffer, tls_deadline)).error().kind, base::ErrorKind::closed);
}

TEST_F(Tls, CloseNotifyIsAnEnd) {
  auto both = shake_hands();
  ASSERT_TRUE(both.server && both.client);
  (*both.client)->shutdown();
  std::array<char, 10> buffer{};
  EXPECT_EQ((*both.server)->try_read(buffer).status, IoResult::Status::end);
}

TEST_F(Tls, DamagedRecordsAreAFailure) {
  auto [a, b] = ScriptedStream::make_pair(io.get_executor());
  ScriptedStream* const below = a.get();
  auto [server, client] =
      run_together(io, tls_accept(std::move(a), TlsServerContext::load(server_settings).value(), base::no_deadline),
                   tls_connect(std::move(b), TlsClientContext::load(client_settings).value(), {}, base::no_deadline));
  ASSERT_TRUE(server && client);
  below->feed(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  std::array<char, 10> buffer{};
  const IoResult result = (*server)->try_read(buffer);
  EXPECT_EQ(result.status, IoResult::Status::failed);
  EXPECT_EQ(result.os_error, EPROTO);
}

TEST_F(Tls, EveryUnusableCertificateIsNamedAtOnce) {
  const auto encrypted = make_certificate(folder, "encrypted", {.names = {"a"}, .passphrase = "secret"});
  server_settings.certificates = {{.certificate = folder / "missing.crt", .private_key = certificate.private_key},
                                  encrypted,
                                  {.certificate = certificate.certificate, .private_key = certificate.certificate}};
  auto loaded = TlsServerContext::load(server_settings);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("missing.crt: No such file"));
  EXPECT_THAT(loaded.error().message, HasSubstr("encrypted.key: the private key is encrypted"));
  EXPECT_THAT(loaded.error().message, HasSubstr("first.crt: no PEM private key in it"));
}

TEST_F(Tls, AMissingCaFileIsNamed) {
  client_settings.ca_file = folder / "none.pem";
  auto loaded = TlsClientContext::load(client_settings);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().kind, base::ErrorKind::not_found);
  client_settings.ca_file = certificate.private_key;
  EXPECT_FALSE(TlsClientContext::load(client_settings).has_value());
  client_settings.ca_file.clear();
  EXPECT_TRUE(TlsClientContext::load(client_settings).has_value());
}

class CheckCertificate : public Tls {};

TEST_F(CheckCertificate, GivesTheFactsOfAGoodOne) {
  const auto facts = check_certificate(certificate);
  ASSERT_TRUE(facts.has_value()) << facts.error().message;
  EXPECT_EQ(facts->subject, "CN=mail.example.com");
  EXPECT_THAT(facts->names, ::testing::ElementsAre("mail.example.com", "*.example.net"));
  EXPECT_EQ(facts->key_type, "EC prime256v1");
  const auto now = base::SystemClock().wall();
  EXPECT_LT(facts->not_before, now);
  EXPECT_GT(facts->not_after, now + std::chrono::hours(22));
}

TEST_F(CheckCertificate, SaysThatTheKeyIsAnothers) {
  const auto other = make_certificate(folder, "other", {.names = {"x"}, .key = KeyType::rsa});
  const auto facts = check_certificate({.certificate = certificate.certificate, .private_key = other.private_key});
  ASSERT_FALSE(facts.has_value());
  EXPECT_THAT(facts.error().message, HasSubstr("does not belong to the certificate in"));
}

TEST_F(CheckCertificate, SaysWhatIsNoCertificate) {
  const auto text = folder.write("text", "hello\n");
  const auto facts = check_certificate({.certificate = text, .private_key = certificate.private_key});
  ASSERT_FALSE(facts.has_value());
  EXPECT_THAT(facts.error().message, HasSubstr("no PEM certificate in it"));
  const auto torn = folder.write("torn", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  const auto damaged = check_certificate({.certificate = torn, .private_key = certificate.private_key});
  ASSERT_FALSE(damaged.has_value());
  EXPECT_THAT(damaged.error().message, HasSubstr("damaged certificate"));
}

TEST_F(Tls, HandshakeThatTricklesInHasOneDeadline) {
  using namespace std::chrono_literals;
  testing::ManualClock clock;
  const auto began = clock.now;
  auto stream = std::make_unique<testing::TricklingStream>(io.get_executor(), clock);
  stream->then(0s, std::string_view("\x16\x03\x01\x3f\xff\x01", 6));  // a long record that begins a handshake
  stream->forever(1s, "x");
  auto accepted =
      run_on(io, tls_accept(std::move(stream), TlsServerContext::load(server_settings).value(), began + 60s));
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().kind, base::ErrorKind::timed_out);
  EXPECT_LE(clock.now - began, 60s);
}

}  // namespace
}  // namespace godwit::net
