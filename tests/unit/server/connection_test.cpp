// SPDX-License-Identifier: Apache-2.0
// Connections in virtual time: a client that is slow in every phase, a real spool on a simulated disk.
#include "server/connection.hpp"

#include <array>

#include <gmock/gmock.h>

#include "godwit/mail/header.hpp"
#include "godwit/net/await_callback.hpp"
#include "godwit/server/submissions.hpp"
#include "support/manual_network.hpp"
#include "support/run_on.hpp"
#include "support/sim_disk.hpp"
#include "support/trickling_stream.hpp"

namespace godwit::server {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::ManualNetwork;
using testing::run_on;
using testing::TricklingStream;

constexpr std::string_view envelope =
    "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";

class ConnectionInTime : public ::testing::Test {
 protected:
  ConnectionInTime() : stream_(std::make_unique<TricklingStream>(io_.get_executor(), clock_)) {
    open();
    settings_.hostname = "mail.example.com";
  }
  ~ConnectionInTime() override { close(); }

  void open() {
    // Named, not temporaries of the call: GCC 12 destroys such parameters of a coroutine twice.
    const spool::Settings settings{.directory = "spool", .min_free = 0, .segment_size = 1U << 20U};
    const spool::Executors executors{io_.get_executor(), io_.get_executor(), io_.get_executor()};
    auto opened = run_on(io_, spool::open_spool(settings, disk_, clock_, random_, log::null_logger(), executors));
    spool_ = std::move(opened).value();
  }
  void close() {
    auto stopping = [](spool::Spool& spool) -> boost::asio::awaitable<bool> {
      co_await spool.stop();
      co_return true;
    };
    run_on(io_, stopping(*spool_));
  }

  std::shared_ptr<const Rules> rules() const {
    route::Settings route;
    route.hostname = "mail.example.com";
    route.origin = "example.com";
    route.domains["example.com"].recipients = route::RecipientRule::any;
    return std::make_shared<const Rules>(Rules{.settings = settings_,
                                               .policy = policy_,
                                               .router = std::make_shared<const route::Router>(
                                                   std::move(route), route::Lookups{}, std::vector<base::Endpoint>{}),
                                               .tls = nullptr,
                                               .may_send_as = {}});
  }
  Surroundings surroundings() {
    return Surroundings{.executor = io_.get_executor(),
                        .deadlines = deadlines_,
                        .network = network_,
                        .scratch = scratch_,
                        .spool = *spool_,
                        .users = &users_,
                        .limits = limits_,
                        .acquaintances = acquaintances_,
                        .tarpit = tarpit_,
                        .breaker = breaker_,
                        .start_queue = {},
                        .clock = clock_,
                        .log = log::null_logger()};
  }
  // Serves the prepared client to its end; what it was told.
  std::string serve(smtp::Service service = smtp::Service::mx) {
    auto around = surroundings();
    const auto written = stream_->written();
    began_ = clock_.now;
    ListenerSettings listener;
    listener.tls = smtp::TlsMode::none;
    listener.service = service;
    Connection connection(std::move(stream_), rules(), listener, around);
    parked_ = run_on(io_, running(connection));
    return *written;
  }
  // How often it was parked.
  static boost::asio::awaitable<int> running(Connection& one) {
    int parked = 0;
    for (;; ++parked) {
      co_await one.run();
      if (!one.is_parked()) co_return parked;
      co_await net::await_callback<bool>(
          [&one](auto done) { one.park([done = std::move(done)]() mutable { done(true); }); });
    }
  }
  // The one message in the spool.
  spool::StoredMessage stored() {
    std::optional<base::MessageId> id;
    auto each = [&id](const spool::Summary& summary) {
      id = summary.id;
      return true;
    };
    EXPECT_TRUE(run_on(io_, spool_->for_each_live(spool::Listing::fast, each)));
    return run_on(io_, spool_->read(id.value())).value();
  }
  base::Duration lasted() const { return clock_.now - began_; }

