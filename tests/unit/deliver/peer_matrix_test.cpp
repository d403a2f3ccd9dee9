// SPDX-License-Identifier: Apache-2.0
// A peer that goes wrong in every way at every stage, beside a second host that works: what becomes of the message.
#include <gtest/gtest.h>

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
using testing::ManualClock;
using testing::ManualNetwork;
using testing::run_on;
using testing::TextContent;
using testing::TricklingStream;

enum class Fault { refused_now, refused, closing, drop, stall, garbage, endless };
constexpr Fault faults[] = {Fault::refused_now, Fault::refused, Fault::closing, Fault::drop,
                            Fault::stall,       Fault::garbage, Fault::endless};

std::string name_of(Fault fault) {
  constexpr const char* names[] = {"4yz", "5yz", "421", "drop", "stall", "garbage", "endless reply"};
  return names[static_cast<std::size_t>(fault)];
}

std::string words_of(Fault fault) {
  switch (fault) {
    case Fault::refused_now:
      return "451 4.3.0 not now\r\n";
    case Fault::refused:
      return "550 5.7.1 never\r\n";
    case Fault::closing:
      return "421 4.3.2 closing\r\n";
    case Fault::garbage:
      return "\x01\xff what?\r\n";
    default:
      return "";
  }
}

enum class Offer { nothing, chunking, starttls };
enum class Need { any, tls };

// `expected` has a word for each fault: a letter for each of the two recipients. 1, 2: delivered by the first or second
// host (or, where TLS is needed, deferred by the second one, which has none), w: waits, and the second host was not
// asked, f: failed, -: there is no such fault at this stage.
struct Row {
  const char* stage;
  std::size_t step;  // of the dialogue below; also the index of the reply that goes wrong
  std::vector<const char*> expected;
  base::Duration patience;
  Offer offer = Offer::nothing;
  Need need = Need::any;
  const char* at_end = nullptr;  // what was written when the message is complete: the peer drops then, not before
};

constexpr base::Duration connect_time = 1min, greeting_time = 2min, command_time = 3min, data_time = 4min;

// What the first host says, in order.  Nothing is said under TLS: a handshake fails here.
const std::vector<std::string> plain = {"220 mx1\r\n", "250 mx1\r\n", "250 ok\r\n",    "250 ok\r\n",
                                        "250 ok\r\n",  "354 go\r\n",  "250 taken\r\n", "221 bye\r\n"};
const std::vector<std::string> in_chunks = {
    "220 mx1\r\n", "250-mx1\r\n250 CHUNKING\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "250 taken\r\n",
    "221 bye\r\n"};
const std::vector<std::string> secured = {"220 mx1\r\n", "250-mx1\r\n250 STARTTLS\r\n", "220 go\r\n"};

constexpr std::size_t in_body = 100;  // the step of a body under way
constexpr std::size_t on_connect = 101;
constexpr std::size_t in_handshake = 102;

constexpr const char* last_line = "The end.\r\n";  // of the body

