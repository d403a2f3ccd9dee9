// SPDX-License-Identifier: Apache-2.0
#include "file_rules.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>

#include <fmt/format.h>

namespace godwit::daemon {
namespace {

namespace fs = std::filesystem;

// Libraries, resolver and users of the system; where they are not, there is nothing to grant.
constexpr std::string_view readable_of_system[] = {"/etc",
                                                   "/usr",
                                                   "/lib",
                                                   "/lib64",
                                                   "/proc",
                                                   "/run",
                                                   "/var/run",
                                                   "/sys/devices/system/cpu",
                                                   "/var/lib/ca-certificates"};
constexpr const char* own_folder = "/etc/godwit";
constexpr std::string_view devices[] = {"/dev/null", "/dev/random", "/dev/urandom"};

constexpr std::string_view written_keys[] = {"spool.directory",       "state.directory", "control.socket",
                                             "control.submit_socket", "log.file",        "sandbox.writable",
                                             "tls.acme.webroot"};

bool begins_path(std::string_view text, std::size_t at) {
  if (text[at] != '/' || (at + 1 < text.size() && text[at + 1] == '/')) return false;
  if (text.substr(0, at).ends_with("::")) return false;  // a network
  return at == 0 || std::string_view(" [:='\"").find(text[at - 1]) != std::string_view::npos;
}

// A folder, or a name in one that may come and go: then the folder.  What is not there yet can be read wherever it is
// made.
fs::path folder_of(fs::path path, bool write) {
  std::error_code ignored;
  if (!path.has_filename()) path = path.parent_path();  // "/var/vmail/"
  auto folder = fs::is_directory(path, ignored) ? path : path.parent_path();
  while (!write && !fs::exists(folder, ignored) && folder != folder.parent_path()) folder = folder.parent_path();
  return folder;
}

// The root folder is never granted: of what lies there, the thing alone.
void grant(const fs::path& path, bool write, std::set<FileRule>& rules) {
  std::error_code failed;
  const auto folder = folder_of(path, write);
  const auto& granted = folder == folder.root_path() ? path : folder;
  if (granted != granted.root_path() && fs::exists(granted, failed)) rules.insert({granted.string(), write});
}

fs::path target_of(const fs::path& path) {
  std::error_code failed;
  auto target = fs::weakly_canonical(path, failed);
  return failed ? path : target;
}

void grant_config(const std::string& config_path, std::set<FileRule>& rules) {
  std::error_code failed;
  const auto config = fs::absolute(config_path, failed);
  grant(config, false, rules);
  grant(target_of(config), false, rules);
}

void grant_configured(const std::vector<ConfiguredPath>& paths, bool may_write, std::set<FileRule>& rules) {
  for (const auto& [key, path, write] : paths) {
    if (path.empty()) continue;
    grant(path, may_write && write, rules);
    grant(target_of(path), may_write && write, rules);
  }
}

bool holds(const FileRule& rule, const fs::path& path, bool write) {
  if (write && !rule.write) return false;
  const auto folder = target_of(rule.path);
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

// Among other words it could not be told where a path of a key ends that has a blank or a comma in it.
config::Settings without_keys(config::Settings settings) {
  for (auto& one : settings.tls.certificates)
    for (auto* path : {&one.certificate, &one.private_key}) path->clear();
  for (auto& one : settings.route.routes)
    for (auto* path : {&one.certificate, &one.private_key}) path->clear();
  for (auto& one : settings.mailauth.keys) one.private_key.clear();
  return settings;
}

}  // namespace

std::vector<ConfiguredPath> paths_in(const std::vector<config::KeyValue>& values) {
  std::vector<ConfiguredPath> paths;
  for (const auto& [key, value, fallback, needs_restart] : values) {
    const bool written_key = std::ranges::find(written_keys, key) != std::end(written_keys);
    for (std::size_t at = 0; at < value.size(); ++at) {
      if (!begins_path(value, at)) continue;
      const bool maildir = std::string_view(value).substr(0, at).ends_with("maildir:");
      const auto end = std::min(value.find_first_of(",]}{ '\"", at), value.size());
      paths.push_back({key, fs::path(value.substr(at, end - at)).lexically_normal().string(), written_key || maildir});
      at = end;
    }
  }
  return paths;
}

std::vector<ConfiguredPath> paths_of(const config::Settings& settings, Keys keys) {
  auto paths = paths_in(config::values_of(without_keys(settings)));
  if (keys == Keys::here) std::ranges::move(key_paths_of(settings), std::back_inserter(paths));
  paths.push_back({"maildrop.directory", config::maildrop(settings), true});
  paths.push_back({"control.submit_socket", config::submit_socket(settings), true});
  return paths;
}

std::vector<ConfiguredPath> key_paths_of(const config::Settings& settings) {
  std::vector<ConfiguredPath> paths;
  const auto add = [&paths](const char* key, const std::string& path) {
    if (!path.empty()) paths.push_back({key, fs::path(path).lexically_normal().string(), false});
  };
  for (const auto& one : settings.tls.certificates)
    for (const auto* path : {&one.certificate, &one.private_key}) add("tls.certificates", *path);
  for (const auto& one : settings.route.routes)
    for (const auto* path : {&one.certificate, &one.private_key}) add("routes", *path);
  for (const auto& one : settings.mailauth.keys) add("dkim.keys", one.private_key);
  return paths;
}

std::vector<FileRule> file_rules(const std::string& config_path, const std::vector<ConfiguredPath>& paths) {
  std::set<FileRule> rules;
  for (const auto path : readable_of_system) grant(path, false, rules);
  for (const auto path : devices) rules.insert({std::string(path), path == "/dev/null"});
  grant_config(config_path, rules);
  grant_configured(paths, true, rules);
  return {rules.begin(), rules.end()};
}

std::vector<FileRule> key_file_rules(const std::string& config_path, const config::Settings& settings,
                                     KeyReader reader) {
  std::set<FileRule> rules;
  if (reader == KeyReader::user) {
    grant("/etc", false, rules);
    grant_config(config_path, rules);
    grant_configured(paths_of(settings), false, rules);
    return {rules.begin(), rules.end()};
  }
  std::error_code ignored;
  if (fs::is_directory(own_folder, ignored)) rules.insert({own_folder, false});
  auto paths = key_paths_of(settings);
  paths.push_back({"state.directory", settings.state.directory});  // a certificate of tls.acme
  grant_configured(paths, false, rules);
  return {rules.begin(), rules.end()};
}

std::vector<std::string> outside(const std::vector<FileRule>& granted, const std::vector<ConfiguredPath>& paths) {
  std::vector<std::string> found;
  for (const auto& [key, path, write] : paths) {
    if (path.empty()) continue;
    const auto target = target_of(path);
    const auto is_held = [&, write = write](const FileRule& rule) { return holds(rule, target, write); };
    if (std::ranges::none_of(granted, is_held)) found.push_back(fmt::format("{}: {}", key, path));
  }
  return found;
}

std::vector<std::string> beyond(const Reach& reach, const config::Settings& settings) {
  std::vector<std::string> found;
  if (!reach.files.empty()) found = outside(reach.files, paths_of(settings, reach.keys));
  if (!reach.key_files.empty())
    std::ranges::move(outside(reach.key_files, key_paths_of(settings)), std::back_inserter(found));
  return found;
}

}  // namespace godwit::daemon
