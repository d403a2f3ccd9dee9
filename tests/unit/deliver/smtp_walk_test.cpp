// SPDX-License-Identifier: Apache-2.0
// Attempts over several hosts: which are asked at all, what none of them gets, and when the message is changed.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "godwit/deliver/smtp_agent.hpp"
#include "support/manual_network.hpp"
#include "support/run_on.hpp"
#include "support/text_content.hpp"
#include "support/trickling_stream.hpp"

namespace godwit::deliver {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Written = std::shared_ptr<std::string>;

const std::string eight_bit =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "Gr\xc3\xbc\xc3\x9f"
    "e\r\n";

class SmtpWalkTest : public ::testing::Test {
 protected:
  SmtpWalkTest() {
    settings_.hostname = "client.example";
    hop_.site = "mx1,mx2";
  }

  // The host that is connected to next: it offers this, and takes what it gets.  What it was told.
  Written peer(const std::vector<std::string>& offers) {
    auto stream = std::make_unique<testing::TricklingStream>(io_.get_executor(), clock_);
    std::string hello = "250-mx\r\n";
    for (const auto& offer : offers) hello += "250-" + offer + "\r\n";
    stream->then(0s, "220 mx\r\n");
    stream->then(0s, hello + "250 HELP\r\n");
    // What is said in a transaction is not said before, while the connection is kept for it.
    stream->then(1s, "250 ok\r\n");
    for (const char* reply : {"250 ok\r\n", "354 go\r\n", "250 taken\r\n", "221 bye\r\n"}) stream->then(0s, reply);
    auto written = stream->written();
    network_.prepare(std::move(stream));
    return written;
  }

  route::Host& host(const std::string& name) {
    const auto address = base::IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(hop_.hosts.size() + 1)});
    hop_.hosts.push_back({.name = name,
                          .preference = 0,
                          .addresses = {{.address = address, .port = 25, .unix_path = {}}},
                          .why_none = {}});
    return hop_.hosts.back();
  }

  Outcome deliver() { return deliver_to({"example.com"}).front(); }
  // To one recipient of each domain.
  Outcomes deliver_to(const std::vector<std::string>& domains) {
    SmtpAgent agent(settings_, network_, deadlines_, nullptr, log::null_logger(), io_.get_executor());
    const auto outcomes = deliver_by(agent, domains);
    stop(agent);
    return outcomes;
  }
  Outcomes deliver_by(SmtpAgent& agent, const std::vector<std::string>& domains) {
    Job job{.id = {}, .sender = smtp::Mailbox{"a", "client.example"}, .envid = {}, .recipients = {}, .content = {}};
    job.body = smtp::BodyType::eight_bit_mime;
    job.require_tls = require_tls_;
    job.transcript = transcript_;
    job.content = std::make_shared<testing::TextContent>(eight_bit);
    job.on_delivered_early = [this](std::size_t recipient, const Outcome& outcome) {
      EXPECT_EQ(outcome.kind, Outcome::Kind::delivered);
      early_.push_back(recipient);
    };
    for (const auto& domain : domains) job.recipients.emplace_back().address = {"b", domain};
    return testing::run_on(io_, agent.deliver(std::move(job), hop_));
  }
  void stop(SmtpAgent& agent) {
    const auto stopping = [](SmtpAgent& stopped) -> boost::asio::awaitable<bool> {
      co_await stopped.stop(base::no_deadline);
      co_return true;
    };
    testing::run_on(io_, stopping(agent));
  }

  boost::asio::io_context io_;
  testing::ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  testing::ManualNetwork network_{io_.get_executor(), clock_};
  Settings settings_;
  route::SmtpHop hop_;
  bool require_tls_ = false;
  std::vector<std::size_t> early_;  // who was told of while others went on
  std::shared_ptr<Transcript> transcript_ = std::make_shared<Transcript>(clock_.now);
};

// ---- TLS

