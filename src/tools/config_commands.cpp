// SPDX-License-Identifier: Apache-2.0
#include "config_commands.hpp"

#include <algorithm>
#include <optional>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "godwit/auth/accounts.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/config/keys.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/setup/key_file.hpp"
#include "paint.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

namespace json = boost::json;
using config::Diagnostic, config::KeyValue, config::Loaded, config::Severity;

std::string file_of(const ConfigCommands& commands) {
  return commands.config.empty() ? usual_config : commands.config;
}

void print_diagnostics(const ConfigCommands& commands, const std::vector<Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics) commands.console.err << config::to_string(diagnostic) << "\n";
}

// Nothing: it has errors, which were said.
std::optional<Loaded> sound_configuration(const ConfigCommands& commands, const std::string& file) {
  auto loaded = config::load(file);
  if (loaded.ok()) return loaded;
  print_diagnostics(commands, loaded.diagnostics);
  return {};
}

// What the files that it names say.
std::vector<Diagnostic> file_faults(const Loaded& loaded) {
  std::vector<Diagnostic> faults;
  const auto add = [&](const std::string& key, const std::string& message) {
    faults.push_back({.place = loaded.place_of(key), .message = key + ": " + message, .suggestion = {}});
  };
  const auto& settings = loaded.settings;
  const auto now = base::SystemClock().wall();
  for (std::size_t i = 0; i < settings.tls.certificates.size(); ++i) {
    const auto key = fmt::format("tls.certificates[{}].", i);
    const auto& files = settings.tls.certificates[i];
    const auto facts = net::check_certificate(files);
    if (!facts && files.is_awaited && facts.error().kind == base::ErrorKind::not_found) continue;
    // The text begins with the file that is at fault.
    if (!facts)
      add(key + (facts.error().message.starts_with(files.private_key) ? "private_key" : "certificate"),
          facts.error().message);
    else if (facts->not_after <= now)
      add(key + "certificate", "it expired on " + base::format_rfc3339(facts->not_after));
  }
  for (std::size_t i = 0; i < settings.mailauth.keys.size(); ++i)
    if (const auto key = setup::read_key(settings.mailauth.keys[i].private_key); !key)
      add(fmt::format("dkim.keys[{}].private_key", i), key.error().message);
  return faults;
}

// With places of their own.
auth::Complaints account_faults(const Loaded& loaded) {
  auth::Complaints complaints;
  for (const auto& store : loaded.settings.auth.stores) {
    if (store.type != auth::StoreType::file) continue;
    const auto table = auth::load_accounts({store.path});
    if (!table) complaints.insert(complaints.end(), table.error().begin(), table.error().end());
  }
  return complaints;
}

std::string with_suggestion(const Diagnostic& diagnostic) {
  return diagnostic.suggestion.empty()
             ? diagnostic.message
             : fmt::format("{} (did you mean {}?)", diagnostic.message, diagnostic.suggestion);
}

json::object fault_json(const config::Place& place, const std::string& message) {
  return {{"file", base::to_valid_utf8(place.file)},
          {"line", place.line},
          {"column", place.column},
          {"message", base::to_valid_utf8(message)}};
}

// "accounts.yaml:3:5: message", or a message alone: its line is 0.
json::object complaint_json(const std::string& complaint) {
  const config::Place nowhere{.file = {}, .line = 0, .column = 0};
  const auto end = complaint.find(": ");
  const auto place = base::split(std::string_view(complaint).substr(0, end), ':');
  if (end == std::string::npos || place.size() < 3) return fault_json(nowhere, complaint);
  const auto line = base::parse_unsigned(place[place.size() - 2]), column = base::parse_unsigned(place.back());
  if (!line || !column) return fault_json(nowhere, complaint);
  const auto file = complaint.substr(0, end - place.back().size() - place[place.size() - 2].size() - 2);
  return fault_json({.file = file, .line = static_cast<int>(*line), .column = static_cast<int>(*column)},
                    complaint.substr(end + 2));
}

void print_faults_as_json(const ConfigCommands& commands, const std::vector<Diagnostic>& diagnostics,
                          const auth::Complaints& complaints) {
  json::array errors, warnings;
  for (const auto& diagnostic : diagnostics)
    (diagnostic.severity == Severity::error ? errors : warnings)
        .emplace_back(fault_json(diagnostic.place, with_suggestion(diagnostic)));
  for (const auto& complaint : complaints) errors.emplace_back(complaint_json(complaint));
  commands.console.out << json::serialize(
                              json::object{{"errors", std::move(errors)}, {"warnings", std::move(warnings)}})
                       << "\n";
}

// At a place that was found at fault already nothing more is said.
void add_new_faults(const std::vector<Diagnostic>& more, std::vector<Diagnostic>& all) {
  for (const auto& fault : more)
    if (std::ranges::none_of(all, [&](const auto& said) { return said.place == fault.place; })) all.push_back(fault);
}

