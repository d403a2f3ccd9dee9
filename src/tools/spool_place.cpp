// SPDX-License-Identifier: Apache-2.0
#include "spool_place.hpp"

#include <cerrno>
#include <filesystem>
#include <ostream>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "http_client.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;

// "spool": {"directory": "/var/spool/godwit"} in a status; empty: it does not say.
std::string directory_in(const std::string& status) {
  boost::system::error_code error;
  const json::value value = json::parse(status, error);
  const json::object* object = value.if_object();
  const json::value* spool = object == nullptr ? nullptr : object->if_contains("spool");
  const json::object* members = spool == nullptr ? nullptr : spool->if_object();
  const json::value* directory = members == nullptr ? nullptr : members->if_contains("directory");
  return directory != nullptr && directory->is_string() ? std::string(directory->get_string()) : std::string();
}

// Or why it is not known.
base::Result<std::string> ask_daemon(const std::string& socket) {
  const auto answer = http_request(socket, "GET", "/v1/status");
  if (!answer) {
    const bool nobody = answer.error().os_error == ENOENT || answer.error().os_error == ECONNREFUSED;
    return base::fail(base::ErrorKind::not_found,
                      nobody ? "no daemon answers at " + socket : "cannot ask the daemon: " + answer.error().message);
  }
  std::string directory = directory_in(answer->body);
  if (directory.empty())
    return base::fail(base::ErrorKind::not_found, "the daemon at " + socket + " does not say where its spool is");
  return directory;
}

std::optional<spool::Settings> load(const std::string& file, Console& console) {
  const auto loaded = config::load(file);
  if (loaded.ok()) return loaded.settings.spool;
  for (const auto& diagnostic : loaded.diagnostics) console.err << config::to_string(diagnostic) << "\n";
  return std::nullopt;
}

// No option says where; by whose word it is there, in `by`.
std::optional<spool::Settings> find_usual(const std::string& socket, Console& console, std::string& by) {
  spool::Settings settings;
  auto told = ask_daemon(socket);
  if (told) {
    settings.directory = std::move(*told);
    by = "the daemon at " + socket + " says so";
    return settings;
  }
  std::error_code error;
  const bool is_configured = std::filesystem::exists(usual_config, error);
  by = told.error().message;
  by += is_configured ? fmt::format("; {} says so", usual_config) : "; it is the default";
  return is_configured ? load(usual_config, console) : settings;
}

}  // namespace

std::optional<spool::Settings> SpoolPlace::find(Console& console) const {
  if (directory.empty() && config.empty()) {
    std::string by;
    auto found = find_usual(socket, console, by);
    if (found)
      console.err << fmt::format("godwitctl: the spool is {} ({})\n", base::printable(found->directory),
                                 base::printable(by));
    return found;
  }
  auto settings = config.empty() ? std::optional<spool::Settings>(std::in_place) : load(config, console);
  if (settings && !directory.empty()) settings->directory = directory;
  return settings;
}

}  // namespace godwit::tools