const Row rows[] = {
    // stage, step, {4yz, 5yz, 421, drop, stall, garbage, endless}
    {"connect", on_connect, {"-", "-", "-", "22", "22", "-", "-"}, connect_time},
    {"greeting", 0, {"22", "22", "22", "22", "22", "22", "22"}, greeting_time},
    {"EHLO", 1, {"22", "11", "22", "22", "22", "22", "22"}, command_time},
    {"STARTTLS", 2, {"11", "11", "22", "11", "11", "11", "11"}, command_time, Offer::starttls},
    {"handshake", in_handshake, {"11", "11", "11", "11", "11", "11", "11"}, command_time, Offer::starttls},
    {"required STARTTLS", 2, {"22", "22", "22", "22", "22", "22", "22"}, command_time, Offer::starttls, Need::tls},
    {"required handshake",
     in_handshake,
     {"22", "22", "22", "22", "22", "22", "22"},
     command_time,
     Offer::starttls,
     Need::tls},
    {"MAIL", 2, {"22", "ff", "22", "22", "22", "22", "22"}, command_time},
    {"first RCPT", 3, {"21", "f1", "22", "22", "22", "22", "22"}, command_time},
    {"second RCPT", 4, {"12", "1f", "22", "22", "22", "22", "22"}, command_time},
    {"DATA", 5, {"22", "ff", "22", "22", "22", "22", "22"}, command_time},
    {"body", in_body, {"22", "ff", "22", "22", "22", "ww", "ww"}, data_time},
    {"final dot",
     6,
     {"ww", "ff", "ww", "ww", "ww", "ww", "ww"},
     data_time,
     Offer::nothing,
     Need::any,
     "The end.\r\n.\r\n"},
    {"QUIT", 7, {"11", "11", "11", "11", "11", "11", "11"}, 5s},
    {"chunk's MAIL", 2, {"22", "ff", "22", "22", "22", "22", "22"}, command_time, Offer::chunking},
    {"chunk's RCPT", 4, {"12", "1f", "22", "22", "22", "22", "22"}, command_time, Offer::chunking},
    {"chunk", in_body, {"22", "ff", "22", "22", "22", "ww", "ww"}, data_time, Offer::chunking},
    {"BDAT LAST", 5, {"ww", "ff", "ww", "ww", "ww", "ww", "ww"}, data_time, Offer::chunking, Need::any, last_line},
    {"QUIT after BDAT", 6, {"11", "11", "11", "11", "11", "11", "11"}, 5s, Offer::chunking},
};

// Larger than what goes out at once, so that there is a middle of it.
std::string large_body() {
  std::string body = "Subject: matrix\r\n\r\n";
  while (body.size() < 512U << 10U) body += "A line of a body that is long enough to be cut in the middle.\r\n";
  return body + last_line;
}

// One world for one cell.
class Cell {
 public:
  Cell(const Row& row, Fault fault, std::shared_ptr<const net::TlsClientContext> tls)
      : row_(row), fault_(fault), tls_(std::move(tls)) {
    settings_.hostname = "client.example";
    settings_.messages_per_connection = 1;
    settings_.connect_timeout = connect_time;
    settings_.greeting_timeout = greeting_time;
    settings_.command_timeout = command_time;
    settings_.data_timeout = data_time;
  }

  std::string run() {
    prepare_first();
    network_.prepare(healthy());
    SmtpAgent agent(settings_, network_, deadlines_, tls_, log::null_logger(), io_.get_executor());
    const auto start = clock_.now;
    const auto outcomes = run_on(io_, agent.deliver(job(), hop()));
    attempt_lasted = clock_.now - start;
    run_on(io_, stop(agent));
    lasted = clock_.now - start;
    left_open = agent.connections();
    std::string letters;
    for (const auto& outcome : outcomes) letters += letter(outcome);
    why = to_line(outcomes[0].reply);
    return letters;
  }

  base::Duration attempt_lasted{};
  base::Duration lasted{};
  std::size_t left_open = 0;
  std::string why;

 private:
  static boost::asio::awaitable<bool> stop(SmtpAgent& agent) {
    co_await agent.stop(base::no_deadline);
    co_return true;
  }

  void prepare_first() {
    if (row_.step == on_connect) return fault_ == Fault::stall ? network_.ignore() : network_.refuse();
    network_.prepare(faulty());
  }

  std::unique_ptr<TricklingStream> healthy() {
    auto stream = std::make_unique<TricklingStream>(io_.get_executor(), clock_);
    for (const auto& reply : plain) stream->then(0s, reply);
    return stream;
  }

  const std::vector<std::string>& dialogue() const {
    if (row_.offer == Offer::chunking) return in_chunks;
    return row_.offer == Offer::starttls ? secured : plain;
  }

  std::unique_ptr<TricklingStream> faulty() {
    auto stream = std::make_unique<TricklingStream>(io_.get_executor(), clock_);
    const auto& replies = dialogue();
    const bool in_body_now = row_.step == in_body;
    const std::size_t before = in_body_now ? (row_.offer == Offer::chunking ? 5 : 6) : row_.step;
    std::size_t said = 0;
    for (; said < replies.size() && said < before; ++said) stream->then(0s, replies[said]);
    go_wrong(*stream);
    const bool goes_on = fault_ == Fault::refused_now || fault_ == Fault::refused;
    if (goes_on && !in_body_now && row_.step != in_handshake) go_on(*stream, said);
    return stream;
  }

