// SPDX-License-Identifier: Apache-2.0
// godwitctl spool: works on the spool's files themselves.  check and export read only, with no daemon or beside one;
// import and removal need the spool for themselves.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "console.hpp"
#include "control_commands.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/inspect.hpp"

namespace godwit::tools {

// Which messages an export takes; what is empty was not said.  Patterns as godwitctl queue has them.
struct ExportSelection {
  std::string sender{}, recipient{}, destination{};
  bool selects(const mail::Envelope& envelope) const;
};

enum class AfterExport { keep, remove };

struct SpoolCommands {
  Console& console;
  std::string directory;  // --directory; empty: what the configuration says
  std::string config;     // --config; empty: the usual one, where it is there
  Output output = Output::text;

  // 0 sound, 1 damage found.
  int check() const;
  // The body to a file (empty: standard output), or what is known about the message.
  int export_body(const std::string& id, const std::string& file) const;
  int export_envelope(const std::string& id) const;
  int export_many(const ExportSelection& selection, const std::string& folder, AfterExport after) const;
  int import(const std::string& folder) const;

 private:
  // Empty: the configuration has errors, and they were said.
  std::optional<spool::Settings> settings() const;
  using Visit = std::function<disk::Task<spool::Visited>(spool::StoredMessage)>;
  int export_one(const std::string& id, const Visit& visit) const;
  int complain(const std::string& what, int code) const;
};

}  // namespace godwit::tools
