// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::net {

struct CertificateSettings {
  std::string certificate;         // PEM, full chain
  std::string private_key;         // PEM
  std::string ocsp_response = {};  // DER, handed out with the certificate; empty: none
  bool is_awaited = false;         // there may be none yet: then it counts as soon as its file is there
};

struct TlsSettings {
  std::vector<CertificateSettings> certificates;             // SNI picks among them; the first is the default
  std::vector<CertificateSettings> client_certificates;      // of ours, for servers that ask; named by their file
  std::string minimum_version = "1.2";                       // 1.2 | 1.3
  std::string ca_file;                                       // for outgoing verification; empty: the system's
  base::Duration check_interval = std::chrono::seconds(30);  // the files are looked at for changes; 0: at reloads only
};

}  // namespace godwit::net
