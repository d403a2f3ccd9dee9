// SPDX-License-Identifier: Apache-2.0
// godwitctl dkim: keys for signatures, made and shown.  Works on the key files themselves, so that the record can be in
// DNS before the daemon signs with a new key; the configuration is the administrator's to change.
#pragma once

#include <string>

#include "console.hpp"
#include "godwit/mailauth/key.hpp"

namespace godwit::tools {

struct DkimCommands {
  Console& console;
  std::string config;  // --config; empty: the usual one, where it is there
  std::string file;    // --file, of generate; empty: <folder>/<domain>.<selector>.pem
  bool as_json = false;

  static constexpr const char* folder = "/etc/godwit/dkim";

  // A new key, and what belongs into DNS and into the configuration.
  int generate(const std::string& domain, const std::string& selector, mailauth::KeyKind kind, int bits) const;
  // For each key of the domain a new one beside it, under the selector of the day.
  int rotate(const std::string& domain) const;
  // All keys of the configuration.
  int list() const;
  // The records of these keys, as lines of a zone file; empty: all.
  int record(const std::string& domain, const std::string& selector) const;
};

}  // namespace godwit::tools
