// SPDX-License-Identifier: Apache-2.0
#include "tools/godwitctl.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "godwit/auth/accounts.hpp"
#include "godwit/auth/password.hpp"

namespace godwit::tools {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Stands for the daemon: answers one connection after the other with what was prepared, and remembers the request
// lines.
class Daemon {
 public:
  explicit Daemon(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const auto* generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    if (::bind(listener_, generic, sizeof address) != 0 || ::listen(listener_, 8) != 0) std::abort();
  }
  ~Daemon() {
    finish();
    ::close(listener_);
  }
  void answer(std::vector<std::string> answers) {
    thread_ = std::thread([this, answers = std::move(answers)] {
      for (const std::string& each : answers) serve(each);
    });
  }
  // The request lines, once all answers were fetched.
  std::vector<std::string> finish() {
    if (thread_.joinable()) thread_.join();
    return lines_;
  }

 private:
  void serve(const std::string& answer) {
    const int peer = ::accept(listener_, nullptr, nullptr);
    std::string request;
    std::array<char, 1024> piece{};
    while (!request.contains("\r\n\r\n")) {
      const ssize_t got = ::recv(peer, piece.data(), piece.size(), 0);
      if (got <= 0) break;
      request.append(piece.data(), static_cast<std::size_t>(got));
    }
    lines_.push_back(request.substr(0, request.find("\r\n")));
    EXPECT_EQ(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
    ::close(peer);
  }

  int listener_;
  std::thread thread_;
  std::vector<std::string> lines_;
};

std::string http(unsigned status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class Godwitctl : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = ::testing::TempDir() + "/ctl.XXXXXX";
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder = made;
    socket = folder / "control.sock";
    file = folder / "accounts.yaml";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  int run(std::vector<std::string> words, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out_stream, err_stream;
    Console console{.in = in, .out = out_stream, .err = err_stream, .ask_password = ask_password};
    words.insert(words.begin(), "godwitctl");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    const int code = godwitctl(static_cast<int>(argv.size()), argv.data(), console);
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }
  // Against a daemon that answers so.
  int ask(std::vector<std::string> words, std::vector<std::string> answers) {
    Daemon daemon(socket);
    daemon.answer(std::move(answers));
    words.insert(words.begin(), {"--socket", socket});
    const int code = run(std::move(words));
    requests = daemon.finish();
    std::filesystem::remove(socket);
    return code;
  }
  int account(std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.begin(), {"account", "--file", file});
    return run(std::move(words), input);
  }
  bool has_password(const std::string& name, const std::string& password) const {
    const auto table = auth::load_accounts({file});
    return table && table->exists(name) && auth::password_matches(password, table->find(name)->password);
  }

  std::filesystem::path folder, socket, file;
  std::function<base::Result<std::string>(const std::string&)> ask_password;
  std::string out, err;
  std::vector<std::string> requests;
};

TEST_F(Godwitctl, HelpAndVersionAreDone) {
  EXPECT_EQ(run({"--help"}), exit_done);
  EXPECT_THAT(out, HasSubstr("--help"));
  EXPECT_EQ(run({"--version"}), exit_done);
  EXPECT_THAT(out, ::testing::ContainsRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(Godwitctl, WrongUsageIs2) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"--no-such-option"},
      {"queue", "frobnicate"},
      {"queue", "retry"},
      {"queue", "retry", "--all", "06ZQ3W8K1M4TR"},
      {"queue", "hold", "--sender", "a@b.example", "06ZQ3W8K1M4TR"},
      {"queue", "delete"},
      {"queue", "hold", "--reason", "x", "06ZQ3W8K1M4TR"},
      {"queue", "show"},
      {"delivery"},
      {"delivery", "resume", "--for", "2h"},
      {"queue", "show", "nonsense"},
      {"account"},
      {"account", "add"},
      {"account", "add", "a@b.example", "--generate", "--password-stdin"},
  };
  for (const auto& words : wrong) EXPECT_EQ(run(words), exit_usage) << ::testing::PrintToString(words);
}

TEST_F(Godwitctl, NoDaemonIsAFailureWithAdvice) {
  EXPECT_EQ(run({"--socket", socket, "status"}), exit_failed);
  EXPECT_THAT(err, HasSubstr(socket.string()));
  EXPECT_THAT(err, HasSubstr("is it running?"));
}

TEST_F(Godwitctl, SocketComesFromTheEnvironmentUnlessGiven) {
  ::setenv("GODWIT_SOCKET", "/nonexistent/from-environment", 1);
  run({"status"});
  EXPECT_THAT(err, HasSubstr("/nonexistent/from-environment"));
  run({"--socket", "/nonexistent/given", "status"});
  EXPECT_THAT(err, HasSubstr("/nonexistent/given"));
  ::unsetenv("GODWIT_SOCKET");
  EXPECT_EQ(run({"--socket", folder / std::string(200, 'x'), "status"}), exit_failed);
}

