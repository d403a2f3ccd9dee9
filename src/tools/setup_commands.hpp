// SPDX-License-Identifier: Apache-2.0
// godwitctl init and doctor: a machine becomes a mail host, and is looked at as one.  Work on files, DNS and the
// daemon's ports, with the daemon running or not.
#pragma once

#include <string>
#include <vector>

#include "console.hpp"

namespace godwit::tools {

struct InitCommand {
  Console& console;
  std::string domain;
  std::string hostname, account;       // empty: asked for, or found out
  std::vector<std::string> addresses;  // likewise
  std::string root, folder;            // empty: this machine, the usual one
  std::vector<std::string> dns;        // servers to ask; empty: the system's
  bool orders_certificate = false;
  bool asks = true;  // else all is taken as it is proposed

  int run() const;
};

struct DoctorCommand {
  Console& console;
  std::string config;                     // empty: the usual one
  std::string zone;                       // a zone file in place of DNS; empty: DNS
  std::vector<std::string> addresses;     // by which others know the host; empty: found out
  std::vector<std::string> blocklists;    // empty: the usual ones
  std::vector<std::string> destinations;  // likewise
  bool as_json = false;

  // exit_failed: there are problems.
  int run() const;
};

}  // namespace godwit::tools
