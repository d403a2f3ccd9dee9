// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/mailauth/organizational_domain.hpp"

namespace godwit::mailauth {

// A key of ours, and whom it is for.
struct SigningKey {
  std::string domain;  // d=, lower case
  std::string selector;
  std::string private_key;            // PEM file
  std::vector<std::string> accounts;  // empty: all
};

struct Settings {
  bool verify = true;   // mail from outside on service mx
  std::string service;  // authserv-id (RFC 8601 section 2.5)
  bool reject_spf_fail = false;
  bool received_spf = false;                          // also as a field of its own (RFC 7208 section 9.1)
  bool apply_dmarc = false;                           // do what the domain of From asks for; else only say so
  bool public_suffix_list = false;                    // organisational domains by it; else by tree walk
  OrganizationalDomain organizational_domain;         // made of that when it is loaded; empty: tree walk
  base::Duration timeout = std::chrono::seconds(20);  // of all look-ups for one message (RFC 7208 section 4.6.4)
  std::vector<SigningKey> keys;
  std::string seal_as;                       // domain whose key seals (ARC); empty: nothing is sealed
  std::vector<std::string> trusted_sealers;  // domains
};

}  // namespace godwit::mailauth
