// SPDX-License-Identifier: Apache-2.0
// What a mail host's owner puts into DNS and onto a web server: records as text of a zone file (RFC 1035 section 5),
// and the policy of MTA-STS.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::setup {

struct DkimRecord {
  std::string selector;
  std::string text;  // mailauth::dkim_record()
};

struct Publication {
  std::string domain;
  std::string hostname;
  std::vector<base::IpAddress> addresses;  // of hostname; none: their records are left to fill in
  std::vector<DkimRecord> keys;
  std::optional<dns::Tlsa> tlsa;  // of port 25
  std::string reports;            // address for what others report about the domain's mail
};

// "name. IN TXT ( "…" "…" )", one line without its end; the text in strings of 255 bytes.
std::string txt_line(std::string_view name, std::string_view text);
// "mail.example.com. IN TLSA 3 1 1 ab12…"
std::string tlsa_line(std::string_view hostname, std::uint16_t port, const dns::Tlsa& record);

// The policy that names the host, in mode testing: to be served at https://mta-sts.DOMAIN/.well-known/mta-sts.txt.
std::string sts_policy(const std::string& hostname);
// The record that announces it; its id changes when the policy does.
std::string sts_record(const std::string& hostname);

// MX, addresses, SPF, DKIM, DMARC, MTA-STS, TLSRPT, TLSA, and where mail programs find their server (RFC 6186), with
// comments.  Can be read again by ZoneFile.
std::string zone_text(const Publication& publication);

}  // namespace godwit::setup