TEST_F(Godwitctl, SpoolCommandsAskTheDaemonWhereItsSpoolIs) {
  const std::string there = folder / "there";
  const std::string status = http(200, R"({"spool": {"directory": ")" + there + R"("}})");
  EXPECT_EQ(ask({"spool", "check"}, {status}), exit_usage);
  EXPECT_THAT(err, HasSubstr("the spool is " + there + " (the daemon at " + socket.string() + " says so)"));
  EXPECT_THAT(err, HasSubstr(there + " is no spool"));
  EXPECT_THAT(requests, ElementsAre("GET /v1/status HTTP/1.1"));
  EXPECT_EQ(ask({"spool", "export", "06ZQ3W8K1M4TR", "--envelope"}, {status}), exit_usage);
  EXPECT_THAT(err, HasSubstr(there + " is no spool"));
  EXPECT_EQ(ask({"spool", "export", "--all", "--to", folder / "out"}, {status}), exit_usage);
  EXPECT_THAT(err, HasSubstr(there + " is no spool"));
}

TEST_F(Godwitctl, ASpoolThatNoDaemonNamesIsTheUsualOneAndThatIsSaid) {
  run({"--socket", socket, "spool", "check"});
  EXPECT_THAT(err, HasSubstr("no daemon answers at " + socket.string()));
  EXPECT_THAT(err, HasSubstr("the spool is "));
  ask({"spool", "check"}, {http(200, R"({"spool": {}})")});
  EXPECT_THAT(err, HasSubstr("does not say where its spool is"));
  ask({"spool", "check"}, {http(200, "no JSON")});
  EXPECT_THAT(err, HasSubstr("does not say where its spool is"));
}

TEST_F(Godwitctl, ASpoolThatIsNamedNeedsNoDaemon) {
  EXPECT_EQ(run({"--socket", socket, "spool", "check", "--directory", folder / "here"}), exit_usage);
  EXPECT_THAT(err, HasSubstr((folder / "here").string() + " is no spool"));
  EXPECT_THAT(err, Not(HasSubstr("the spool is ")));
  std::ofstream(folder / "godwit.yaml") << "hostname: mail.example.com\nspool: {directory: " << folder / "configured"
                                        << "}\n";
  EXPECT_EQ(run({"--socket", socket, "spool", "check", "--config", folder / "godwit.yaml"}), exit_usage);
  EXPECT_THAT(err, HasSubstr((folder / "configured").string() + " is no spool"));
}

TEST_F(Godwitctl, StatusIsWhatTheDaemonSaysAndWhatIsSlow) {
  const auto status = http(200, R"({"version":"9.9"})");
  const auto busiest = http(200, R"({"destinations":[],"slow":[{"name":"busy.example"}]})");
  const std::string both = "{\"version\":\"9.9\",\"slow\":[{\"name\":\"busy.example\"}]}\n";
  EXPECT_EQ(ask({"--json", "status"}, {status, busiest}), exit_done);
  EXPECT_EQ(out, both);
  EXPECT_EQ(ask({"status", "--json"}, {status, busiest}), exit_done);
  EXPECT_EQ(out, both);
  EXPECT_EQ(ask({"status"}, {status, busiest}), exit_done);
  EXPECT_THAT(out, AllOf(HasSubstr("9.9"), HasSubstr("busy.example")));
  EXPECT_THAT(requests, ElementsAre("GET /v1/status HTTP/1.1", "GET /v1/busiest HTTP/1.1"));
}

TEST_F(Godwitctl, QueueAloneLists) {
  EXPECT_EQ(ask({"queue"}, {http(200, R"({"messages":[],"next":null})")}), exit_done);
  EXPECT_EQ(out, "The queue is empty.\n");
  EXPECT_THAT(requests, ElementsAre("GET /v1/queue?limit=500 HTTP/1.1"));
}

TEST_F(Godwitctl, ListFetchesPageAfterPage) {
  const std::string first = http(200, R"({"messages":[{"id":"06ZQ3W8K1M4TR"}],"next":"06ZQ3W8K1M4TR"})");
  const std::string last = http(200, R"({"messages":[{"id":"06ZQ3W8K1M4TS"}],"next":null})");
  EXPECT_EQ(ask({"--json", "queue", "list"}, {first, last}), exit_done);
  EXPECT_EQ(out, "{\"messages\":[{\"id\":\"06ZQ3W8K1M4TR\"},{\"id\":\"06ZQ3W8K1M4TS\"}]}\n");
  EXPECT_THAT(requests,
              ElementsAre("GET /v1/queue?limit=500 HTTP/1.1", "GET /v1/queue?limit=500&after=06ZQ3W8K1M4TR HTTP/1.1"));
}

