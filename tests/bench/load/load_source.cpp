// SPDX-License-Identifier: Apache-2.0
// Sends mail as fast as a server takes it, or at an even rate, at as little cost as may be: one thread, the bytes of
// all messages made once.  Prints one line of JSON, and with --report one in so many seconds before it.
//
//   load_source SERVER [--sessions 20] [--messages N] [--seconds S] [--rate R] ...      --help tells more
#include <cstdio>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "godwit/base/encoding.hpp"
#include "session.hpp"

namespace godwit::bench {
namespace {

constexpr std::chrono::seconds longest_silence(60);

struct Options {
  std::size_t sessions = 20;
  WorkSettings work;
  ScriptSettings script;
  SessionSettings session;
  ClientTls::Resumption resumption = ClientTls::Resumption::never;
  double report = 0;  // seconds; 0: only at the end
};

class Source {
 public:
  explicit Source(const Options& options)
      : options_(options),
        script_(options.script),
        tls_(options.resumption),
        began_(Clock::now()),
        work_(options.work, began_),
        around_{.settings = options.session, .script = script_, .work = work_, .tls = tls_, .epoll = epoll_} {}

  void run() {
    around_.last_reply = began_;
    next_report_ = began_;
    schedule_report();
    for (std::size_t i = 0; i < options_.sessions; ++i) {
      sessions_.push_back(std::make_unique<Session>(around_));
      sessions_.back()->connect();
    }
    while (around_.open_sessions > 0) {
      for (const auto& event : epoll_.wait(patience())) static_cast<Session*>(event.data.ptr)->on_event();
      wake();
      const auto now = Clock::now();
      if (now - around_.last_reply > longest_silence) throw std::runtime_error("the server answers no more");
      if (options_.report > 0 && now >= next_report_) report(now);
    }
    all_.add(around_.figures);
    print(all_, "all", in_seconds(around_.last_reply - began_));
  }

 private:
  std::chrono::nanoseconds patience() const {
    const std::chrono::nanoseconds most = std::chrono::milliseconds(100);
    if (around_.idle.empty()) return most;
    return std::clamp<std::chrono::nanoseconds>(work_.next_due() - Clock::now(), std::chrono::nanoseconds(0), most);
  }

  void wake() {
    while (!around_.idle.empty()) {
      const auto now = Clock::now();
      if (work_.next_due() > now && !work_.is_over(now)) return;
      Session* session = around_.idle.front();
      around_.idle.pop_front();
      session->go_on();
    }
  }

  void schedule_report() {
    next_report_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.report));
  }

  void report(Clock::time_point now) {
    print(around_.figures, "window", options_.report + in_seconds(now - next_report_));
    schedule_report();
    all_.add(around_.figures);
    around_.figures = {};
  }

  static std::string text(const Latencies& latencies) {
    return fmt::format(R"({{"p50": {:.4f}, "p99": {:.4f}, "p999": {:.4f}, "max": {:.4f}}})", latencies.quantile_ms(0.5),
                       latencies.quantile_ms(0.99), latencies.quantile_ms(0.999), latencies.most_ms());
  }

  void print(const Figures& figures, const char* of, double seconds) const {
    const auto messages = figures.to_reply.total();
    fmt::print(
        R"({{"of": "{}", "messages": {}, "seconds": {:.6f}, "rate": {:.2f}, "began": {:.6f}, "ended": {:.6f}, )"
        R"("dot_to_reply_ms": {}, "due_to_reply_ms": {}, "connections": {}, "handshakes": {}, "resumed": {}, "cpu": {:.3f}}})"
        "\n",
        of, messages, seconds, static_cast<double>(messages) / seconds, in_seconds(began_),
        in_seconds(around_.last_reply), text(figures.to_reply), text(figures.from_due), around_.connections,
        tls_.handshakes(), tls_.resumed(), cpu_seconds());
    std::fflush(stdout);
  }

  const Options& options_;
  const Script script_;
  Epoll epoll_;
  ClientTls tls_;
  const Clock::time_point began_;
  Work work_;
  Surroundings around_;
  std::vector<std::unique_ptr<Session>> sessions_;
  Figures all_;
  Clock::time_point next_report_;
};

base::Endpoint endpoint(const std::string& text) {
  auto parsed = base::Endpoint::parse(text);
  if (!parsed) throw CLI::ValidationError("SERVER", "ADDRESS:PORT is wanted, not " + text);
  return *parsed;
}

void add_options(CLI::App& app, Options& options) {
  app.add_option_function<std::string>(
         "SERVER", [&options](const std::string& text) { options.session.server = endpoint(text); }, "ADDRESS:PORT")
      ->required();
  app.add_option("--sessions", options.sessions, "connections at the same time")->capture_default_str();
  app.add_option("--messages", options.work.messages, "after which it ends");
  app.add_option("--seconds", options.work.seconds, "after which no message begins");
  app.add_option("--rate", options.work.rate, "messages a second, evenly; without: as fast as they go");
  app.add_option("--size", options.script.size, "bytes of a message")->capture_default_str();
  app.add_option("--recipients", options.script.recipients, "of each message")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--from", options.script.sender)->capture_default_str();
  app.add_option("--to", options.script.recipient, "of several, with a number behind the local part")
      ->capture_default_str();
  app.add_option("--per-connection", options.session.messages_per_connection, "messages of a connection; 0: all")
      ->capture_default_str();
  app.add_option("--pipelining", options.session.pipelining, "what is sent at once, where the server offers it")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Pipelining>{
          {"none", Pipelining::one_command}, {"envelope", Pipelining::envelope}, {"all", Pipelining::all}}));
  app.add_flag_callback(
      "--bdat",
      [&options] {
        options.script.transfer = Transfer::bdat;
        options.session.chunking = true;
      },
      "with BDAT, a message in one piece");
  app.add_option("--tls", options.session.tls)
      ->transform(CLI::CheckedTransformer(std::map<std::string, TlsMode>{
          {"none", TlsMode::none}, {"starttls", TlsMode::starttls}, {"implicit", TlsMode::implicit}}));
  app.add_flag_callback(
      "--resume", [&options] { options.resumption = ClientTls::Resumption::always; }, "resume TLS sessions");
  app.add_option_function<std::string>(
      "--login",
      [&options](std::string user_and_password) {
        const auto colon = user_and_password.find(':');
        if (colon == std::string::npos) throw CLI::ValidationError("--login", "USER:PASSWORD is wanted");
        user_and_password[colon] = '\0';
        options.session.login = base::base64_encode('\0' + user_and_password);
      },
      "USER:PASSWORD for AUTH PLAIN");
  app.add_option("--report", options.report, "seconds, after each of which the figures of these are printed");
}

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  using namespace godwit::bench;
  Options options;
  CLI::App app("Sends mail to a server that is to be measured");
  add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  if (options.work.messages == 0 && options.work.seconds == 0) {
    std::fputs("load_source: one of --messages and --seconds is wanted\n", stderr);
    return 2;
  }
  try {
    Source(options).run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "load_source: %s\n", failure.what());
    return 1;
  }
  return 0;
}