bool is_set(const Loaded& loaded, const std::string& key) {
  return loaded.places.contains(key);
}

std::string where_set(const Loaded& loaded, const std::string& key) {
  if (!is_set(loaded, key)) return "default";
  const auto place = loaded.place_of(key);
  return fmt::format("{}:{}", place.file, place.line);
}

std::string shown_value(const std::string& value) {
  return value.empty() ? "\"\"" : value;
}

struct Difference {
  std::string key, before, after;
  bool needs_restart;
};

int print_differences(const ConfigCommands& commands, const std::vector<std::string>& heading,
                      const std::vector<Difference>& differences) {
  json::array array;
  std::vector<std::vector<std::string>> rows{heading};
  for (const auto& each : differences) {
    rows.push_back(
        {each.key, shown_value(each.before), shown_value(each.after), each.needs_restart ? "restart" : "reload"});
    array.emplace_back(json::object{
        {"key", each.key}, {"before", each.before}, {"after", each.after}, {"needs_restart", each.needs_restart}});
  }
  if (commands.as_json)
    commands.console.out << json::serialize(array) << "\n";
  else
    show(commands.console, rows.size() == 1 ? "There is no difference.\n" : table(rows));
  return exit_done;
}

}  // namespace

int ConfigCommands::check() const {
  auto loaded = config::load(file_of(*this));
  auto all = loaded.diagnostics;
  auth::Complaints complaints;
  if (loaded.ok()) {
    complaints = account_faults(loaded);
    add_new_faults(config::check_environment(loaded), all);
    add_new_faults(file_faults(loaded), all);
  }
  const auto is_error = [](const auto& each) { return each.severity == Severity::error; };
  const bool is_right = complaints.empty() && std::ranges::none_of(all, is_error);
  if (as_json) {
    print_faults_as_json(*this, all, complaints);
  } else {
    print_diagnostics(*this, all);
    for (const auto& complaint : complaints) console.err << complaint << "\n";
    if (is_right) console.out << "The configuration is right.\n";
  }
  return is_right ? exit_done : exit_usage;
}

int ConfigCommands::diff(const std::string& other) const {
  const auto loaded = sound_configuration(*this, file_of(*this));
  if (!loaded) return exit_usage;
  const auto mine = config::values_of(loaded->settings);
  std::vector<Difference> differences;
  if (other.empty()) {
    for (const auto& each : mine)
      if (is_set(*loaded, each.key) && each.value != each.fallback)
        differences.push_back({each.key, each.fallback, each.value, each.needs_restart});
    return print_differences(*this, {"KEY", "DEFAULT", "HERE", "CHANGE"}, differences);
  }
  const auto theirs = sound_configuration(*this, other);
  if (!theirs) return exit_usage;
  const auto values = config::values_of(theirs->settings);
  for (std::size_t i = 0; i < mine.size(); ++i)
    if (mine[i].value != values[i].value)
      differences.push_back({mine[i].key, mine[i].value, values[i].value, mine[i].needs_restart});
  return print_differences(*this, {"KEY", file_of(*this), other, "CHANGE"}, differences);
}

int ConfigCommands::show_effective() const {
  const auto loaded = sound_configuration(*this, file_of(*this));
  if (!loaded) return exit_usage;
  json::array array;
  std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "SET AT"}};
  for (const auto& each : config::values_of(loaded->settings)) {
    rows.push_back({each.key, shown_value(each.value), where_set(*loaded, each.key)});
    array.emplace_back(json::object{{"key", each.key},
                                    {"value", each.value},
                                    {"default", each.fallback},
                                    {"set_at", where_set(*loaded, each.key)},
                                    {"needs_restart", each.needs_restart}});
  }
  if (as_json)
    console.out << json::serialize(array) << "\n";
  else
    show(console, table(rows));
  return exit_done;
}

int ConfigCommands::explain(const std::string& key) const {
  const auto found = config::explain(key);
  if (found.empty()) {
    const auto near = config::nearest_key(key);
    console.err << fmt::format("godwitctl: there is no key {}{}\n", base::printable(key),
                               near.empty() ? std::string() : " (did you mean " + near + "?)");
    return exit_usage;
  }
  json::array array;
  for (const auto& each : found) {
    array.emplace_back(json::object{{"key", each.key},
                                    {"type", each.type},
                                    {"default", each.fallback},
                                    {"meaning", each.meaning},
                                    {"needs_restart", each.needs_restart}});
    if (!as_json)
      console.out << fmt::format("{}\n    {}\n    type: {}\n    {}\n    a change takes effect after a {}\n", each.key,
                                 each.meaning, each.type,
                                 each.fallback == "required" ? "required" : "default: " + shown_value(each.fallback),
                                 each.needs_restart ? "restart" : "reload");
  }
  if (as_json) console.out << json::serialize(array) << "\n";
  return exit_done;
}

}  // namespace godwit::tools