  void go_wrong(TricklingStream& stream) {
    constexpr std::size_t middle = 200U << 10U;
    const auto words = words_of(fault_);
    if (!words.empty()) stream.then(0s, words);
    if (fault_ == Fault::drop && row_.at_end != nullptr)
      stream.break_after_end(row_.at_end);
    else if (fault_ == Fault::drop || fault_ == Fault::closing)
      stream.hang_up();
    if (fault_ == Fault::endless) stream.forever(0s, "250-and another thing\r\n");
    if (row_.step != in_body) return;
    const bool hangs_up = fault_ != Fault::garbage && fault_ != Fault::endless && fault_ != Fault::stall;
    if (hangs_up) stream.break_after(middle);
    if (fault_ == Fault::stall) stream.stop_taking_after(middle);
  }

  // What is said to the commands that follow a refusal.
  void go_on(TricklingStream& stream, std::size_t from) {
    const auto& replies = row_.offer == Offer::starttls ? plain : dialogue();
    if (row_.offer == Offer::nothing && row_.step == 1) from = 0;  // "250 mx1" once more, to HELO
    if (row_.offer == Offer::starttls) from = 1;
    for (std::size_t i = from + 1; i < replies.size(); ++i) stream.then(0s, replies[i]);
  }

  Job job() const {
    Job job{.id = {}, .sender = smtp::Mailbox{"a", "client.example"}, .envid = {}, .recipients = {}, .content = {}};
    job.content = std::make_shared<TextContent>(large_body());
    for (const char* local : {"r0", "r1"}) {
      mail::Recipient recipient;
      recipient.address = {local, "example.com"};
      job.recipients.push_back(std::move(recipient));
    }
    return job;
  }

  route::Hop hop() const {
    route::SmtpHop hop;
    for (const char* host : {"mx1.example", "mx2.example"}) {
      const auto address = *base::IpAddress::parse(std::string_view(host).contains('1') ? "192.0.2.1" : "192.0.2.2");
      hop.hosts.push_back({.name = host,
                           .preference = 0,
                           .addresses = {{.address = address, .port = 25, .unix_path = {}}},
                           .why_none = {}});
      if (row_.need == Need::tls) hop.hosts.back().tls.level = route::TlsLevel::require;
    }
    return hop;
  }

  static char letter(const Outcome& outcome) {
    if (outcome.kind == Outcome::Kind::failed) return 'f';
    const bool first = outcome.relay.starts_with("mx1");
    if (outcome.kind == Outcome::Kind::delivered) return first ? '1' : '2';
    return first ? 'w' : '2';
  }

  const Row& row_;
  Fault fault_;
  boost::asio::io_context io_;
  ManualClock clock_;
  net::Deadlines deadlines_{clock_};
  ManualNetwork network_{io_.get_executor(), clock_};
  Settings settings_;
  std::shared_ptr<const net::TlsClientContext> tls_;
};

TEST(PeerMatrix, EveryFaultAtEveryStageHasItsOutcome) {
  const auto tls = *net::TlsClientContext::load({});  // takes long
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < std::size(faults); ++i) {
      const std::string expected = row.expected[i];
      if (expected == "-") continue;
      SCOPED_TRACE(std::string(row.stage) + ": " + name_of(faults[i]));
      Cell cell(row, faults[i], tls);
      EXPECT_EQ(cell.run(), expected) << cell.why;
      EXPECT_EQ(cell.left_open, 0U);
      const bool waits = faults[i] == Fault::stall;
      EXPECT_GE(cell.lasted, waits ? row.patience : 0s);
      EXPECT_LE(cell.lasted, (waits ? row.patience : 0s) + 10s) << "only a stall takes time";
    }
  }
}

}  // namespace
}  // namespace godwit::deliver
