// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <ostream>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/setup/doctor.hpp"
#include "godwit/setup/host_setup.hpp"
#include "godwit/setup/new_file.hpp"
#include "paint.hpp"
#include "setup_commands.hpp"
#include "table.hpp"
#include "unix_socket.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;
using setup::Finding, setup::Findings, setup::Verdict;

std::optional<pid_t> process_behind(const std::string& socket) {
  const auto connected = UnixSocket::connect(socket);
  ucred peer{};
  socklen_t size = sizeof peer;
  if (!connected || ::getsockopt(connected->get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return peer.pid;
}

// What others sent is in it.
std::string shown(const std::string& text) {
  return base::printable(base::to_valid_utf8(text));
}

json::object findings_json(const Findings& findings) {
  json::array array;
  for (const auto& finding : findings.all())
    array.emplace_back(json::object{{"check", finding.check},
                                    {"about", base::to_valid_utf8(finding.about)},
                                    {"verdict", json::string(to_string(finding.verdict))},
                                    {"evidence", base::to_valid_utf8(finding.evidence)},
                                    {"remedy", base::to_valid_utf8(finding.remedy)}});
  return {{"verdict", json::string(to_string(findings.worst()))}, {"findings", std::move(array)}};
}

std::string findings_text(const Findings& findings) {
  std::vector<std::vector<std::string>> rows;
  std::string remedies;
  std::size_t problems = 0, warnings = 0;
  for (const auto& finding : findings.all()) {
    rows.push_back(
        {std::string(to_string(finding.verdict)), finding.check, shown(finding.about), shown(finding.evidence)});
    problems += finding.verdict == Verdict::problem ? 1 : 0;
    warnings += finding.verdict == Verdict::warning ? 1 : 0;
    if (!finding.remedy.empty())
      remedies += fmt::format("  {} {} {}:\n      {}\n", finding.verdict == Verdict::problem ? "!" : "-", finding.check,
                              shown(finding.about), finding.remedy);
  }
  auto text = table(rows);
  if (!remedies.empty()) text += "\nWhat helps:\n" + remedies;
  return text + fmt::format("\n{} problem{}, {} warning{}\n", problems, problems == 1 ? "" : "s", warnings,
                            warnings == 1 ? "" : "s");
}

int refuse_doctor(const Console& console, std::string_view why) {
  console.err << "godwitctl: " << why << "\n";
  return exit_usage;
}

}  // namespace

int DoctorCommand::run() const {
  auto loaded = config::load(config.empty() ? usual_config : config);
  for (const auto& diagnostic : loaded.diagnostics)
    if (!loaded.ok()) console.err << config::to_string(diagnostic) << "\n";
  if (!loaded.ok()) return exit_usage;
  setup::DoctorWishes wishes;
  for (const auto& text : addresses) {
    const auto address = base::IpAddress::parse(text);
    if (!address) return refuse_doctor(console, fmt::format("\"{}\" is not an address", base::printable(text)));
    wishes.addresses.push_back(*address);
  }
  for (const auto& [named, wished] :
       {std::pair(&blocklists, &wishes.blocklists), std::pair(&destinations, &wishes.destinations)}) {
    if (!named->empty()) wished->clear();
    for (const auto& text : *named) {
      const auto domain = setup::read_domain_name(text);
      if (!domain) return refuse_doctor(console, domain.error().message);
      wished->push_back(*domain);
    }
  }
  std::optional<setup::ZoneFile> read;
  if (!zone.empty()) {
    const auto text = setup::read_small_file(zone);
    if (!text) return refuse_doctor(console, text.error().message);
    auto parsed = setup::ZoneFile::parse(*text);
    if (!parsed) return refuse_doctor(console, zone + ": " + parsed.error().message);
    read = std::move(*parsed);
    wishes.zone = &*read;
  }
  wishes.daemon_process = process_behind(loaded.settings.control.socket);
  // For people, who would not know whether it hangs.
  if (!as_json) {
    console.err << "Looking at:" << std::flush;
    wishes.begins = [&err = console.err](std::string_view check) { err << " " << check << std::flush; };
  }
  const base::SystemClock clock;
  const auto findings = setup::examine_host(loaded.settings, wishes, clock);
  if (!as_json) console.err << "\n";
  if (as_json)
    console.out << json::serialize(findings_json(findings)) << "\n";
  else
    show(console, findings_text(findings));
  return findings.worst() == Verdict::problem ? exit_failed : exit_done;
}

}  // namespace godwit::tools
