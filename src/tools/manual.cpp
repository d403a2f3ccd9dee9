// SPDX-License-Identifier: Apache-2.0
#include "manual.hpp"

#include <fmt/format.h>

#include "godwit/commandline/manual.hpp"
#include "godwit/config/keys.hpp"
#include "sendmail_arguments.hpp"

namespace godwit::tools {
namespace {

using commandline::Manual, commandline::ManualEntry;

std::string godwitctl_page(const CLI::App& app) {
  const Manual manual{
      .name = "godwitctl",
      .section = 1,
      .summary = "make a mail host, ask and direct godwitd",
      .more = {
          {"EXIT STATUS",
           "0: done. 1: failed, also: no such message, problems found. 2: wrong usage or configuration."},
          {"ENVIRONMENT",
           "GODWIT_SOCKET: the daemon's control socket, where --socket names none. NO_COLOR: not empty: tables have no "
           "colours, which they have on a terminal."},
          {"FILES", "/etc/godwit/godwit.yaml, /run/godwit/control.sock"},
          {"SEE ALSO", "godwit.yaml(5), sendmail(1), godwitd(8)"}}};
  return commandline::manual_page(manual, app);
}

std::string sendmail_page() {
  const Manual manual{.name = "sendmail",
                      .section = 1,
                      .summary = "hand a message to godwitd",
                      .more = {{"FILES", "/run/godwit/submit.sock, /var/spool/godwit-maildrop"},
                               {"SEE ALSO", "godwitctl(1), godwitd(8)"}}};
  return commandline::manual_page(manual, sendmail_help);
}

std::string configuration_page() {
  const Manual manual{.name = "godwit.yaml",
                      .section = 5,
                      .summary = "configuration of godwitd",
                      .more = {{"SEE ALSO", "godwitctl(1), godwitd(8)"}}};
  std::vector<ManualEntry> entries;
  for (const auto& key : config::all_keys())
    entries.push_back({.term = key.key,
                       .text = fmt::format("{}\n({}; {}; {})", key.meaning, key.type,
                                           key.fallback == "required" ? "required"
                                           : key.fallback.empty()     ? "default: \"\""
                                                                      : "default: " + key.fallback,
                                           key.needs_restart ? "restart" : "reload")});
  return commandline::manual_page(manual,
                                  "One YAML file, by default /etc/godwit/godwit.yaml, and those that it includes. An "
                                  "unknown key is an error. Only hostname must be "
                                  "set. A changed value takes effect after godwitctl reload, or at the next start of "
                                  "the daemon, as the last word of each key says.\n"
                                  "\n"
                                  "Durations: 250ms 30s 5m 4h 5d 1h30m. Sizes: 4096 512KiB 50MiB 1GiB.",
                                  entries);
}

}  // namespace

std::optional<std::string> manual_named(const std::string& page, const CLI::App& godwitctl) {
  if (page == "godwitctl") return godwitctl_page(godwitctl);
  if (page == "sendmail") return sendmail_page();
  if (page == "godwit.yaml") return configuration_page();
  return {};
}

}  // namespace godwit::tools
