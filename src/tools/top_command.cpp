// SPDX-License-Identifier: Apache-2.0
#include "top_command.hpp"

#include <ostream>
#include <thread>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/text.hpp"
#include "http_client.hpp"
#include "live_screen.hpp"
#include "top_report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

constexpr base::Duration shortest_interval = std::chrono::milliseconds(200);
constexpr std::chrono::seconds top_patience(5);  // somebody looks on
constexpr base::Duration longest_interval = std::chrono::hours(1);

struct Sample {
  json::value status, busiest;
  base::MonoTime at{};
};

base::Result<json::value> fetch(const std::string& socket, const std::string& target) {
  const auto answer = http_request(socket, "GET", target, {}, top_patience);
  if (!answer) return base::fail(answer.error().kind, "cannot reach godwitd: " + answer.error().message);
  boost::system::error_code error;
  auto value = json::parse(answer->body, error);
  if (error || answer->status != 200) return base::fail(base::ErrorKind::corrupt, "godwitd does not tell its status");
  return value;
}

base::Result<Sample> sample(const std::string& socket) {
  auto status = fetch(socket, "/v1/status");
  if (!status) return std::unexpected(status.error());
  auto busiest = fetch(socket, "/v1/busiest");
  if (!busiest) return std::unexpected(busiest.error());
  return Sample{std::move(*status), std::move(*busiest), base::SystemClock().mono()};
}

json::value summary_of(const Sample& before, const Sample& now) {
  return top_summary(before.status, now.status, std::chrono::duration<double>(now.at - before.at).count(), now.busiest);
}

// Until a key ends it.  While the daemon cannot be asked it says so, and goes on asking.
void watch(const std::string& socket, Sample before, base::Duration interval) {
  LiveScreen screen;
  screen.show("One moment: what flows is seen after the second look.\nq: quit\n");
  while (screen.wait(interval)) {
    auto now = sample(socket);
    if (!now) {
      screen.show(now.error().message + "\nq: quit\n");
      continue;
    }
    screen.show(top_text(summary_of(before, *now)) + "\nq: quit\n");
    before = std::move(*now);
  }
}

}  // namespace

int TopCommand::run() const {
  const auto wait = base::parse_duration(interval);
  if (!wait || *wait < shortest_interval || *wait > longest_interval) {
    console.err << "godwitctl: --interval is 200ms to 1h\n";
    return exit_usage;
  }
  const auto fail = [this](const base::Error& error) {
    console.err << "godwitctl: " << error.message << "\n";
    return exit_failed;
  };
  auto before = sample(socket);
  if (!before) return fail(before.error());
  if (output == Output::text && !once && LiveScreen::possible())
    return watch(socket, std::move(*before), *wait), exit_done;
  std::this_thread::sleep_for(*wait);
  const auto now = sample(socket);
  if (!now) return fail(now.error());
  const auto summary = summary_of(*before, *now);
  console.out << (output == Output::json ? json::serialize(summary) + "\n" : top_text(summary));
  return exit_done;
}

}  // namespace godwit::tools
