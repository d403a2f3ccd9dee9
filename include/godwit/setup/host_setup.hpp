// SPDX-License-Identifier: Apache-2.0
// From nothing to a configured mail host: accounts file, keys, certificate, configuration, and what belongs into DNS.
// Makes what is missing and touches nothing that works, so it may be run again at any time, also after it was
// interrupted: each file appears whole or not at all, and the host's own configuration last.  Blocks on the disk.
#pragma once

#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/setup/dns_records.hpp"
#include "godwit/setup/facts.hpp"

namespace godwit::setup {

inline constexpr const char* usual_folder = "/etc/godwit";

struct Wishes {
  std::string domain;                      // in A-labels
  std::string hostname;                    // empty: the system's name, else mail.<domain>
  std::string account;                     // empty: postmaster@<domain>, or none where the host has one already
  std::vector<base::IpAddress> addresses;  // public ones; empty: those of the interfaces
  std::string root;                        // what stands before every path; empty: this machine
  bool orders_certificate = false;         // a new host's: from Let's Encrypt, to whose terms the administrator agrees
  std::string folder = usual_folder;       // of the configuration, as the daemon sees it; absolute
};

struct Done {
  enum class How { made, kept, replaced };
  How how = How::kept;
  std::string what;  // path
  std::string note;
};

struct HostSetup {
  Publication publication;
  std::vector<Done> done;
  std::string account;
  std::string password;              // of a new account; empty: there is none
  std::vector<std::string> remarks;  // what is left for the administrator
  std::string zone_file, policy_file;
  std::string configuration_file;
};

// What the host would be called without a wish.
std::string default_hostname(const std::string& domain, const MachineFacts& facts);
// A domain as people write it ("Bücher.example") in the form that DNS and the configuration have.  Errors: invalid,
// with a sentence that says why.
base::Result<std::string> read_domain_name(const std::string& text);

// Errors: invalid (a wish or a file that is there), io.  What was made until then stays and counts the next time.
base::Result<HostSetup> set_up_host(const Wishes& wishes, const MachineFacts& facts, base::WallTime now);

}  // namespace godwit::setup
