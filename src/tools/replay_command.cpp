// SPDX-License-Identifier: Apache-2.0
#include "replay_command.hpp"

#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "control_request.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "json_words.hpp"
#include "replay_report.hpp"

namespace godwit::tools {
namespace {

constexpr std::chrono::milliseconds look_again{100};
constexpr int looks_untold = 10;  // between two words about how far it is

constexpr const char* replay_path = "/v1/configuration/replay";

}  // namespace

int ReplayCommand::run() const {
  HttpBody body;
  std::string draft;
  if (!config.empty()) {
    auto read = config::system_files().read_file(config);
    if (read && read->empty()) read = base::fail(base::ErrorKind::invalid, config + " is empty");
    if (!read) {
      complain(control, read.error().message);
      return exit_usage;
    }
    draft = std::move(*read);
    body = {.size = draft.size(), .next = [&draft] { return base::Result<std::string_view>(draft); }};
  }
  const auto target = fmt::format("{}?last={}{}", replay_path, last, dns ? "&dns=true" : "");
  const auto started = ask(control, "POST", target, body);
  if (!started) return exit_failed;
  if (started->status == 422) {
    // As the daemon wrote them: what they quote is escaped.
    for (const auto& error : list(started->value, "/errors"))
      control.console.err << (error.is_string() ? std::string(error.get_string()) : word(error)) << "\n";
    fail(control, *started, "");
    return exit_usage;
  }
  if (!started->good()) return fail(control, *started, "");
  return wait_for(number(started->value, "/number"));
}

int ReplayCommand::wait_for(std::uint64_t number_of_replay) const {
  for (int looks = 1;; ++looks) {
    const auto answer = ask(control, "GET", replay_path);
    if (!answer) return exit_failed;
    if (!answer->good()) return fail(control, *answer, "");
    const auto& progress = answer->value;
    if (number(progress, "/number") != number_of_replay) {
      complain(control, "the daemon forgot this replay: it began another, or was started anew");
      return exit_failed;
    }
    const auto state = word(progress, "/state");
    if (state == "done") {
      const auto& report = at(progress, "/report");
      control.console.out << (control.output == Output::json ? boost::json::serialize(report) + "\n"
                                                             : replay_text(report));
      return exit_done;
    }
    if (state == "failed") {
      complain(control, "the replay failed: " + word(progress, "/failure"));
      return exit_failed;
    }
    if (looks % looks_untold == 0)
      control.console.err << fmt::format("{} of {} envelopes replayed\n", word(progress, "/replayed"),
                                         word(progress, "/of"));
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace godwit::tools