TEST_F(Godwitctl, ListStopsAtItsLimit) {
  const std::string first = http(200, R"({"messages":[{"id":"06ZQ3W8K1M4TR"}],"next":"06ZQ3W8K1M4TR"})");
  EXPECT_EQ(ask({"queue", "list", "--limit", "1"}, {first}), exit_done);
  EXPECT_THAT(requests, ElementsAre("GET /v1/queue?limit=1 HTTP/1.1"));
}

TEST_F(Godwitctl, ListGoesOnBehindAPageWithoutMessages) {
  const std::string nothing = http(200, R"({"messages":[],"next":"06ZQ3W8K1M4TR"})");
  const std::string last = http(200, R"({"messages":[{"id":"06ZQ3W8K1M4TS"}],"next":null})");
  EXPECT_EQ(ask({"queue", "list", "--sender", "@a.example", "--older", "2h"}, {nothing, last}), exit_done);
  EXPECT_THAT(out, HasSubstr("06ZQ3W8K1M4TS"));
  EXPECT_THAT(requests, ElementsAre("GET /v1/queue?limit=500&sender=%40a.example&older=2h HTTP/1.1",
                                    "GET /v1/queue?limit=500&sender=%40a.example&older=2h&after=06ZQ3W8K1M4TR "
                                    "HTTP/1.1"));
}

TEST_F(Godwitctl, EachChangeIsARequest) {
  const std::string ok = http(200, "{}");
  for (const std::string verb : {"retry", "hold", "release", "bounce"}) {
    EXPECT_EQ(ask({"queue", verb, "06ZQ3W8K1M4TR"}, {ok}), exit_done);
    EXPECT_THAT(requests, ElementsAre("POST /v1/queue/06ZQ3W8K1M4TR/" + verb + " HTTP/1.1"));
    EXPECT_THAT(out, StartsWith("06ZQ3W8K1M4TR is "));
  }
  EXPECT_EQ(ask({"queue", "delete", "06ZQ3W8K1M4TR", "06ZQ3W8K1M4TS"}, {ok, ok}), exit_done);
  EXPECT_THAT(requests, ElementsAre("POST /v1/queue/06ZQ3W8K1M4TR/delete HTTP/1.1",
                                    "POST /v1/queue/06ZQ3W8K1M4TS/delete HTTP/1.1"));
  EXPECT_EQ(ask({"queue", "bounce", "06ZQ3W8K1M4TR", "--reason", "gone & away"}, {ok}), exit_done);
  EXPECT_THAT(requests, ElementsAre("POST /v1/queue/06ZQ3W8K1M4TR/bounce?reason=gone%20%26%20away HTTP/1.1"));
  EXPECT_EQ(ask({"stop"}, {http(202, "{}")}), exit_done);
  EXPECT_THAT(requests, ElementsAre("POST /v1/stop HTTP/1.1"));
}

TEST_F(Godwitctl, ManyAreChangedPageByPageAndCounted) {
  const std::string first = http(200, R"({"done":"hold","count":1000,"next":"06ZQ3W8K1M4TR"})");
  const std::string last = http(200, R"({"done":"hold","count":34,"next":null})");
  EXPECT_EQ(ask({"queue", "hold", "--recipient", "bob@*", "--state", "waiting"}, {first, last}), exit_done);
  EXPECT_EQ(out, "1034 messages are held.\n");
  EXPECT_THAT(requests, ElementsAre("POST /v1/queue/hold?limit=1000&recipient=bob%40%2A&state=waiting HTTP/1.1",
                                    "POST /v1/queue/hold?limit=1000&recipient=bob%40%2A&state=waiting"
                                    "&after=06ZQ3W8K1M4TR HTTP/1.1"));
  EXPECT_EQ(ask({"--json", "queue", "retry", "--all"}, {http(200, R"({"done":"retry","count":1,"next":null})")}),
            exit_done);
  EXPECT_EQ(out, "{\"done\":\"retry\",\"count\":1}\n");
  EXPECT_THAT(requests, ElementsAre("POST /v1/queue/retry?limit=1000&all=true HTTP/1.1"));
}

