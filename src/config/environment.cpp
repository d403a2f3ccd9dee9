// SPDX-License-Identifier: Apache-2.0
// The files of the system: reading the configuration, and whether what it names is there.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include <fmt/format.h>

#include "godwit/config/config.hpp"

namespace godwit::config {
namespace {

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return base::fail_os("open", errno);
  std::ostringstream text;
  text << stream.rdbuf();
  // A folder opens and then fails to read.
  if (stream.bad() || (text.str().empty() && std::filesystem::is_directory(path))) return base::fail_os("read", EISDIR);
  return text.str();
}

base::Result<std::vector<std::string>> list_folder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (auto at = std::filesystem::directory_iterator(folder, error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error))
    names.push_back(at->path().filename().string());
  if (error) return base::fail_os("list", error.value());
  return names;
}

base::Result<> readable_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return base::fail_os("cannot be read", errno);
  if (S_ISDIR(status.st_mode)) return base::fail_os("cannot be read", EISDIR);
  if (!S_ISREG(status.st_mode)) return base::fail(base::ErrorKind::invalid, "is no plain file");
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) != 0) return base::fail_os("cannot be read", errno);
  return {};
}

// A folder that does not exist yet is made at start, in the nearest one that does.
base::Result<> writable_folder(const std::string& path) {
  auto folder = std::filesystem::path(path).lexically_normal();
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder != folder.parent_path()) folder = folder.parent_path();
  if (!std::filesystem::is_directory(folder, error)) return base::fail_os("is not a folder", ENOTDIR);
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return base::fail_os(fmt::format("cannot be written (at {})", folder.string()), errno);
  return {};
}

}  // namespace

FileAccess system_files() {
  return {.read_file = read_file, .list_folder = list_folder};
}
Probe system_probe() {
  return {.readable_file = readable_file, .writable_folder = writable_folder};
}

std::vector<Diagnostic> check_environment(const Loaded& loaded, const Probe& probe) {
  std::vector<Diagnostic> found;
  const auto check = [&](const auto& test, const std::string& key, const std::string& path) {
    if (path.empty()) return;
    if (const auto result = test(path); !result)
      found.push_back({.place = loaded.place_of(key),
                       .message = fmt::format("{}: {} {}", key, path, result.error().message),
                       .suggestion = {},
                       .severity = Severity::error});
  };
  const auto& settings = loaded.settings;
  const auto& key_file = probe.key_file ? probe.key_file : probe.readable_file;
  for (std::size_t i = 0; i < settings.tls.certificates.size(); ++i) {
    if (settings.tls.certificates[i].is_awaited) continue;
    const auto key = fmt::format("tls.certificates[{}]", i);
    check(key_file, key + ".certificate", settings.tls.certificates[i].certificate);
    check(key_file, key + ".private_key", settings.tls.certificates[i].private_key);
  }
  for (std::size_t i = 0; i < settings.server.listeners.size(); ++i)
    check(probe.readable_file, fmt::format("listeners[{}].client_certificates.ca_file", i),
          settings.server.listeners[i].client_certificates.ca_file);
  for (std::size_t i = 0; i < settings.mailauth.keys.size(); ++i)
    check(key_file, fmt::format("dkim.keys[{}].private_key", i), settings.mailauth.keys[i].private_key);
  check(probe.readable_file, "tls.ca_file", settings.tls.ca_file);
  if (settings.acme.ca_file != settings.tls.ca_file)
    check(probe.readable_file, "tls.acme.ca_file", settings.acme.ca_file);
  check(probe.readable_file, "tls.acme.external_account.hmac_key_file", settings.acme.external_key_file);
  check(probe.writable_folder, "tls.acme.webroot", settings.acme.webroot);
  check(probe.readable_file, "authentication.introspection.ca_file", settings.auth.introspection.ca_file);
  check(probe.readable_file, "authentication.introspection.client_secret_file",
        settings.auth.introspection.client_secret_file);
  for (std::size_t i = 0; i < settings.auth.stores.size(); ++i) {
    const auto& store = settings.auth.stores[i];
    const auto key = fmt::format("accounts[{}]", i);
    const bool is_map = loaded.places.contains(key + ".type");
    if (store.type == auth::StoreType::file || store.type == auth::StoreType::sqlite)
      check(probe.readable_file, is_map ? key + ".path" : key, store.path);
    check(probe.readable_file, key + ".ca_file", store.ca_file);
    check(probe.readable_file, key + ".bind_password_file", store.bind_password_file);
  }
  for (const auto& [name, table] : settings.lookup.tables) {
    const auto key = "tables." + name;
    if (table.type == lookup::TableType::file || table.type == lookup::TableType::sqlite)
      check(probe.readable_file, key + ".path", table.path);
    check(probe.readable_file, key + ".ca_file", table.ca_file);
    check(probe.readable_file, key + ".bind_password_file", table.bind_password_file);
  }
  for (std::size_t i = 0; i < settings.route.routes.size(); ++i) {
    const auto& route = settings.route.routes[i];
    const auto key = fmt::format("routes[{}]", i);
    check(probe.readable_file, key + ".credentials.password_file", route.password_file);
    check(key_file, key + ".tls.certificate", route.certificate);
    check(key_file, key + ".tls.private_key", route.private_key);
  }
  for (std::size_t i = 0; i < settings.control.tokens.size(); ++i)
    check(probe.readable_file, fmt::format("control.tokens[{}].file", i), settings.control.tokens[i].file);
  check(probe.readable_file, "srs.secrets_file", settings.route.srs.secrets_file);
  for (std::size_t i = 0; i < settings.policy.http_hooks.size(); ++i) {
    const auto key = fmt::format("policy.http_hooks[{}]", i);
    check(probe.readable_file, key + ".token_file", settings.policy.http_hooks[i].token_file);
    check(probe.readable_file, key + ".ca_file", settings.policy.http_hooks[i].ca_file);
  }
  check(probe.writable_folder, "spool.directory", settings.spool.directory);
  check(probe.writable_folder, "state.directory", settings.state.directory);
  const auto folder_of = [](const std::string& path) { return std::filesystem::path(path).parent_path().string(); };
  check(probe.writable_folder, "control.socket", folder_of(settings.control.socket));
  if (settings.log.file != "syslog") check(probe.writable_folder, "log.file", folder_of(settings.log.file));
  return found;
}

}  // namespace godwit::config
