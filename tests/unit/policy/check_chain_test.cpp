// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check_chain.hpp"

#include <map>
#include <stdexcept>

#include <gmock/gmock.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "check_fixture.hpp"

namespace godwit::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::run_awaitable;
using Kind = Verdict::Kind;

// Says at each stage what the test has prepared.
struct Script {
  std::map<Stage, Verdict> says{};
  bool throws = false;
  bool hangs = false;
  std::vector<std::string> asked{};
  std::string shown{};
};

class ScriptedCheck final : public Check {
 public:
  ScriptedCheck(Script& script, const CheckSurroundings& around) : script_(script), timer_(around.executor) {}
  bool is_asked_at(Stage stage) const override { return script_.says.contains(stage); }
  boost::asio::awaitable<Verdict> ask(Stage stage, std::shared_ptr<const Facts> facts) override {
    script_.asked.push_back(std::string(to_string(stage)) + (facts->vouched ? " vouched" : ""));
    if (script_.throws) throw std::runtime_error("broken");
    if (script_.hangs) {
      timer_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await timer_.async_wait(boost::asio::use_awaitable);
    }
    co_return script_.says.at(stage);
  }
  bool wants_message() const override { return true; }
  boost::asio::awaitable<void> take(std::string bytes) override {
    script_.shown += bytes;
    co_return;
  }

 private:
  Script& script_;
  boost::asio::steady_timer timer_;
};

class CheckChainTest : public CheckFixture {
 protected:
  CheckChain& chain() {
    if (chain_) return *chain_;
    auto list = std::make_shared<CheckList>();
    for (auto* script : {&first_, &second_})
      list->push_back({.name = script == &first_ ? "first" : "second",
                       .field = script == &first_ ? "check_first" : "check_second",
                       .patience = std::chrono::seconds(5),
                       .on_failure = on_failure_,
                       .make = [script](const CheckSurroundings& around) {
                         return std::make_shared<ScriptedCheck>(*script, around);
                       }});
    chain_ = std::make_unique<CheckChain>(list, CheckSettings{}, around_);
    return *chain_;
  }

  Facts facts(const std::string& recipient = "user") const {
    auto facts = facts_;
    facts.recipient.local = recipient;
    return facts;
  }
  std::string rcpt(const std::string& recipient = "user") {
    const auto refusal = run_awaitable(io_, chain().recipient(facts(recipient)));
    return refusal ? to_line(*refusal) : "ok";
  }
  std::string rcpt_of(const Facts& facts) {
    const auto refusal = run_awaitable(io_, chain().recipient(facts));
    return refusal ? to_line(*refusal) : "ok";
  }
  MessageDecision end() { return run_awaitable(io_, chain().end_message(facts())); }

  Script first_, second_;
  Verdict on_failure_;
  std::unique_ptr<CheckChain> chain_;
};

TEST_F(CheckChainTest, StagesAreAskedInOrderAndOnce) {
  for (const auto stage : {Stage::connect, Stage::helo, Stage::mail, Stage::rcpt, Stage::data, Stage::end})
    first_.says[stage] = no_opinion();
  EXPECT_EQ(rcpt(), "ok");
  EXPECT_EQ(rcpt("other"), "ok");
  EXPECT_FALSE(run_awaitable(io_, chain().begin_message(facts())));
  EXPECT_FALSE(end().refusal);
  EXPECT_THAT(first_.asked, ElementsAre("connect", "helo", "mail", "rcpt", "rcpt", "data", "end"));
  chain().end_transaction();
  rcpt();
  EXPECT_THAT(first_.asked, ElementsAre("connect", "helo", "mail", "rcpt", "rcpt", "data", "end", "mail", "rcpt"))
      << "another transaction of the same client";
}

TEST_F(CheckChainTest, RefusalsOfTheConnectionAreSaidToEachRecipientButThePostmaster) {
  first_.says[Stage::connect] = reject(smtp::make_reply(550, {5, 7, 1}, "Listed"), "list=127.0.0.2");
  second_.says[Stage::connect] = no_opinion();
  EXPECT_EQ(rcpt(), "550 5.7.1 Listed");
  EXPECT_EQ(rcpt("other"), "550 5.7.1 Listed");
  EXPECT_EQ(rcpt("PostMaster"), "ok");
  EXPECT_THAT(first_.asked, ElementsAre("connect"));
  EXPECT_THAT(second_.asked, IsEmpty()) << "all is said";
  chain().end_transaction();
  EXPECT_EQ(rcpt(), "550 5.7.1 Listed") << "it is still the same client";
}

TEST_F(CheckChainTest, WhoeverAcceptsEndsTheListForItsStage) {
  first_.says[Stage::rcpt] = Verdict{.kind = Kind::accept};
  second_.says[Stage::rcpt] = second_.says[Stage::end] = reject(smtp::make_reply(550, {5, 7, 1}, "No"), "");
  EXPECT_EQ(rcpt(), "ok");
  EXPECT_TRUE(end().refusal) << "it accepted a recipient, not the message";
  chain().end_transaction();
  first_.says[Stage::mail] = Verdict{.kind = Kind::accept};
  EXPECT_EQ(rcpt(), "ok");
  EXPECT_FALSE(end().refusal) << "it accepted the whole transaction";
  EXPECT_THAT(second_.asked, ElementsAre("end"));
}