  ManualClock clock_;
  test::SimDisk disk_{test::SimDisk::Completion::posted};
  base::SystemRandom random_;
  boost::asio::io_context io_;
  net::Deadlines deadlines_{clock_};
  ManualNetwork network_{io_.get_executor(), clock_};
  std::unique_ptr<spool::Spool> spool_;
  std::array<char, 65536> scratch_{};
  Settings settings_;
  policy::Settings policy_;
  net::BoundedPool pool_{"local", 1, 4};
  auth::LocalUsers users_{pool_, clock_, [](uid_t user) -> base::Result<std::optional<std::string>> {
                            if (user == 99) return base::fail(base::ErrorKind::io, "no answer");
                            return user == 0 ? "root" : "alice";
                          }};
  policy::ConnectionLimits limits_{policy::Settings{}};
  policy::Acquaintances acquaintances_;
  policy::Tarpit tarpit_{policy::Settings{}};
  policy::AccountBreaker breaker_{policy::BreakerSettings{}};
  std::unique_ptr<TricklingStream> stream_;
  base::MonoTime began_;
  int parked_ = 0;
};

TEST_F(ConnectionInTime, WhoTalksBeforeTheGreetingIsTurnedAway) {
  settings_.greeting_delay = 6s;
  stream_->come_from("192.0.2.1");
  stream_->then(5s, "EHLO spammer\r\n");
  EXPECT_EQ(serve(), "554 5.5.1 Talking before the greeting\r\n");
}

TEST_F(ConnectionInTime, WhoWaitsForTheGreetingIsGreetedAndKnown) {
  settings_.greeting_delay = 6s;
  stream_->come_from("192.0.2.1");
  stream_->then(7s, "QUIT\r\n");
  EXPECT_EQ(serve(), "220 mail.example.com ESMTP Godwit\r\n221 2.0.0 Bye\r\n");
  EXPECT_EQ(acquaintances_.size(), 1U);
}

TEST_F(ConnectionInTime, TheGreetingWaitsForNobodyKnownOrTrusted) {
  settings_.greeting_delay = 6s;
  stream_->then(0s, "QUIT\r\n");
  EXPECT_THAT(serve(), HasSubstr("221 2.0.0 Bye")) << "this machine";
  policy_.trusted_networks = {*base::IpNetwork::parse("192.0.2.0/24")};
  stream_ = std::make_unique<TricklingStream>(io_.get_executor(), clock_);
  stream_->come_from("192.0.2.1");
  stream_->then(0s, "QUIT\r\n");
  EXPECT_THAT(serve(), HasSubstr("221 2.0.0 Bye")) << "a trusted network";
  EXPECT_EQ(lasted(), base::Duration::zero());
  stream_ = std::make_unique<TricklingStream>(io_.get_executor(), clock_);
  stream_->come_from("198.51.100.1");
  stream_->then(0s, "QUIT\r\n");
  EXPECT_THAT(serve(), HasSubstr("554 5.5.1")) << "and nobody else";
}

TEST_F(ConnectionInTime, ByteASecondOfDataEndsWithTheBudget) {
  stream_->then(0s, envelope);
  stream_->then(0s, "Subject: slow\r\n\r\n");
  stream_->forever(1s, "x");
  EXPECT_THAT(serve(), EndsWith("421 4.4.2 mail.example.com Error: timeout exceeded\r\n"));
  EXPECT_GE(lasted(), settings_.data_timeout);
  EXPECT_LE(lasted(), settings_.data_timeout + 10s);
  EXPECT_EQ(spool_->statistics().messages, 0U);
}

TEST_F(ConnectionInTime, DataAtTheRateArrivesHoweverLongItTakes) {
  settings_.data_timeout = 10s;
  stream_->then(0s, envelope);
  stream_->then(0s, "Subject: steady\r\n\r\n");
  for (int second = 0; second < 3600; ++second) stream_->then(1s, std::string(498, 'x') + "\r\n");
  stream_->then(1s, ".\r\nQUIT\r\n");
  EXPECT_THAT(serve(), HasSubstr("queued as"));
  EXPECT_GE(lasted(), 1h);
  EXPECT_EQ(spool_->statistics().messages, 1U);
}

TEST_F(ConnectionInTime, RateOfOneMessageDoesNotBurdenTheNext) {
  settings_.data_timeout = 10s;
  stream_->then(0s, envelope);
  stream_->then(9s, "x: y\r\n.\r\n");
  stream_->then(60s, std::string(envelope));
  stream_->then(9s, "x: y\r\n.\r\nQUIT\r\n");
  EXPECT_THAT(serve(), EndsWith("221 2.0.0 Bye\r\n"));
  EXPECT_EQ(spool_->statistics().messages, 2U);
}

TEST_F(ConnectionInTime, RefusedMessageIsNotReadForEver) {
  settings_.message_size = 1024;
  stream_->then(0s, envelope);
  stream_->then(0s, std::string(2000, 'x') + "\r\n");
  stream_->forever(1s, "x");
  EXPECT_THAT(serve(), HasSubstr("421 4.4.2"));
  EXPECT_LE(lasted(), settings_.data_timeout + 10s);
}

TEST_F(ConnectionInTime, CommandThatTricklesInHasOneDeadline) {
  stream_->forever(1s, "x");
  EXPECT_THAT(serve(), EndsWith("421 4.4.2 mail.example.com Error: timeout exceeded\r\n"));
  EXPECT_LE(lasted(), settings_.command_timeout + 1s);
}

TEST_F(ConnectionInTime, SilenceParksTheConnectionAndTheNextWordWakesIt) {
  stream_->then(0s, "EHLO client.example\r\n");
  stream_->then(10s, std::string(envelope.substr(envelope.find("MAIL"))));
  stream_->then(10s, "Subject: y\r\n\r\n");
  stream_->then(10s, "text\r\n.\r\n");
  stream_->then(10s, "QUIT\r\n");
  EXPECT_THAT(serve(), EndsWith("221 2.0.0 Bye\r\n"));
  EXPECT_EQ(parked_, 4);
  EXPECT_EQ(spool_->statistics().messages, 1U);
}

TEST_F(ConnectionInTime, WhoSendsMailMayPauseForAMoment) {
  stream_->then(0s, "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n");
  for (int i = 0; i < 50; ++i) stream_->then(10ms, "NOOP\r\n");
  stream_->then(10ms, "QUIT\r\n");
  EXPECT_THAT(serve(), EndsWith("221 2.0.0 Bye\r\n"));
  EXPECT_EQ(parked_, 0);
}

TEST_F(ConnectionInTime, EachCommandHasADeadlineOfItsOwn) {
  stream_->then(0s, "EHLO client.example\r\n");
  for (int i = 0; i < 6; ++i) stream_->then(4min, "NOOP\r\n");
  stream_->then(4min, "QUIT\r\n");
  EXPECT_THAT(serve(), EndsWith("221 2.0.0 Bye\r\n"));
}

TEST_F(ConnectionInTime, CommandsInAllHaveADeadlineUntilAMessageCame) {
  stream_->then(0s, "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n");
  for (int i = 0; i < 100; ++i) stream_->then(4min + 50s, "RCPT TO:<b@example.com>\r\n");
  EXPECT_THAT(serve(), EndsWith("421 4.4.2 mail.example.com Error: timeout exceeded\r\n"));
  EXPECT_EQ(lasted(), settings_.transaction_timeout);
}

TEST_F(ConnectionInTime, AClientThatSendsMessagesMayStayForLong) {
  for (int i = 0; i < 20; ++i) {
    stream_->then(4min, envelope);
    stream_->then(3min, "x: y\r\n.\r\n");  // time for data is not time for commands
  }
  stream_->then(4min, "QUIT\r\n");
  EXPECT_THAT(serve(), EndsWith("221 2.0.0 Bye\r\n"));
  EXPECT_EQ(spool_->statistics().messages, 20U);
}

TEST_F(ConnectionInTime, ClientThatTakesAByteASecondOfItsRepliesIsLeft) {
  stream_->take(1, 1s);
  std::string pipelined = "EHLO client.example\r\n";
  for (int i = 0; i < 60; ++i) pipelined += "NOOP\r\n";
  stream_->then(0s, pipelined);
  serve();
  EXPECT_LE(lasted(), 2 * settings_.command_timeout);
}

class LocalConnection : public ConnectionInTime {
 protected:
  ~LocalConnection() override { pool_.stop(); }
  std::string serve_user(uid_t user, std::string_view commands) {
    stream_->set_user(user);
    stream_->then(0s, commands);
    return serve(smtp::Service::local);
  }
};

TEST_F(LocalConnection, TheMessageIsMendedAndSaysWhoSentIt) {
  EXPECT_THAT(serve_user(4711,
                         "EHLO c\r\nMAIL FROM:<alice>\r\nRCPT TO:<bob>\r\nRCPT TO:<eve@elsewhere.example>\r\n"
                         "BDAT 41 LAST\r\nTo: bob\r\nBcc: x@elsewhere.example\r\n\r\nhi\r\nQUIT\r\n"),
              HasSubstr("queued as"));
  const auto message = stored();
  EXPECT_EQ(to_string(message.envelope.sender), "alice@example.com");
  ASSERT_EQ(message.envelope.recipients.size(), 2U);
  EXPECT_EQ(to_string(message.envelope.recipients[0].address), "bob@example.com");
  EXPECT_EQ(message.envelope.client_address, "user:alice");
  EXPECT_EQ(message.envelope.protocol, "local");
  const mail::Header header(message.body->view().value());
  EXPECT_THAT(std::string(header.find("Received")->body), HasSubstr("by mail.example.com (user alice) with local id "));
  EXPECT_EQ(header.find("To")->body, " bob@example.com");
  EXPECT_EQ(header.find("From")->body, " alice@example.com");
  EXPECT_EQ(header.find("Message-ID")->body, " <" + to_string(message.id) + "@mail.example.com>");
  EXPECT_TRUE(header.find("Date"));
  EXPECT_FALSE(header.find("Bcc"));
  EXPECT_TRUE(message.body->view()->ends_with("\r\n\r\nhi\r\n"));
}

// RFC 3030: octet by octet.
TEST_F(LocalConnection, ABinaryMessageIsKeptAsItCame) {
  const std::string content("Bcc: x@elsewhere.example\r\n\r\n\0\n", 30);
  EXPECT_THAT(serve_user(4711, "EHLO c\r\nMAIL FROM:<alice> BODY=BINARYMIME\r\nRCPT TO:<bob>\r\nBDAT 30 LAST\r\n" +
                                   content + "QUIT\r\n"),
              HasSubstr("queued as"));
  EXPECT_THAT(std::string(stored().body->view().value()), EndsWith("\r\n" + content));
}

TEST_F(LocalConnection, AnOrdinaryUserMayNotSendAsAnother) {
  EXPECT_THAT(serve_user(4711, "EHLO c\r\nMAIL FROM:<bob>\r\nQUIT\r\n"), HasSubstr("\r\n553 5.7.1 <bob@example.com>"));
}

TEST_F(LocalConnection, ATrustedUserMay) {
  EXPECT_THAT(serve_user(0, "EHLO c\r\nMAIL FROM:<bob@elsewhere.example>\r\nQUIT\r\n"), HasSubstr("\r\n250 2.1.0"));
}

TEST_F(LocalConnection, WhoseNameCannotBeFoundOutIsPutOff) {
  EXPECT_THAT(serve_user(99, "EHLO c\r\n"), ::testing::StartsWith("421 4.3.0"));
}

TEST_F(LocalConnection, WhoHasNoCredentialIsNotServed) {
  EXPECT_EQ(serve(smtp::Service::local), "");
}

TEST_F(LocalConnection, AHeaderWithoutEndIsRefusedAndNothingKept) {
  std::string dialogue = "EHLO c\r\nMAIL FROM:<alice>\r\nRCPT TO:<bob>\r\nDATA\r\n";
  for (int i = 0; i < 1100; ++i) dialogue += "X: " + std::string(990, 'x') + "\r\n";
  EXPECT_THAT(serve_user(4711, dialogue + "\r\n.\r\nQUIT\r\n"), HasSubstr("552 5.3.4"));
  EXPECT_EQ(spool_->statistics().messages, 0U);
}

// ---- what a part of this daemon hands in, on a disk of which one operation fails

class FailingSubmission : public LocalConnection, public ::testing::WithParamInterface<int> {
 protected:
  Submitted submit() {
    Submissions submissions(rules(), surroundings());
    Submission submission{.who = {.user = 4711}};
    submission.transaction.sender = smtp::parse_mailbox("alice@example.com").value();
    submission.transaction.recipients = {{.address = smtp::parse_mailbox("bob@example.com").value()}};
    const auto is_given = std::make_shared<bool>(false);
    submission.body = [is_given]() -> disk::Task<std::string_view> {
      co_return std::exchange(*is_given, true) ? std::string_view() : std::string_view("Subject: once\r\n\r\nhi\r\n");
    };
    return run_on(io_, submissions.submit(std::move(submission)));
  }
};

TEST_P(FailingSubmission, IsNeverSaidToBeNothingWhereTheSpoolHasIt) {
  disk_.reset_operations();
  disk_.fail_at(static_cast<std::uint64_t>(GetParam()), EIO);
  const auto submitted = submit();
  close();
  disk_.crash(test::Loss::none, 1);
  open();
  const auto messages = spool_->statistics().messages;
  EXPECT_LE(messages, submitted.id || submitted.may_have_come ? 1U : 0U);
  EXPECT_GE(messages, submitted.id ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(AtEachOperation, FailingSubmission, ::testing::Range(0, 8));

}  // namespace
}  // namespace godwit::server
