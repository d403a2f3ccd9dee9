// SPDX-License-Identifier: Apache-2.0
// The configuration files that init writes: one of the host, one of each domain.  Pure.
#pragma once

#include <string>
#include <vector>

#include "godwit/base/ip_address.hpp"

namespace godwit::setup {

// Where the daemon's folders are.
struct Folders {
  std::string configuration;
  std::string spool, state, run, mail;
  bool is_system = true;  // else all below the configuration's, and the daemon stays who starts it
};
Folders folders_of(const std::string& configuration);

struct HostText {
  Folders folders;
  std::string hostname;
  std::string domain;                          // completes bare addresses
  std::string postmaster;                      // address
  std::vector<base::IpAddress> own_addresses;  // that no interface has
  bool orders_certificate = false;             // the daemon gets it itself
  bool has_rspamd = false;                     // which judges mail
};
std::string host_configuration(const HostText& host);
std::string certificate_file(const Folders& folders);
std::string private_key_file(const Folders& folders);
std::string accounts_file(const Folders& folders);

struct DomainText {
  Folders folders;
  std::string domain;
  std::string account;      // who gets postmaster's and abuse's mail
  std::string lmtp_socket;  // empty: Maildirs
  std::string selector;
  std::string key_file;
};
std::string domain_configuration(const DomainText& domain);

}  // namespace godwit::setup
