// SPDX-License-Identifier: Apache-2.0
#include "godwit/control/server.hpp"

#include <gmock/gmock.h>

#include <deque>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "support/manual_clock.hpp"
#include "unit/control/fake_backend.hpp"
#include "unit/control/scripted_peer.hpp"

namespace godwit::control {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view get_status = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";

class ControlServer : public ::testing::Test {
 protected:
  // What the peer got for what it sent.
  std::string talk(std::deque<std::string> sends) {
    peer = {.sends = std::move(sends), .got = {}};
    serve();
    return peer.got;
  }
  // One of several at once.
  void attach(Peer& one) {
    auto task = server.serve(std::make_unique<PeerStream>(one));
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    for (int i = 0; i < 100; ++i) io.poll_one();
  }
  // So many who say this and nothing more, and then one who asks something.
  std::string ask_after(std::size_t count, const std::string& said, std::string question) {
    std::deque<Peer> peers(count);
    for (auto& one : peers) {
      one = {.sends = {said}, .got = {}, .ends = false, .waits = true};
      attach(one);
    }
    peer = {.sends = {std::move(question)}, .got = {}, .ends = false, .waits = true};
    attach(peer);
    for (int i = 0; i < 5000 && peer.got.empty(); ++i) io.poll_one();
    EXPECT_LE(server.connections(), 33U);
    EXPECT_TRUE(peers.front().was_cancelled) << "the oldest made room";
    server.stop();
    io.run();
    EXPECT_EQ(server.connections(), 0U);
    return peer.got;
  }
  void serve() {
    auto task = server.serve(std::make_unique<PeerStream>(peer));
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    io.restart();
    io.run();
    EXPECT_EQ(server.connections(), 0U);
  }