TEST_F(SmtpWalkTest, AHostThatAPolicySkipsIsNotConnectedTo) {
  host("mx1").tls.skip = "the MTA-STS policy does not name this host";
  const auto first = peer({"8BITMIME"});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::deferred);
  EXPECT_EQ(outcome.stage, smtp::Stage::tls);
  EXPECT_THAT(to_line(outcome.reply), HasSubstr("does not name this host"));
  EXPECT_EQ(*first, "");
}

TEST_F(SmtpWalkTest, AfterASkippedHostTheNextIsAsked) {
  host("mx1").tls.skip = "not named";
  host("mx2");
  peer({"8BITMIME"});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::delivered);
  EXPECT_THAT(outcome.relay, StartsWith("mx2"));
}

TEST_F(SmtpWalkTest, WhereTlsIsDemandedNothingGoesInClear) {
  for (const auto level : {route::TlsLevel::require, route::TlsLevel::verify}) {
    hop_.hosts.clear();
    host("mx1").tls.level = level;
    host("mx2").tls.skip = "not named";
    const auto first = peer({"8BITMIME"});
    const auto outcome = deliver();
    EXPECT_EQ(outcome.kind, Outcome::Kind::deferred);
    EXPECT_THAT(*first, HasSubstr("EHLO"));
    EXPECT_THAT(*first, Not(HasSubstr("MAIL")));
  }
}

TEST_F(SmtpWalkTest, AMessageThatDemandsTlsComesBackFromHostsWithoutIt) {
  require_tls_ = true;
  host("mx1").tls.level = route::TlsLevel::verify;
  auto& named = host("mx2").tls;
  named = {.level = route::TlsLevel::verify, .source = "mta-sts", .skip = "not named"};
  const auto first = peer({"8BITMIME"});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::failed);
  EXPECT_EQ(outcome.reply.enhanced, (smtp::EnhancedCode{5, 7, 10}));
  EXPECT_THAT(*first, Not(HasSubstr("MAIL")));
}

TEST_F(SmtpWalkTest, WhatIsOddAboutAHostStandsInTheTranscript) {
  host("mx1").remark = "the MX is an address";
  peer({"8BITMIME"});
  EXPECT_EQ(deliver().kind, Outcome::Kind::delivered);
  EXPECT_THAT(transcript_->text(), HasSubstr("the MX is an address"));
}

// ---- connections that are kept

TEST_F(SmtpWalkTest, AnIdleConnectionEndsWhenAnotherHostOfTheSiteIsMet) {
  host("mx1");
  host("mx2").preference = 10;
  SmtpAgent agent(settings_, network_, deadlines_, nullptr, log::null_logger(), io_.get_executor());
  network_.refuse();
  const auto second = peer({"8BITMIME"});
  deliver_by(agent, {"example.com"});
  EXPECT_EQ(agent.connections(), 1U);
  EXPECT_THAT(*second, Not(HasSubstr("QUIT")));
  const auto first = peer({"8BITMIME"});
  deliver_by(agent, {"example.com"});
  EXPECT_THAT(*second, HasSubstr("QUIT"));
  EXPECT_THAT(*first, HasSubstr("RCPT TO"));
  EXPECT_EQ(agent.connections(), 1U);
  stop(agent);
}

TEST_F(SmtpWalkTest, AnIdleConnectionEndsThoughItsAddressIsNotKnownAnyMore) {
  host("mx1");
  host("mx2").preference = 10;
  SmtpAgent agent(settings_, network_, deadlines_, nullptr, log::null_logger(), io_.get_executor());
  network_.refuse();
  const auto second = peer({"8BITMIME"});
  deliver_by(agent, {"example.com"});
  EXPECT_EQ(agent.connections(), 1U);
  hop_.hosts.back().addresses.clear();
  hop_.hosts.back().why_none = "timed out";
  const auto first = peer({"8BITMIME"});
  deliver_by(agent, {"example.com"});
  EXPECT_THAT(*second, HasSubstr("QUIT"));
  EXPECT_THAT(*first, HasSubstr("RCPT TO"));
  EXPECT_EQ(agent.connections(), 1U);
  stop(agent);
}