TEST_F(Godwitctl, AChangeOfManyThatFailsSaysHowFarItCame) {
  const std::string first = http(200, R"({"done":"bounce","count":1000,"next":"06ZQ3W8K1M4TR"})");
  EXPECT_EQ(ask({"queue", "bounce", "--destination", "a.example", "--reason", "x"},
                {first, http(503, R"({"error":"no room"})")}),
            exit_failed);
  EXPECT_EQ(err, "godwitctl: after 1000 messages: no room\n");
}

TEST_F(Godwitctl, UnknownIdFailsAndTheOthersAreStillDone) {
  EXPECT_EQ(ask({"queue", "hold", "0000000000000", "06ZQ3W8K1M4TR"},
                {http(404, R"({"error":"no such message"})"), http(200, "{}")}),
            exit_failed);
  EXPECT_EQ(err, "godwitctl: 0000000000000: no such message\n");
  EXPECT_EQ(out, "06ZQ3W8K1M4TR is held.\n");
}

TEST_F(Godwitctl, HistoryRouteAndReasonsAreAskedFor) {
  EXPECT_EQ(ask({"history", "search", "--sender", "a@b", "--message-id", "<c@d>", "--subject", "e f", "--since",
                 "2026-11-23", "--limit", "7"},
                {http(200, R"({"messages":[]})")}),
            exit_done);
  EXPECT_EQ(out, "No such message is in the history.\n");
  EXPECT_THAT(requests, ElementsAre("GET /v1/history?limit=7&sender=a%40b&message_id=%3Cc%40d%3E&subject=e%20f"
                                    "&since=2026-11-23T00%3A00%3A00.000Z HTTP/1.1"));
  EXPECT_EQ(ask({"route", "a@b", "--sender", "c@d"}, {http(200, "{}")}), exit_done);
  EXPECT_THAT(requests, ElementsAre("GET /v1/route?address=a%40b&sender=c%40d HTTP/1.1"));
  EXPECT_EQ(ask({"why", "big.example"}, {http(200, "{}")}), exit_done);
  EXPECT_THAT(requests, ElementsAre("GET /v1/why?name=big.example HTTP/1.1"));
  EXPECT_EQ(run({"history", "search", "--since", "yesterday"}), exit_usage);
  EXPECT_THAT(err, HasSubstr("--since"));
  EXPECT_EQ(run({"trace", "nonsense"}), exit_usage);
}

TEST_F(Godwitctl, DeliveryIsSuspendedAndResumed) {
  EXPECT_EQ(ask({"delivery", "suspend", "--destination", "a.example", "--for", "2h", "--reason", "they asked"},
                {http(200, R"({"destination":"a.example","done":"suspend"})")}),
            exit_done);
  EXPECT_EQ(out, "Delivery to a.example is suspended.\n");
  EXPECT_THAT(requests,
              ElementsAre("POST /v1/delivery/suspend?destination=a.example&for=2h&reason=they%20asked HTTP/1.1"));
  EXPECT_EQ(ask({"delivery", "resume"}, {http(200, R"({"destination":null,"done":"resume"})")}), exit_done);
  EXPECT_EQ(out, "All delivery is resumed.\n");
  EXPECT_THAT(requests, ElementsAre("POST /v1/delivery/resume HTTP/1.1"));
}

TEST_F(Godwitctl, DestinationsAreFetchedPageByPage) {
  EXPECT_EQ(
      ask({"destinations"},
          {http(
               200,
               R"({"destinations":[{"name":"a,b","state":"down","reason":"down: refused"}],"next":"a,b","suspensions":[]})"),
           http(
               200,
               R"({"destinations":[],"next":null,"suspensions":[{"destination":null,"until":null,"reason":"night"}]})")}),
      exit_done);
  EXPECT_THAT(requests, ElementsAre("GET /v1/destinations?limit=500 HTTP/1.1",
                                    "GET /v1/destinations?limit=500&after_name=a%2Cb HTTP/1.1"));
  EXPECT_THAT(out, HasSubstr("down: refused"));
  EXPECT_THAT(out, HasSubstr("Suspended until it is resumed: all delivery (night)"));
}

TEST_F(Godwitctl, RefusedReloadFailsAndSaysWhy) {
  const std::string refused = R"({"applied":false,"errors":["g.yaml:1:1: no"],"restart_needed":[],"error":"refused"})";
  EXPECT_EQ(ask({"reload"}, {http(422, refused)}), exit_failed);
  EXPECT_THAT(err, StartsWith("g.yaml:1:1: no\n"));
  EXPECT_EQ(ask({"reload"}, {http(200, R"({"applied":true,"errors":[],"restart_needed":["user"]})")}), exit_done);
  EXPECT_THAT(out, HasSubstr("Only after a restart: user"));
  EXPECT_EQ(ask({"reload"}, {http(503, R"({"error":"stopping"})")}), exit_failed);
  EXPECT_THAT(err, HasSubstr("stopping"));
}