  boost::asio::io_context io{1};
  testing::ManualClock clock;
  FakeBackend backend;
  RefusalsLogger log;
  Server server{backend, clock, log};
  Peer peer;
};

int answers_in(std::string_view text) {
  int answers = 0;
  for (std::size_t at = text.find("HTTP/1."); at != std::string_view::npos; at = text.find("HTTP/1.", at + 1))
    ++answers;
  return answers;
}

TEST_F(ControlServer, AnswersWithJson) {
  const std::string got = talk({std::string(get_status)});
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(got, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(got, EndsWith("}\n"));
}

TEST_F(ControlServer, OfThisMachineOnlyRootTheServiceAndItsGroupMayAsk) {
  server.guard({.tokens = nullptr, .user = 50, .group = 60, .tls = nullptr});
  const auto status_for = [&](std::optional<net::PeerCredential> credential) {
    peer = {.sends = {std::string(get_status)}, .got = {}, .credential = std::move(credential)};
    serve();
    return peer.got.substr(std::string_view("HTTP/1.1 ").size(), 3);
  };
  EXPECT_EQ(status_for(net::PeerCredential{.user = 0, .group = 7}), "200") << "root";
  EXPECT_EQ(status_for(net::PeerCredential{.user = 50, .group = 7}), "200") << "the service's user";
  EXPECT_EQ(status_for(net::PeerCredential{.user = 70, .group = 60}), "200") << "by his own group";
  EXPECT_EQ(status_for(net::PeerCredential{.user = 70, .group = 7, .groups = {8, 60}}), "200") << "by another group";
  EXPECT_EQ(log.lines, 0);
  EXPECT_EQ(status_for(net::PeerCredential{.user = 70, .group = 7, .groups = {8, 9}}), "403") << "a stranger";
  EXPECT_EQ(status_for({}), "403") << "who is not known";
  EXPECT_EQ(log.lines, 2);
}

TEST_F(ControlServer, AnswersTheSameHoweverTheRequestIsCut) {
  const std::string whole = talk({std::string(get_status)});
  for (std::size_t cut = 1; cut < get_status.size(); ++cut)
    EXPECT_EQ(talk({std::string(get_status.substr(0, cut)), std::string(get_status.substr(cut))}), whole) << cut;
}

TEST_F(ControlServer, AnswersSeveralRequestsOnOneConnection) {
  const std::string one(get_status);
  EXPECT_EQ(answers_in(talk({one, one})), 2);
  EXPECT_EQ(answers_in(talk({one + one + one})), 3);
}

TEST_F(ControlServer, ClosesWhenThePeerWantsIt) {
  const std::string one = "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string got = talk({one + one});
  EXPECT_EQ(answers_in(got), 1);
  EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(peer.was_shut_down);
  EXPECT_EQ(answers_in(talk({"GET /v1/status HTTP/1.0\r\n\r\nGET /v1/status HTTP/1.0\r\n\r\n"})), 1);
}

TEST_F(ControlServer, WrongMethodNamesTheRightOnes) {
  EXPECT_THAT(talk({"DELETE /v1/status HTTP/1.1\r\n\r\n"}), HasSubstr("Allow: GET\r\n"));
}

TEST_F(ControlServer, WhatIsNoHttpIsRefusedAndClosed) {
  for (const char* bytes : {"EHLO there\r\n\r\n", "\x16\x03\x01", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\nx y z\r\n"})
    EXPECT_THAT(talk({bytes, std::string(get_status)}), StartsWith("HTTP/1.1 400 ")) << bytes;
  EXPECT_TRUE(peer.was_shut_down);
}

TEST_F(ControlServer, LongHeaderIsRefused) {
  EXPECT_THAT(talk({"GET /v1/status HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"}),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(ControlServer, LongBodyIsRefused) {
  EXPECT_THAT(talk({"POST /v1/reload HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + std::string(70'000, 'x')}),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(backend.asked, ::testing::IsEmpty());
}

TEST_F(ControlServer, BodyIsReadAndPassedOver) {
  EXPECT_EQ(answers_in(talk({"POST /v1/reload HTTP/1.1\r\nContent-Length: 2\r\n\r\n{", "}" + std::string(get_status)})),
            2);
}

std::string import_request(const std::string& envelope, const std::string& message) {
  return "POST /v1/queue/import?envelope=" + std::to_string(envelope.size()) +
         " HTTP/1.1\r\nContent-Length: " + std::to_string(envelope.size() + message.size()) + "\r\n\r\n" + envelope +
         message;
}

TEST_F(ControlServer, AMessageIsReadPieceByPieceWhateverItsSize) {
  const std::string message(300'000, 'x');
  const std::string request = import_request(import_envelope(message.size()), message) + std::string(get_status);
  EXPECT_EQ(answers_in(talk({request})), 2);
  EXPECT_EQ(backend.imported_body, message);
  backend.imported_body.clear();
  EXPECT_EQ(answers_in(talk({request.substr(0, 90), request.substr(90, 20'000), request.substr(20'090)})), 2);
  EXPECT_EQ(backend.imported_body, message);
}

TEST_F(ControlServer, AMessageInChunksIsTheSame) {
  const std::string envelope = import_envelope(5);
  const std::string head = "POST /v1/queue/import?envelope=" + std::to_string(envelope.size()) +
                           " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::deque<std::string> sends{head};
  for (const char byte : envelope + "Hello")
    for (const std::string& part : {std::string("1\r"), std::string("\n"), std::string(1, byte), std::string("\r\n")})
      sends.push_back(part);
  sends.push_back("0\r\n\r\n" + std::string(get_status));
  EXPECT_EQ(answers_in(talk(std::move(sends))), 2);
  EXPECT_EQ(backend.imported_body, "Hello");
}

TEST_F(ControlServer, OfWhatIsRefusedEarlyALittleIsPassedOver) {
  const std::string message(30'000, 'x');
  const std::string got = talk({import_request("no envelope\n", message) + std::string(get_status)});
  EXPECT_THAT(got, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(answers_in(got), 2);
}

TEST_F(ControlServer, WhoSendsMuchMoreThanWasRefusedIsLeft) {
  const std::string piece(1U << 20U, 'x');
  const std::string envelope = "no envelope\n";
  std::deque<std::string> sends{"POST /v1/queue/import?envelope=" + std::to_string(envelope.size()) +
                                " HTTP/1.1\r\nContent-Length: 4000000000\r\n\r\n" + envelope};
  sends.insert(sends.end(), 100, piece);
  const std::string got = talk(std::move(sends));
  EXPECT_THAT(got, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(got, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(answers_in(got), 1);
  EXPECT_TRUE(peer.was_shut_down);
  EXPECT_GE(peer.sends.size(), 30U);
  EXPECT_LE(peer.sends.size(), 40U) << "a part is passed over, so that the answer arrives";
}

TEST_F(ControlServer, WhoIsRefusedAndThenSilentIsAnswered) {
  peer = {
      .sends = {import_request("no envelope\n", std::string(30'000, 'x')).substr(0, 10'000)}, .got = {}, .ends = false};
  serve();
  EXPECT_THAT(peer.got, StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(answers_in(peer.got), 1);
}

TEST_F(ControlServer, AMessageThatBreaksOffIsNotAnswered) {
  const std::string request = import_request(import_envelope(100'000), std::string(100'000, 'x'));
  EXPECT_EQ(talk({request.substr(0, 60'000)}), "");
  EXPECT_EQ(talk({request.substr(0, 100)}), "");
}

TEST_F(ControlServer, PeerThatLeavesInTheMiddleGetsNothing) {
  EXPECT_EQ(talk({"GET /v1/sta"}), "");
  EXPECT_EQ(talk({}), "");
}

TEST_F(ControlServer, SilentPeerIsLeft) {
  peer = {.sends = {"GET /v1/sta"}, .got = {}, .ends = false};
  serve();
  EXPECT_EQ(peer.got, "");
}

TEST_F(ControlServer, ThoseIdleForLongestMakeRoomForOthers) {
  std::deque<Peer> peers(40);
  for (auto& one : peers) {
    one = {.sends = {std::string(get_status)}, .got = {}, .ends = false, .waits = true};
    attach(one);
    EXPECT_THAT(one.got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_LE(server.connections(), 33U);
  }
  for (std::size_t i = 0; i < peers.size(); ++i) EXPECT_EQ(peers[i].was_cancelled, i < 8) << i;
  server.stop();
  io.run();
  EXPECT_EQ(server.connections(), 0U);
}

TEST_F(ControlServer, HalfARequestKeepsNobodyOut) {
  EXPECT_THAT(ask_after(40, "GET /v1/sta", std::string(get_status)), StartsWith("HTTP/1.1 200 OK\r\n"));
}

// ---- tokens
// -----------------------------------------------------------------------------------------------------------

std::string request_with(std::string_view line, std::string_view token) {
  return std::string(line) + " HTTP/1.1\r\nAuthorization: Bearer " + std::string(token) + "\r\n\r\n";
}

class GuardedControlServer : public ControlServer {
 protected:
  GuardedControlServer() {
    const auto of = [](Scope scope) { return static_cast<Scopes>(scope); };
    server.guard({.tokens = std::make_shared<const Tokens>(
                      std::vector<TokenSettings>{{.file = {}, .scopes = of(Scope::read), .secret = "reader"},
                                                 {.file = {}, .scopes = of(Scope::queue), .secret = "operator"},
                                                 {.file = {}, .scopes = of(Scope::admin), .secret = "chief"}}),
                  .tls = nullptr});
  }
};

TEST_F(GuardedControlServer, WithoutATokenNothingIsToldNotEvenWhatThereIs) {
  for (const std::string line : {"GET /v1/status", "GET /nothing", "POST /v1/stop", "DELETE /v1/status"}) {
    const auto got = talk({line + " HTTP/1.1\r\n\r\n"});
    EXPECT_THAT(got, StartsWith("HTTP/1.1 401 ")) << line;
    EXPECT_THAT(got, HasSubstr("WWW-Authenticate: Bearer realm=\"godwit\"\r\n")) << line;
    EXPECT_THAT(talk({request_with(line, "reader0")}), StartsWith("HTTP/1.1 401 ")) << line;
  }
  EXPECT_THAT(backend.asked, ::testing::IsEmpty());
}

TEST_F(GuardedControlServer, WhoHasNoTokenKeepsNobodyOut) {
  const auto question = request_with("GET /v1/status", "reader");
  EXPECT_THAT(ask_after(40, "POST /v1/stop HTTP/1.1\r\nContent-Length: 1000\r\n\r\nx", question),
              StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(GuardedControlServer, WhoHasNoTokenDoesNotFillTheLog) {
  for (int i = 0; i < 50; ++i) talk({std::string(get_status)});
  EXPECT_EQ(log.lines, 10);
  EXPECT_EQ(log.passed_over, 0);
  clock.now += std::chrono::seconds(1);
  talk({std::string(get_status)});
  EXPECT_EQ(log.lines, 11);
  EXPECT_EQ(log.passed_over, 40);
}

TEST_F(GuardedControlServer, ATokenOpensWhatItsScopeSays) {
  struct Case {
    std::string line;
    std::string_view reader, queue_operator, chief;
  };
  for (const auto& [line, reader, queue_operator, chief] :
       {Case{"GET /v1/status", "200", "403", "200"}, Case{"GET /metrics", "200", "403", "200"},
        Case{"POST /v1/queue/retry?all=true", "403", "200", "200"}, Case{"POST /v1/reload", "403", "403", "200"}}) {
    EXPECT_THAT(talk({request_with(line, "reader")}), StartsWith("HTTP/1.1 " + std::string(reader))) << line;
    EXPECT_THAT(talk({request_with(line, "operator")}), StartsWith("HTTP/1.1 " + std::string(queue_operator))) << line;
    EXPECT_THAT(talk({request_with(line, "chief")}), StartsWith("HTTP/1.1 " + std::string(chief))) << line;
  }
}

TEST_F(GuardedControlServer, WhoHasATokenIsToldWhatIsNotThere) {
  EXPECT_THAT(talk({request_with("GET /nothing", "reader")}), StartsWith("HTTP/1.1 404 "));
}

TEST_F(GuardedControlServer, ATokenIsToldWhatItOpens) {
  EXPECT_THAT(talk({request_with("GET /v1/access", "reader")}), EndsWith("\r\n\r\n{\"scopes\":[\"read\"]}\n"));
  EXPECT_THAT(talk({request_with("GET /v1/access", "chief")}), EndsWith("{\"scopes\":[\"admin\"]}\n"));
}

TEST_F(GuardedControlServer, TheConfigurationIsForTheChiefAlone) {
  EXPECT_THAT(talk({request_with("GET /v1/configuration", "reader")}), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(talk({request_with("POST /v1/configuration/check", "operator")}), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(talk({request_with("GET /v1/configuration", "chief")}), StartsWith("HTTP/1.1 200 "));
}

TEST_F(GuardedControlServer, TheBodyOfAStrangerIsNotReadOn) {
  const std::string message(300'000, 'x');
  const auto got = talk({import_request(import_envelope(message.size()), message) + std::string(get_status)});
  EXPECT_THAT(got, StartsWith("HTTP/1.1 401 "));
  EXPECT_EQ(answers_in(got), 1);
  EXPECT_EQ(backend.imported_body, "");
}

// ---- the console
// ------------------------------------------------------------------------------------------------------

TEST_F(GuardedControlServer, TheConsoleIsThereWithoutATokenWhereItIsWanted) {
  const std::string request = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_THAT(talk({request}), StartsWith("HTTP/1.1 401 "));
  server.guard(
      {.tokens = std::make_shared<const Tokens>(std::vector<TokenSettings>{}), .tls = nullptr, .console = true});
  EXPECT_EQ(answers_in(talk({request + request})), 2);
  EXPECT_THAT(peer.got, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(talk({std::string(get_status)}), StartsWith("HTTP/1.1 401 "));
}

TEST_F(ControlServer, TheUnixSocketHasNoConsole) {
  EXPECT_THAT(talk({"GET / HTTP/1.1\r\n\r\n"}), StartsWith("HTTP/1.1 404 "));
}

// ---- events
// -----------------------------------------------------------------------------------------------------------

class EventStream : public ControlServer {
 protected:
  void listen() {
    backend.subscription = feed.subscribe("");
    peer = {.sends = {"GET /v1/events?outcome=held HTTP/1.1\r\n\r\n"}, .got = {}, .ends = false};
    auto task = server.serve(std::make_unique<PeerStream>(peer));
    boost::asio::co_spawn(io, std::move(task), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    io.poll();
    backend.subscription.reset();
  }
  void log(std::string_view event) {
    const log::Field fields[] = {{"id", "06ZQ3W8K1M4TR"}};
    feed.add(log::Level::info, event, fields);
    io.restart();
    io.poll();
  }

  net::Deadlines deadlines{clock};
  EventFeed feed{io.get_executor(), deadlines, clock};
};

TEST_F(EventStream, GoesOnUntilTheServerStops) {
  listen();
  EXPECT_EQ(backend.asked.back(), "events held");
  EXPECT_THAT(peer.got, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(peer.got, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(peer.got, ::testing::Not(HasSubstr("Content-Length")));
  log("held");
  EXPECT_THAT(peer.got, HasSubstr("\r\n\r\nevent: held\ndata: {"));
  EXPECT_EQ(server.connections(), 1U);
  server.stop();
  io.restart();
  io.run();
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_TRUE(peer.was_shut_down);
}

TEST_F(EventStream, TooManyAreTurnedAway) {
  backend.failure = {base::ErrorKind::exhausted, "too many listen"};
  EXPECT_THAT(talk({"GET /v1/events HTTP/1.1\r\n\r\n"}), StartsWith("HTTP/1.1 503 "));
}

TEST_F(ControlServer, NothingIsServedAfterStop) {
  server.stop();
  EXPECT_EQ(talk({std::string(get_status)}), "");
}

}  // namespace
}  // namespace godwit::control
