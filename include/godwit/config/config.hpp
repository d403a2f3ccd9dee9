// SPDX-License-Identifier: Apache-2.0
// The configuration file (YAML) becomes Settings.  Called by daemon/ at start, by --check and at reload, and by the
// tools. Every problem is a Diagnostic with its place and remedy, and all of them are reported at once, in the order of
// the file; nothing throws.  The functions keep no state and may be called on any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/config/settings.hpp"

namespace godwit::config {

// Where a word stands: line and column count from 1.
struct Place {
  std::string file;
  int line = 1;
  int column = 1;
  auto operator<=>(const Place&) const = default;
};

enum class Severity { error, warning };

struct Diagnostic {
  Place place;
  std::string message;
  std::string suggestion;  // the key or word that was probably meant; empty: none
  Severity severity = Severity::error;
};

// "file:line:column: message (did you mean …?)"; a warning says so after the place.
std::string to_string(const Diagnostic& diagnostic);

struct Loaded {
  Settings settings;                                 // meaningful only when ok()
  std::vector<Diagnostic> diagnostics;               // in the order of the files and lines
  std::map<std::string, Place, std::less<>> places;  // where each key that was set stands: "listeners[0].tls"

  bool ok() const;  // no errors; there may be warnings
  // The place of a key, or of the nearest section around it that was set; the start of the main file if there is none.
  Place place_of(std::string_view key) const;
  std::string main_file;
};

// How the files are reached: replaced by strings in tests.  list_folder gives the names (not paths) in a folder.
struct FileAccess {
  std::function<base::Result<std::string>(const std::string& path)> read_file;
  std::function<base::Result<std::vector<std::string>>(const std::string& folder)> list_folder;
};
FileAccess system_files();

Loaded load(const std::string& path, const FileAccess& files = system_files());

// The keys whose values differ and take effect only at the next start.
std::vector<std::string> restart_needed(const Settings& old_settings, const Settings& new_settings);

// At a reload: what takes effect only at the next start stays as it runs, in `next` too, so that no half of the host
// has the new value and the next reload names it again.
void keep_until_restart(const Settings& running, Settings& next);

// Likewise, before certificates are read, for what follows from such values: the daemon's own certificate (tls.acme)
// lies in the state.directory that it runs with, and is for its hostname where no names are given.
void keep_own_certificate(const Settings& running, Loaded& next);
// Likewise for tls.acme as a whole, where this process may not do what it says.
void keep_acme(const Settings& running, Settings& next);

// What YAML cannot say: whether files can be read and folders written by this process.
struct Probe {
  std::function<base::Result<>(const std::string& path)> readable_file;
  std::function<base::Result<>(const std::string& path)> writable_folder;  // exists, or can be made
  // Of a private key, or a certificate to one; empty: as readable_file.
  std::function<base::Result<>(const std::string& path)> key_file = {};
};
Probe system_probe();
std::vector<Diagnostic> check_environment(const Loaded& loaded, const Probe& probe = system_probe());

// docs/configuration.md, from the declarations of the keys.
std::string reference_markdown();

}  // namespace godwit::config
