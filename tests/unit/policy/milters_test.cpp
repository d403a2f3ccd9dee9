// SPDX-License-Identifier: Apache-2.0
// Milters that a test plays on streams in memory.
#include "godwit/policy/milters.hpp"

#include <array>

#include <gmock/gmock.h>
#include <boost/asio/detached.hpp>

#include "policy/milter_protocol.hpp"
#include "support/fake_resolver.hpp"
#include "support/manual_network.hpp"
#include "support/run_awaitable.hpp"
#include "support/scripted_stream.hpp"
#include "support/trickling_stream.hpp"

namespace godwit::policy {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::ManualNetwork;
using testing::run_awaitable;
using testing::ScriptedStream;

constexpr base::Duration patience = 8min;  // of a client, for its whole message

// What a milter says, one after the other: "c", or a code and data.
std::string answers(const std::vector<std::string>& all) {
  std::string bytes;
  for (const auto& one : all) bytes += milter_packet(static_cast<MilterCommand>(one.front()), one.substr(1));
  return bytes;
}

std::string agreement(std::uint32_t steps = 0) {
  std::string data = "O";
  for (const auto number : {6U, milter_action::all, steps}) put_milter_number(data, number);
  return data;
}

class MemoryMessage final : public FilteredMessage {
 public:
  mail::EditableHeader& header() override { return header_; }
  net::Task<std::size_t> read_body(std::uint64_t offset, std::span<char> into) override {
    if (offset >= body.size()) co_return 0;
    const auto part = std::string_view(body).substr(offset, into.size());
    std::ranges::copy(part, into.begin());
    co_return part.size();
  }
  net::Task<> write_new_body(std::string_view bytes) override {
    if (!new_body) new_body.emplace();
    *new_body += bytes;
    co_return base::Result<>();
  }
  net::Task<> keep_new_body() override {
    body = *std::exchange(new_body, {});
    co_return base::Result<>();
  }
  void drop_new_body() override { new_body.reset(); }

  mail::EditableHeader header_{"Subject: s\r\n"};
  std::string body = "body\r\n";
  std::optional<std::string> new_body;
};

class MiltersTest : public ::testing::Test {
 protected:
  using Failure = MilterSettings::Failure;

  void add(std::vector<std::string> said, Failure on_failure = Failure::defer) {
    // Byte by byte: what is answered later is not there earlier.
    auto stream = std::make_unique<ScriptedStream>(io_.get_executor(), testing::StreamManners{.read_at_most = 1});
    stream->feed(answers(said));
    streams_.push_back(stream.get());
    network_.prepare(std::move(stream));
    add_settings(on_failure);
  }
  void add_settings(Failure on_failure) {
    MilterSettings one;
    one.name = "m" + std::to_string(settings_.size());
    one.address = {.host = "127.0.0.1", .port = 1};
    one.on_failure = on_failure;
    settings_.push_back(std::move(one));
  }
  // Says that, and then only that it is at work.
  void add_busy(const std::vector<std::string>& said) {
    auto stream = std::make_unique<testing::TricklingStream>(io_.get_executor(), clock_);
    for (const auto& one : said) stream->then(0s, answers({one}));
    stream->forever(20s, answers({"p"}));
    network_.prepare(std::move(stream));
    add_settings(Failure::accept);
  }
  Milters& milters() {
    if (!milters_) {
      Milters::Session session;
      session.hostname = "mail.x";
      session.client = base::Endpoint::parse("192.0.2.1:1234");
      milters_ = std::make_unique<Milters>(settings_, std::move(session), connections_, log::null_logger());
    }
    return *milters_;
  }
  int code(Milters::Answer answer) {
    const auto reply = run_awaitable(io_, std::move(answer));
    return reply ? reply->code : 250;
  }
  int connect() { return code(milters().connect()); }
  int mail() {
    Milters::Sender sender;
    sender.hello = {.extended = true, .name = "client"};
    sender.address = smtp::Mailbox{"a", "x"};
    return code(milters().mail(std::move(sender)));
  }
  int rcpt() { return code(milters().rcpt({"b", "y"})); }
  int data() { return code(milters().data(base::MessageId{1})); }
  FilterOutcome message() {
    auto filtering = milters().message(message_, clock_.now + patience);
    return run_awaitable(io_, std::move(filtering));
  }
  FilterOutcome whole_message() {
    EXPECT_EQ(connect(), 250);
    EXPECT_EQ(mail(), 250);
    EXPECT_EQ(rcpt(), 250);
    EXPECT_EQ(data(), 250);
    return message();
  }

