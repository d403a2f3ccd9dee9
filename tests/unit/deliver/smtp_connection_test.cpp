// SPDX-License-Identifier: Apache-2.0
// The client's driver in virtual time, against peers that are slow in every phase.
#include "deliver/smtp_connection.hpp"

#include <gmock/gmock.h>

#include "support/manual_network.hpp"
#include "support/run_on.hpp"
#include "support/text_content.hpp"
#include "support/trickling_stream.hpp"

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using testing::ManualClock;
using testing::ManualNetwork;
using testing::run_on;
using testing::TextContent;
using testing::TricklingStream;
using Verdict = smtp::RecipientResult::Verdict;

class ClientInTime : public ::testing::Test {
 protected:
  ClientInTime() : stream_(std::make_unique<TricklingStream>(io_.get_executor(), clock_)) {
    settings_.hostname = "client.example";
    settings_.tls = smtp::ClientTls::none;
  }

  // One transaction to one recipient; its result.
  smtp::RecipientResult send(std::string body) {
    written_ = stream_->written();
    began_ = clock_.now;
    SmtpConnection connection(std::move(stream_), settings_, {}, network_);
    smtp::ClientTransaction transaction;
    transaction.sender = smtp::Mailbox{"a", "client.example"};
    transaction.recipients.push_back({.address = {"b", "example.com"}, .parameters = {}});
    auto ended = run_on(
        io_, connection.transact(std::move(transaction), std::make_shared<TextContent>(std::move(body)), transcript_));
    if (ended.results) return ended.results->at(0);
    return ended.closed->cause;
  }
  base::Duration lasted() const { return clock_.now - began_; }

  // An obliging peer up to 354.
  void greet_and_go_ahead() {
    for (const char* reply :
         {"220 mx.example ESMTP\r\n", "250 mx.example\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"})
      stream_->then(0s, reply);
  }

  boost::asio::io_context io_;
  ManualClock clock_;
  ManualNetwork network_{io_.get_executor(), clock_};
  smtp::ClientSettings settings_;
  std::unique_ptr<TricklingStream> stream_;
  std::shared_ptr<std::string> written_;
  base::MonoTime began_;
  std::shared_ptr<Transcript> transcript_;
};

std::string lines(std::size_t bytes) {
  std::string line(78, 'x');
  line.append("\r\n");
  std::string text;
  while (text.size() < bytes) text += line;
  return text;
}

TEST_F(ClientInTime, PeerThatTakesAByteASecondOfTheBodyIsLeft) {
  greet_and_go_ahead();
  stream_->take(100, 1s);
  const auto result = send(lines(1U << 20U));
  EXPECT_EQ(result.verdict, Verdict::try_next);
  EXPECT_EQ(result.why, "timed out");
  EXPECT_GE(lasted(), settings_.timeouts.data);
  EXPECT_LE(lasted(), settings_.timeouts.data * 5 / 4 + 1min);  // a fifth of the rate is a fourth more time
}

TEST_F(ClientInTime, PeerThatKeepsTheRateGetsTheWholeBody) {
  greet_and_go_ahead();
  stream_->take(600, 1s);
  stream_->then(40min, "250 taken\r\n");
  settings_.timeouts.data = 1h;
  const auto result = send(lines(1U << 20U));
  EXPECT_EQ(result.verdict, Verdict::delivered);
  EXPECT_THAT(*written_, EndsWith("x\r\n.\r\n"));
}

TEST_F(ClientInTime, TranscriptHasWhatWasSaidButNotTheMessage) {
  for (const char* reply : {"220 mx.example ESMTP\r\n", "250-mx.example\r\n250 PIPE", "LINING\r\n",
                            "250 ok\r\n250 ok\r\n354 go\r\n", "250 taken\r\n"})
    stream_->then(1s, reply);
  transcript_ = std::make_shared<Transcript>(clock_.now);
  EXPECT_EQ(send("secret words\r\n").verdict, Verdict::delivered);
  EXPECT_EQ(transcript_->text(),
            "1000 < 220 mx.example ESMTP\n"
            "1000 > EHLO client.example\n"
            "2000 < 250-mx.example\n"
            "3000 < 250 PIPELINING\n"
            "3000 > MAIL FROM:<a@client.example>\n"
            "3000 > RCPT TO:<b@example.com>\n"
            "3000 > DATA\n"
            "4000 < 250 ok\n"
            "4000 < 250 ok\n"
            "4000 < 354 go\n"
            "4000 * the message, 14 bytes\n"
            "5000 < 250 taken\n");
}

TEST_F(ClientInTime, WithoutARateOnlyEachPieceIsTimed) {
  greet_and_go_ahead();
  stream_->take(100, 1s);
  stream_->then(4h, "250 taken\r\n");
  settings_.min_data_rate = 0;
  settings_.timeouts.data = 4h;
  EXPECT_EQ(send(lines(1U << 20U)).verdict, Verdict::delivered);
}

TEST_F(ClientInTime, ReplyThatTricklesInHasOneDeadline) {
  stream_->forever(1s, "2");
  EXPECT_EQ(send("").verdict, Verdict::try_next);
  EXPECT_LE(lasted(), settings_.timeouts.greeting + 1s);
}

TEST_F(ClientInTime, ReplyWithoutAnEndHasOneDeadline) {
  stream_->then(0s, "220 mx.example ESMTP\r\n");
  stream_->forever(10s, "250-and another one\r\n");
  const auto result = send("");
  EXPECT_EQ(result.verdict, Verdict::try_next);
  EXPECT_EQ(result.why, "timed out");
  EXPECT_LE(lasted(), settings_.timeouts.command + 10s);
}

TEST_F(ClientInTime, ReplyWithoutAnEndIsBoundedInLines) {
  stream_->then(0s, "220 mx.example ESMTP\r\n");
  stream_->forever(0s, "250-and another one\r\n");
  EXPECT_EQ(send("").verdict, Verdict::try_next);
  EXPECT_LE(lasted(), 1s);
}

TEST_F(ClientInTime, LineWithoutAnEndIsBoundedInBytes) {
  stream_->then(0s, "220 mx.example ESMTP\r\n");
  stream_->forever(0s, std::string(1000, 'x'));
  EXPECT_EQ(send("").verdict, Verdict::try_next);
  EXPECT_LE(lasted(), 1s);
}

}  // namespace
}  // namespace godwit::deliver