TEST_F(CheckChainTest, WhoIsVouchedForIsKnownToThoseBehind) {
  first_.says[Stage::mail] = Verdict{.vouches = true};
  second_.says[Stage::mail] = second_.says[Stage::end] = no_opinion();
  rcpt();
  end();
  EXPECT_THAT(second_.asked, ElementsAre("mail vouched", "end vouched"));
}

TEST_F(CheckChainTest, DiscardedMailIsAskedAboutNoMore) {
  first_.says[Stage::mail] = Verdict{.kind = Kind::discard};
  second_.says[Stage::rcpt] = second_.says[Stage::end] = reject(smtp::make_reply(550, {5, 7, 1}, "No"), "");
  EXPECT_EQ(rcpt(), "ok");
  EXPECT_TRUE(end().discard);
  chain().end_transaction();
  first_.says.clear();
  EXPECT_EQ(rcpt(), "550 5.7.1 No");
}

TEST_F(CheckChainTest, HoldsAndHeadersAddUp) {
  first_.says[Stage::helo] = Verdict{.kind = Kind::quarantine, .reason = "odd name", .header = "X-A: 1\r\n"};
  second_.says[Stage::end] = Verdict{.kind = Kind::quarantine, .reason = "odd content", .header = "X-B: 2\r\n"};
  for (int i = 0; i < 2; ++i) {
    rcpt();
    const auto decision = end();
    EXPECT_EQ(decision.hold, "odd name; odd content");
    EXPECT_EQ(decision.header, "X-A: 1\r\nX-B: 2\r\n");
    chain().end_transaction();
  }
}

TEST_F(CheckChainTest, ACheckThatThrowsOrHangsIsPassedOver) {
  first_.says[Stage::mail] = first_.says[Stage::end] = no_opinion();
  second_.says[Stage::mail] = second_.says[Stage::end] = no_opinion("seen");
  first_.throws = true;
  EXPECT_EQ(rcpt(), "ok");
  EXPECT_FALSE(end().refusal);
  EXPECT_THAT(first_.asked, ElementsAre("mail")) << "it is not asked again";
  EXPECT_THAT(second_.asked, ElementsAre("mail", "end"));
}

TEST_F(CheckChainTest, AFailureDefersWhereTheEntrySaysSo) {
  on_failure_ = Verdict{.kind = Kind::defer};
  first_.says[Stage::mail] = no_opinion();
  first_.throws = true;
  EXPECT_EQ(rcpt(), "451 4.7.1 Not taken now by our policy, try again later");
  chain().end_transaction();
  EXPECT_EQ(rcpt(), "451 4.7.1 Not taken now by our policy, try again later");
  EXPECT_THAT(first_.asked, ElementsAre("mail"));
}

TEST_F(CheckChainTest, ACheckMaySayThatItFailed) {
  on_failure_ = Verdict{.kind = Kind::defer};
  first_.says[Stage::mail] = failed("it answers 503");
  second_.says[Stage::mail] = no_opinion();
  EXPECT_EQ(rcpt(), "451 4.7.1 Not taken now by our policy, try again later");
  ASSERT_EQ(chain().opinions().size(), 1U);
  EXPECT_EQ(chain().opinions()[0].evidence, "it answers 503");
  chain().end_transaction();
  rcpt();
  EXPECT_THAT(first_.asked, ElementsAre("mail")) << "not again in this connection";
}

TEST_F(CheckChainTest, WhoDefersOnlyWhatOthersTakeLetsThemSpeak) {
  auto deferral = defer(smtp::make_reply(450, {4, 7, 1}, "Later"), "");
  deferral.if_others_take = true;
  first_.says[Stage::rcpt] = deferral;
  second_.says[Stage::rcpt] = no_opinion();
  EXPECT_EQ(rcpt(), "450 4.7.1 Later");
  second_.says[Stage::rcpt] = Verdict{.kind = Kind::accept};
  EXPECT_EQ(rcpt(), "450 4.7.1 Later");
  second_.says[Stage::rcpt] = reject(smtp::make_reply(550, {5, 7, 1}, "Never"), "");
  EXPECT_EQ(rcpt(), "550 5.7.1 Never");
}

TEST_F(CheckChainTest, WhoSoftensMakesRejectionsTemporary) {
  first_.says[Stage::rcpt] = Verdict{.softens = true};
  second_.says[Stage::rcpt] = no_opinion();
  EXPECT_EQ(rcpt(), "ok");
  second_.says[Stage::rcpt] = reject(smtp::make_reply(554, {5, 7, 1}, "Never"), "");
  EXPECT_EQ(rcpt(), "450 4.7.1 Never");
}