// ---- what hosts take over one connection (RFC 9422)

TEST_F(SmtpWalkTest, WhomAConnectionHadNoRoomForGetItOverAnother) {
  host("mx1");
  std::vector<Written> connections;
  for (int i = 0; i < 3; ++i) connections.push_back(peer({"8BITMIME", "LIMITS RCPTDOMAINMAX=1"}));
  const auto outcomes = deliver_to({"one.example", "two.example", "three.example"});
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.kind, Outcome::Kind::delivered) << to_line(outcome.reply);
  EXPECT_THAT(*connections[2], HasSubstr("RCPT TO:<b@three.example>"));
  EXPECT_THAT(*connections[2], Not(HasSubstr("two.example")));
}

TEST_F(SmtpWalkTest, WhoGotItIsToldWhileItGoesOnWithOthers) {
  host("mx1");
  for (int i = 0; i < 3; ++i) peer({"8BITMIME", "LIMITS RCPTDOMAINMAX=1"});
  deliver_to({"one.example", "two.example", "three.example"});
  EXPECT_EQ(early_, (std::vector<std::size_t>{0, 1}));  // after the third nobody waits
}

TEST_F(SmtpWalkTest, WhereNobodyIsLeftTheOutcomesSayAll) {
  host("mx1");
  peer({"8BITMIME"});
  EXPECT_EQ(deliver().kind, Outcome::Kind::delivered);
  EXPECT_TRUE(early_.empty());
}

TEST_F(SmtpWalkTest, WhomNoOtherConnectionCameForWait) {
  host("mx1");
  peer({"8BITMIME", "LIMITS RCPTDOMAINMAX=1"});
  network_.refuse();
  const auto unasked = peer({"8BITMIME", "LIMITS RCPTDOMAINMAX=1"});
  const auto outcomes = deliver_to({"one.example", "two.example"});
  EXPECT_EQ(outcomes[0].kind, Outcome::Kind::delivered);
  EXPECT_EQ(outcomes[1].kind, Outcome::Kind::deferred);
  EXPECT_EQ(*unasked, "");
}

// ---- what hosts lack

TEST_F(SmtpWalkTest, WhoeverTakesTheMessageAsItIsGetsIt) {
  host("mx1");
  host("mx2");
  const auto first = peer({}), second = peer({"8BITMIME"});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::delivered);
  EXPECT_THAT(outcome.relay, StartsWith("mx2"));
  EXPECT_THAT(*first, Not(HasSubstr("MAIL")));
  EXPECT_THAT(*second, HasSubstr(eight_bit));
}

TEST_F(SmtpWalkTest, WhereNobodyDoesTheFirstGetsItChanged) {
  host("mx1");
  host("mx2");
  // The connection to the first ended when there was one to the second: it takes another one.
  const auto first = peer({}), second = peer({}), again = peer({});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::delivered);
  EXPECT_THAT(outcome.relay, StartsWith("mx1"));
  EXPECT_THAT(*first, Not(HasSubstr("MAIL")));
  EXPECT_THAT(*second, Not(HasSubstr("MAIL")));
  EXPECT_THAT(*again, HasSubstr("Gr=C3=BC=C3=9Fe"));
}

TEST_F(SmtpWalkTest, WhatMustNotBeChangedComesBackAndSaysWhy) {
  settings_.conversion = Conversion::never;
  host("mx1");
  host("mx2");
  const auto first = peer({}), second = peer({});
  const auto outcome = deliver();
  EXPECT_EQ(outcome.kind, Outcome::Kind::failed);
  EXPECT_EQ(outcome.reply.enhanced, (smtp::EnhancedCode{5, 6, 2}));
  EXPECT_THAT(to_line(outcome.reply), HasSubstr("No host takes the message as it is, and it must not be changed"));
  for (const auto& written : {first, second}) EXPECT_THAT(*written, Not(HasSubstr("MAIL")));
}

}  // namespace
}  // namespace godwit::deliver
