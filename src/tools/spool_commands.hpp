// SPDX-License-Identifier: Apache-2.0
// godwitctl spool: works on the spool's files themselves.  check and export read only, with no daemon or beside one;
// removal needs the spool for itself, and so does import, unless a daemon takes the messages.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "console.hpp"
#include "control_commands.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/inspect.hpp"
#include "importer.hpp"

namespace godwit::tools {

// Which messages an export takes; what is empty was not said.  Patterns as godwitctl queue has them.
struct ExportSelection {
  std::string sender{}, recipient{}, destination{};
  bool selects(const mail::Envelope& envelope) const;
};

enum class AfterExport { keep, remove };

struct SpoolCommands {
  Console& console;
  std::string directory;  // --directory, --config; empty: SpoolPlace finds out
  std::string config;
  std::string socket;  // of the daemon that knows its spool, and may take an import
  enum class Socket { usual, named } which = Socket::usual;
  Output output = Output::text;

  // 0 sound, 1 damage found.
  int check() const;
  // The body to a file (empty: standard output), or what is known about the message.
  int export_body(const std::string& id, const std::string& file) const;
  int export_envelope(const std::string& id) const;
  int export_many(const ExportSelection& selection, const std::string& folder, AfterExport after) const;
  // Into the spool that --directory or --config name, else through the daemon, else (none runs at the usual socket)
  // into the usual spool.
  int import(const std::string& folder) const;

 private:
  // As SpoolPlace has it.
  std::optional<spool::Settings> settings() const;
  using Visit = std::function<disk::Task<spool::Visited>(spool::StoredMessage)>;
  int export_one(const std::string& id, const Visit& visit) const;
  bool daemon_imports() const;
  base::Result<Imported> import_into_files(const std::string& folder, const ImportNotice& notice) const;
  int complain(const std::string& what, int code) const;
};

}  // namespace godwit::tools