  boost::asio::io_context io_;
  ManualClock clock_;
  ManualNetwork network_{io_.get_executor(), clock_};
  testing::FakeResolver resolver_;
  std::array<char, 4096> scratch_{};
  MilterConnections connections_{network_, resolver_, scratch_};
  std::vector<MilterSettings> settings_;
  std::vector<ScriptedStream*> streams_;
  MemoryMessage message_;
  std::unique_ptr<Milters> milters_;
};

// connect, helo, mail, rcpt, data, one field, end of header, one piece of the body.
const std::vector<std::string> patient = {agreement(), "c", "c", "c", "c", "c", "c", "c", "c"};

std::vector<std::string> patient_then(const std::vector<std::string>& end) {
  auto all = patient;
  all.insert(all.end(), end.begin(), end.end());
  return all;
}

TEST_F(MiltersTest, ChangeAMessageOneAfterTheOther) {
  add(patient_then({"hX-One\0 1\0"s, "bnew body\r\n", "c"}));
  add(patient_then({"c", "m\0\0\0\1X-One\0two\0"s, "e<new@x>\0RET=HDRS SIZE=9 envid=a+2Bb\0"s,
                    "2<c@y>\0NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@y X=\0"s, "-<b@y>\0"s, "qodd\0"s, "c"}));
  const auto outcome = whole_message();
  EXPECT_FALSE(outcome.refusal);
  EXPECT_EQ(message_.header_.text(), "Subject: s\r\nX-One: two\r\n");
  EXPECT_EQ(message_.body, "new body\r\n");
  EXPECT_THAT(streams_[1]->written(), HasSubstr("X-One\0 1\0"s));
  EXPECT_THAT(streams_[1]->written(), HasSubstr("new body"));
  ASSERT_EQ(outcome.envelope.size(), 3U);
  const auto& sender = std::get<NewSender>(outcome.envelope[0]);
  EXPECT_EQ(sender.sender->local, "new");
  EXPECT_EQ(sender.ret, smtp::return_headers);
  EXPECT_EQ(sender.envid, "a+b");
  const auto& recipient = std::get<NewRecipient>(outcome.envelope[1]);
  EXPECT_EQ(recipient.address.local, "c");
  EXPECT_EQ(recipient.parameters.notify, smtp::notify_success | smtp::notify_delay);
  EXPECT_EQ(recipient.parameters.orcpt, "rfc822;o@y");
  EXPECT_EQ(std::get<NoRecipient>(outcome.envelope[2]).address.local, "b");
  EXPECT_EQ(outcome.hold, "m1: odd");
  EXPECT_EQ(outcome.summary, "m0=header,body m1=header,sender,recipient,quarantine");
  EXPECT_TRUE(outcome.breaks_signatures);
}

TEST_F(MiltersTest, RefuseAtEachStage) {
  add({agreement(), "r"});
  EXPECT_EQ(connect(), 550);
  EXPECT_EQ(mail(), 550);
  milters_.reset();
  settings_.clear();
  add({agreement(), "c", "c", "y450 later\0"s, "c", "t", "c", "r"});
  EXPECT_EQ(connect(), 250);
  EXPECT_EQ(mail(), 450);
  milters().end_transaction();
  EXPECT_EQ(mail(), 250);
  EXPECT_EQ(rcpt(), 451);
  EXPECT_EQ(rcpt(), 250);
  EXPECT_EQ(data(), 550);
  EXPECT_EQ(data(), 550);  // said twice
}

TEST_F(MiltersTest, DiscardForAllBehindThem) {
  add({agreement(), "c", "c", "c", "d"});
  add({agreement(), "c", "c", "c"});
  EXPECT_EQ(connect(), 250);
  EXPECT_EQ(mail(), 250);
  EXPECT_EQ(rcpt(), 250);
  EXPECT_TRUE(milters().discards());
  EXPECT_EQ(data(), 250);
  EXPECT_TRUE(message().discard);
}

TEST_F(MiltersTest, DoAllTheyWantOrNothing) {
  add(patient_then({"hX-One\0 1\0"s, "bnew", "+not an address\0"s, "c"}), Failure::accept);
  const auto outcome = whole_message();
  EXPECT_FALSE(outcome.refusal);
  EXPECT_EQ(message_.header_.text(), "Subject: s\r\n");
  EXPECT_EQ(message_.body, "body\r\n");
  EXPECT_FALSE(message_.new_body);
}

TEST_F(MiltersTest, StandBackWithWhatTheConfigurationSays) {
  const std::pair<Failure, int> failures[] = {{Failure::accept, 250}, {Failure::defer, 451}, {Failure::reject, 550}};
  for (const auto& [failure, expected] : failures) {
    for (const auto& said : std::vector<std::vector<std::string>>{{}, {agreement()}, {agreement(), "Z"}, {"c"}}) {
      milters_.reset();
      settings_.clear();
      add(said, failure);
      EXPECT_EQ(connect(), 250);  // nobody is sent away for it
      EXPECT_EQ(mail(), expected);
      EXPECT_EQ(mail(), expected);
      EXPECT_EQ(rcpt(), expected);
      EXPECT_EQ(milters().wants_message(), expected != 250);
    }
  }
}

TEST_F(MiltersTest, FailWhenTheyAnswerWhatWasNotAsked) {
  auto stream = std::make_unique<ScriptedStream>(io_.get_executor());
  stream->feed(answers({agreement(), "c", "c", "c"}));
  network_.prepare(std::move(stream));
  add_settings(Failure::defer);
  EXPECT_EQ(connect(), 250);
  EXPECT_EQ(mail(), 451);
}

TEST_F(MiltersTest, ThatCannotBeReachedAreWaitedForOnlySoLong) {
  network_.ignore();
  add_settings(Failure::accept);
  const auto start = clock_.now;
  EXPECT_EQ(connect(), 250);
  EXPECT_EQ(clock_.now - start, settings_[0].connect_timeout);
  EXPECT_EQ(mail(), 250);
  EXPECT_FALSE(milters().wants_message());
}

TEST_F(MiltersTest, HaveTheTimeOfOneClientTogether) {
  for (int i = 0; i < 3; ++i) add_busy(patient);
  const auto start = clock_.now;
  EXPECT_FALSE(whole_message().refusal);
  EXPECT_EQ(clock_.now - start, patience);
  milters_.reset();
  settings_.clear();
  for (int i = 0; i < 3; ++i) add_busy({agreement(), "c", "c", "c"});
  EXPECT_EQ(connect(), 250);
  EXPECT_EQ(mail(), 250);
  const auto asked = clock_.now;
  EXPECT_EQ(rcpt(), 250);
  EXPECT_EQ(clock_.now - asked, 4min);
}

TEST_F(MiltersTest, FailAtAMessageAtEveryPoint) {
  const auto all = patient_then({"hX-One\0 1\0"s, "bnew", "c"});
  for (std::size_t known = 5; known < all.size(); ++known) {
    milters_.reset();
    settings_.clear();
    message_ = {};
    add({all.begin(), all.begin() + static_cast<std::ptrdiff_t>(known)}, Failure::accept);
    connect();
    mail();
    rcpt();
    data();
    const auto outcome = message();
    EXPECT_FALSE(outcome.refusal) << known;
    EXPECT_EQ(message_.header_.text(), "Subject: s\r\n") << known;
    EXPECT_EQ(message_.body, "body\r\n") << known;
  }
}

TEST_F(MiltersTest, AreToldThatAMessageCameToNothing) {
  add({agreement(), "c", "c", "c", "c"});
  connect();
  mail();
  milters().end_transaction();
  mail();
  EXPECT_THAT(streams_[0]->written(), HasSubstr(milter_packet(MilterCommand::abort)));
}

TEST_F(MiltersTest, HearOfRecipientsThatWeRefusedOnlyWhereTheyWish) {
  add({agreement(milter_step::rejected_rcpt), "c", "c", "c", "r"});
  add({agreement(), "c", "c", "c"});
  connect();
  mail();
  auto telling = [](Milters& all) -> boost::asio::awaitable<bool> {
    auto refused = all.rejected_rcpt({"b", "y"}, smtp::make_reply(550, {5, 1, 1}, "unknown"));
    co_await std::move(refused);
    co_return true;
  };
  run_awaitable(io_, telling(milters()));
  EXPECT_THAT(streams_[0]->written(), HasSubstr("{rcpt_mailer}\0error\0"s));
  EXPECT_THAT(streams_[1]->written(), ::testing::Not(HasSubstr("error")));
}

TEST_F(MiltersTest, ServeTheNextClientOnAConnectionThatIsKept) {
  add(patient_then({"c", "c", "c"}));
  settings_[0].idle_connections = 1;
  whole_message();
  milters_.reset();
  EXPECT_THAT(streams_[0]->written(), ::testing::EndsWith(milter_packet(MilterCommand::next_connection)));
  EXPECT_EQ(connect(), 250);  // there is no other connection to be had
  EXPECT_EQ(mail(), 451);     // the script is over
}

TEST_F(MiltersTest, SayGoodbye) {
  auto [ours, theirs] = ScriptedStream::make_pair(io_.get_executor());
  network_.prepare(std::move(ours));
  add_settings(Failure::defer);
  std::array<char, 256> space{};
  auto playing = [](ScriptedStream& peer, std::span<char> into) -> boost::asio::awaitable<void> {
    static_cast<void>(co_await net::read_some(peer, into, base::no_deadline));
    static_cast<void>(peer.try_write(answers({agreement()})));
    static_cast<void>(co_await net::read_some(peer, into, base::no_deadline));
    static_cast<void>(peer.try_write(answers({"c"})));
  };
  boost::asio::co_spawn(io_, playing(*theirs, space), boost::asio::detached);
  EXPECT_EQ(connect(), 250);
  milters_.reset();
  const auto got = theirs->try_read(space);
  EXPECT_THAT(std::string(space.data(), got.bytes), ::testing::EndsWith(milter_packet(MilterCommand::quit)));
  EXPECT_TRUE(theirs->peer_finished());
}

}  // namespace
}  // namespace godwit::policy