TEST_F(CheckChainTest, FieldsSaidOfSeveralRecipientsAreAddedOnceAndNotWithoutEnd) {
  first_.says[Stage::rcpt] = Verdict{.header = "X-A: 1\r\n"};
  rcpt();
  rcpt("other");
  EXPECT_EQ(end().header, "X-A: 1\r\n");
  for (int i = 0; i < 100; ++i) {
    first_.says[Stage::rcpt].header = "X-A: " + std::string(1000, static_cast<char>('0' + i)) + "\r\n";
    rcpt();
  }
  EXPECT_LT(end().header.size(), 65U << 10U);
}

TEST_F(CheckChainTest, ASlowCheckCostsItsPatience) {
  first_.says[Stage::mail] = no_opinion();
  first_.hangs = true;
  second_.says[Stage::mail] = no_opinion();
  std::optional<std::string> reply;
  auto asking = [](CheckChain& chain, Facts known, std::optional<std::string>& said) -> boost::asio::awaitable<void> {
    const auto refusal = co_await chain.recipient(std::move(known));
    said = refusal ? to_line(*refusal) : "ok";
  };
  boost::asio::co_spawn(io_, asking(chain(), facts(), reply), boost::asio::detached);
  io_.poll();
  EXPECT_FALSE(reply);
  clock_.advance_to(clock_.mono() + std::chrono::seconds(6));
  deadlines_.expire(clock_.mono());
  io_.poll();
  EXPECT_EQ(reply, "ok");
  EXPECT_THAT(second_.asked, ElementsAre("mail"));
}

TEST_F(CheckChainTest, WhatIsCutShortByAStopIsDeferred) {
  first_.says[Stage::mail] = no_opinion();
  first_.hangs = true;
  second_.says[Stage::end] = no_opinion();
  on_failure_ = Verdict{.kind = Kind::accept};
  std::optional<std::string> reply;
  auto asking = [](CheckChain& chain, Facts known, std::optional<std::string>& said) -> boost::asio::awaitable<void> {
    const auto refusal = co_await chain.recipient(std::move(known));
    said = refusal ? to_line(*refusal) : "ok";
  };
  boost::asio::co_spawn(io_, asking(chain(), facts(), reply), boost::asio::detached);
  io_.poll();
  haste_.begin(clock_.mono(), std::chrono::seconds(2));
  io_.poll();
  EXPECT_FALSE(reply) << "it has a moment";
  clock_.advance_to(clock_.mono() + std::chrono::seconds(2));
  deadlines_.expire(clock_.mono());
  io_.restart();
  io_.poll();
  EXPECT_EQ(reply, "451 4.3.2 Shutting down, try again later");
  EXPECT_EQ(to_line(*end().refusal), "451 4.3.2 Shutting down, try again later");
  EXPECT_THAT(second_.asked, IsEmpty());
}

TEST_F(CheckChainTest, WhatFailsWhileItStopsCountsAsConfigured) {
  first_.says[Stage::mail] = no_opinion();
  first_.throws = true;
  haste_.begin(clock_.mono(), std::chrono::seconds(2));
  EXPECT_EQ(rcpt(), "ok");
}

TEST_F(CheckChainTest, UsersAreNotAskedWhatStrangersAre) {
  first_.says[Stage::mail] = reject(smtp::make_reply(550, {5, 7, 1}, "No"), "");
  auto user = facts();
  user.stranger = false;
  EXPECT_EQ(rcpt_of(user), "ok");
  EXPECT_EQ(rcpt(), "ok") << "of this transaction it was asked already";
}

TEST_F(CheckChainTest, TheMessageIsShownAndWhatWasSaidIsLogged) {
  first_.says[Stage::connect] = no_opinion("192.0.2.1");
  first_.says[Stage::end] = reject(smtp::make_reply(550, {5, 7, 1}, "No"), "virus");
  rcpt();
  auto showing = [](CheckChain& chain) -> boost::asio::awaitable<bool> {
    co_await chain.take("Subject: a\r\n\r\n");
    co_return true;
  };
  run_awaitable(io_, showing(chain()));
  EXPECT_EQ(first_.shown, "Subject: a\r\n\r\n");
  end();
  const auto fields = chain().log_fields();
  ASSERT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields[0].name, "check_first");
  EXPECT_EQ(std::get<std::string>(fields[0].value), "none 192.0.2.1; reject virus");
  ASSERT_EQ(chain().opinions().size(), 2U);
  EXPECT_EQ(chain().opinions()[1].kind, Kind::reject);
}

TEST_F(CheckChainTest, TheNameOfTheClientIsFoundOnce) {
  resolver_.add_ptr("192.0.2.1", "mail.client.example").add_address("mail.client.example", "192.0.2.1");
  first_.says[Stage::rcpt] = no_opinion();
  rcpt();
  rcpt();
  EXPECT_EQ(chain().client_name(), (ClientName{.status = ClientName::Status::found, .name = "mail.client.example"}));
  EXPECT_THAT(resolver_.asked, ElementsAre("PTR 192.0.2.1", "A mail.client.example"));
}

}  // namespace
}  // namespace godwit::policy