TEST_F(Godwitctl, AnswersThatAreNoneFail) {
  for (const std::string& answer : {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
                                    std::string("220 mail ESMTP\r\n"), http(200, "hello"), http(200, "[]")})
    EXPECT_EQ(ask({"status"}, {answer}), exit_failed) << answer;
}

TEST_F(Godwitctl, AccountPasswordComesFromStandardInput) {
  EXPECT_EQ(account({"add", "Alice@Example.com", "--password-stdin"}, "secret\n"), exit_done) << err;
  EXPECT_TRUE(has_password("alice@example.com", "secret"));
  EXPECT_THAT(out, HasSubstr("godwitctl reload"));
  EXPECT_EQ(account({"passwd", "alice@example.com"}, "other\r\n"), exit_done) << err;
  EXPECT_TRUE(has_password("alice@example.com", "other"));
}

TEST_F(Godwitctl, AccountPasswordIsAskedAtATerminal) {
  ask_password = [](const std::string& prompt) {
    EXPECT_EQ(prompt, "Password of alice@example.com");
    return base::Result<std::string>("typed");
  };
  EXPECT_EQ(account({"add", "alice@example.com"}), exit_done) << err;
  EXPECT_TRUE(has_password("alice@example.com", "typed"));
  ask_password = [](const std::string&) -> base::Result<std::string> {
    return base::fail(base::ErrorKind::refused, "the two differ");
  };
  EXPECT_EQ(account({"passwd", "alice@example.com"}), exit_failed);
  EXPECT_TRUE(has_password("alice@example.com", "typed"));
}

TEST_F(Godwitctl, GeneratedPasswordIsPrintedOnce) {
  EXPECT_EQ(account({"add", "alice@example.com", "--generate"}), exit_done);
  const std::size_t at = out.find("Password: ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_TRUE(has_password("alice@example.com", out.substr(at + 10, 24)));
}

TEST_F(Godwitctl, AccountFailuresHaveTheirExitCodes) {
  EXPECT_EQ(account({"add", "alice@example.com"}, "x\n"), exit_done);
  EXPECT_EQ(account({"add", "ALICE@example.com"}, "x\n"), exit_failed) << "there already";
  EXPECT_EQ(account({"add", "bob@example.com"}, "\n"), exit_failed) << "empty password";
  EXPECT_EQ(account({"add", "bob@example.com"}, ""), exit_failed) << "no password";
  EXPECT_EQ(account({"add", "bob"}, "x\n"), exit_usage) << "no address";
  EXPECT_EQ(account({"passwd", "bob@example.com"}, "x\n"), exit_failed) << "unknown";
  EXPECT_EQ(account({"remove", "bob@example.com"}), exit_failed) << "unknown";
  EXPECT_EQ(account({"remove", "alice@example.com"}), exit_done);
  std::ofstream(file) << "bob: {}\n";
  EXPECT_EQ(account({"add", "carol@example.com"}, "x\n"), exit_usage) << "broken file";
  EXPECT_THAT(err, HasSubstr("accounts.yaml:1:1: "));
}

TEST_F(Godwitctl, AccountsAreListed) {
  std::ofstream(file) << "b@example.com: {}\na@example.com: {password: '!x', senders: ['@l.example']}\n";
  EXPECT_EQ(account({"list"}), exit_done);
  EXPECT_EQ(out,
            "ACCOUNT        PASSWORD           SCRAM  MAY ALSO SEND AS\n"
            "a@example.com  locked or unknown  no     @l.example\n"
            "b@example.com  none               no\n");
  EXPECT_EQ(run({"--json", "account", "list", "--file", file}), exit_done);
  EXPECT_THAT(
      out, StartsWith(
               R"([{"name":"a@example.com","password":"locked or unknown","scram":false,"senders":["@l.example"]},)"));
}

TEST_F(Godwitctl, ConfigurationNamesTheAccountsFile) {
  const auto config = folder / "godwit.yaml";
  std::ofstream(config) << "hostname: mail.example.com\naccounts: " << file.string() << "\n";
  EXPECT_EQ(run({"account", "add", "alice@example.com", "--config", config}, "secret\n"), exit_done) << err;
  EXPECT_TRUE(has_password("alice@example.com", "secret"));
  std::ofstream(config) << "hostnam: x\n";
  EXPECT_EQ(run({"account", "list", "--config", config}), exit_usage);
  EXPECT_THAT(err, HasSubstr("godwit.yaml:1:1: "));
}

}  // namespace
}  // namespace godwit::tools
