// SPDX-License-Identifier: Apache-2.0
#include "spool_commands.hpp"

#include <filesystem>
#include <ostream>

#include <boost/json/serialize.hpp>

#include "blocking.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/disk/posix_disk.hpp"
#include "godwit/spool/inspect.hpp"
#include "spool_report.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

int code_of(const base::Error& error) {
  return error.kind == base::ErrorKind::not_found ? exit_usage : exit_failed;
}

}  // namespace

int SpoolCommands::complain(const std::string& what, int code) const {
  console.err << "godwitctl: " << base::printable(what) << "\n";
  return code;
}

std::optional<spool::Settings> SpoolCommands::settings() const {
  spool::Settings settings;
  const bool is_named = !config.empty();
  std::error_code error;
  if (is_named || (directory.empty() && std::filesystem::exists(usual_config, error))) {
    const auto loaded = config::load(is_named ? config : usual_config);
    for (const auto& diagnostic : loaded.diagnostics)
      if (!loaded.ok()) console.err << config::to_string(diagnostic) << "\n";
    if (!loaded.ok()) return std::nullopt;
    settings = loaded.settings.spool;
  }
  if (!directory.empty()) settings.directory = directory;
  return settings;
}

int SpoolCommands::check() const {
  const auto found = settings();
  if (!found) return exit_usage;
  disk::PosixDisk disk;
  boost::asio::io_context context;
  const auto report = run_here(context, spool::check_spool(disk, found->directory));
  if (!report) return complain(report.error().message, code_of(report.error()));
  if (output == Output::json)
    console.out << json::serialize(to_json(*report, found->directory)) << "\n";
  else
    console.out << to_text(*report, found->directory);
  return report->damaged() == 0 ? exit_done : exit_failed;
}

}  // namespace godwit::tools
