// SPDX-License-Identifier: Apache-2.0
// The whole configuration, typed: what config/ makes of the YAML file and daemon/ hands to the folders.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "godwit/acme/settings.hpp"
#include "godwit/auth/settings.hpp"
#include "godwit/control/settings.hpp"
#include "godwit/deliver/settings.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/dns/settings.hpp"
#include "godwit/log/settings.hpp"
#include "godwit/lookup/settings.hpp"
#include "godwit/mailauth/settings.hpp"
#include "godwit/net/settings.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/route/settings.hpp"
#include "godwit/server/settings.hpp"
#include "godwit/spool/settings.hpp"
#include "godwit/state/settings.hpp"

namespace godwit::config {

struct SandboxSettings {
  bool enabled = true;
  std::vector<std::string> writable;  // folders that no key names: stores in tables
  bool key_process = true;            // private keys are held by another process
};

struct Settings {
  std::string hostname;
  std::size_t threads = 0;  // 0: one per core
  std::string user = "godwit";
  SandboxSettings sandbox;
  base::Duration stop_grace = std::chrono::seconds(30);  // after SIGTERM
  acme::Settings acme;
  auth::Settings auth;
  control::Settings control;
  deliver::Settings deliver;
  dispatch::Settings dispatch;
  dns::Settings dns;
  log::Settings log;
  lookup::Settings lookup;
  mailauth::Settings mailauth;
  net::TlsSettings tls;
  policy::Settings policy;
  route::Settings route;
  server::Settings server;
  spool::Settings spool;
  state::Settings state;
};

// Where these are; where they were not set: beside another.
std::string submit_socket(const Settings& settings);
std::string maildrop(const Settings& settings);

}  // namespace godwit::config
