// SPDX-License-Identifier: Apache-2.0
// TLS over sockets; what needs no socket is in tests/unit/net/tls_test.cpp.
#include "godwit/net/tls.hpp"

#include "godwit/net/await_callback.hpp"
#include "loopback.hpp"
#include "support/test_certificate.hpp"

namespace godwit::net {
namespace {

using namespace std::chrono_literals;

class TlsLoopback : public Loopback {
 protected:
  TlsLoopback() {
    TlsSettings settings;
    settings.certificates = {testing::make_certificate(folder, "first", {.names = {"mail.example.com"}})};
    settings.ca_file = settings.certificates[0].certificate;
    server = TlsServerContext::load(settings).value();
    client = TlsClientContext::load(settings).value();
  }
  testing::TemporaryFolder folder;
  std::shared_ptr<const TlsServerContext> server;
  std::shared_ptr<const TlsClientContext> client;
  std::array<char, 65536> buffer{};
};

Task<std::size_t> count_to_end(Stream& stream, std::span<char> scratch) {
  std::size_t total = 0;
  for (;;) {
    auto got = co_await read_some(stream, scratch, base::no_deadline);
    if (!got && got.error().kind == base::ErrorKind::closed) co_return total;
    if (!got) co_return std::unexpected(got.error());
    total += *got;
  }
}

Task<> write_and_end(Stream& stream, std::string bytes) {
  auto written = co_await write_all(stream, bytes, base::no_deadline);
  stream.shutdown();
  co_return written;
}

TEST_F(TlsLoopback, CarriesMuchMoreThanTheSocketsHold) {
  auto pair = connect();
  auto [accepted, connected] =
      run(tls_accept(std::move(pair.server), server, in(20s)),
          tls_connect(std::move(pair.client), client,
                      {.server_name = "mail.example.com", .names = {"mail.example.com"}}, in(20s)));
  ASSERT_TRUE(accepted.has_value()) << accepted.error().message;
  ASSERT_TRUE(connected.has_value()) << connected.error().message;
  const std::size_t size = 8U << 20U;
  auto [sent, received] = run(write_and_end(**connected, std::string(size, 'x')), count_to_end(**accepted, buffer));
  EXPECT_TRUE(sent.has_value());
  EXPECT_EQ(received.value(), size);
}

TEST_F(TlsLoopback, AnIdleSessionTimesOutIsInterruptedAndGoesOn) {
  auto pair = connect();
  auto [accepted, connected] = run(tls_accept(std::move(pair.server), server, in(20s)),
                                   tls_connect(std::move(pair.client), client, {}, in(20s)));
  ASSERT_TRUE(accepted && connected);
  EXPECT_EQ(std::get<0>(run(read_some(**accepted, buffer, in(10ms)))).error().kind, base::ErrorKind::timed_out);
  const auto interrupt = [](Network& network, base::MonoTime when, Stream& stream) -> Task<> {
    auto slept = co_await network.sleep_until(when);
    stream.interrupt();
    co_return slept;
  };
  auto [read, done] = run(read_some(**accepted, buffer, in(20s)), interrupt(reactor.network(), in(10ms), **accepted));
  EXPECT_EQ(read.error().kind, base::ErrorKind::cancelled);
  auto [got, sent] = run(read_some(**accepted, buffer, in(20s)), write_all(**connected, "hello", in(20s)));
  EXPECT_EQ(got.value(), 5U);
}

TEST_F(TlsLoopback, AnIdleSessionParksAfterATryThatWouldBlock) {
  auto pair = connect();
  auto [accepted, connected] = run(tls_accept(std::move(pair.server), server, in(20s)),
                                   tls_connect(std::move(pair.client), client, {}, in(20s)));
  ASSERT_TRUE(accepted && connected);
  Stream& stream = **accepted;
  EXPECT_FALSE(stream.can_park()) << "bytes may lie in OpenSSL";
  ASSERT_EQ(stream.try_read(buffer).status, IoResult::Status::would_block);
  ASSERT_TRUE(stream.can_park());
  auto park = [&stream, until = in(20s)](auto done) {
    stream.park(until, [done = std::move(done)]() mutable { done(base::Result<>()); });
  };
  auto [called, sent] = run(await_callback<base::Result<>>(park), write_all(**connected, "hello", in(20s)));
  EXPECT_TRUE(called && sent);
  EXPECT_EQ(stream.try_read(buffer).bytes, 5U);
}

TEST_F(TlsLoopback, APeerThatHangsUpDuringTheHandshakeIsClosed) {
  auto pair = connect();
  pair.client.reset();
  auto [accepted] = run(tls_accept(std::move(pair.server), server, in(20s)));
  EXPECT_EQ(accepted.error().kind, base::ErrorKind::closed);
}

TEST_F(TlsLoopback, ASilentPeerTimesOut) {
  auto pair = connect();
  auto [connected] = run(tls_connect(std::move(pair.client), client, {}, in(20ms)));
  EXPECT_EQ(connected.error().kind, base::ErrorKind::timed_out);
}

TEST_F(TlsLoopback, AServerThatSpeaksSmtpInsteadIsNamed) {
  auto pair = connect();
  auto [connected, sent] = run(tls_connect(std::move(pair.client), client, {}, in(20s)),
                               write_all(*pair.server, "220 mail.example.com ESMTP\r\n", in(20s)));
  EXPECT_EQ(connected.error().message, "not TLS: the peer's first bytes are \"220 mail.example\"");
}

}  // namespace
}  // namespace godwit::net
