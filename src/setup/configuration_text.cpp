// SPDX-License-Identifier: Apache-2.0
#include "configuration_text.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "yaml_text.hpp"

namespace godwit::setup {
namespace {

constexpr const char* system_folder = "/etc/godwit";

std::string own_addresses_lines(const std::vector<base::IpAddress>& addresses) {
  if (addresses.empty()) return {};
  std::vector<std::string> words;
  for (const auto& address : addresses) words.push_back(yaml_string(to_string(address)));
  return fmt::format(
      "\n# Behind NAT: the public address, so that mail is never sent to ourselves.\nown_addresses: [{}]\n",
      base::join(words, ", "));
}

std::string user_lines(const Folders& folders) {
  if (folders.is_system) return {};
  return "\n# All files are below this folder, and belong to who starts the daemon.\nuser: \"\"\n";
}

std::string alias_line(const DomainText& domain, std::string_view local) {
  const auto address = fmt::format("{}@{}", local, domain.domain);
  return address == domain.account ? std::string() : fmt::format("  {}: [{}]\n", address, yaml_string(domain.account));
}

std::string tls_lines(const HostText& host) {
  if (host.orders_certificate)
    return fmt::format(R"(# From Let's Encrypt, and renewed in time, over port 80: godwitctl config explain tls.acme
tls:
  acme:
    terms_of_service_agreed: yes # https://letsencrypt.org/repository/
    contact: {}
)",
                       yaml_string(host.postmaster));
  return fmt::format(R"(# Read again when the files change.
tls:
  certificates:
    - certificate: {}
      private_key: {}
)",
                     yaml_string(certificate_file(host.folders)), yaml_string(private_key_file(host.folders)));
}

std::string milter_lines(const HostText& host) {
  if (!host.has_rspamd) return {};
  return R"(
# rspamd, where Debian's listens, judges all mail; while it is down mail comes unjudged (or on_failure: tempfail).
milters:
  - {name: rspamd, address: "inet:127.0.0.1:11332", services: [mx, submission], on_failure: accept}
)";
}

}  // namespace

Folders folders_of(const std::string& configuration) {
  if (configuration == system_folder)
    return {.configuration = configuration,
            .spool = "/var/spool/godwit",
            .state = "/var/lib/godwit",
            .run = "/run/godwit",
            .mail = "/var/vmail"};
  return {.configuration = configuration,
          .spool = configuration + "/spool",
          .state = configuration + "/state",
          .run = configuration + "/run",
          .mail = configuration + "/mail",
          .is_system = false};
}

std::string certificate_file(const Folders& folders) {
  return folders.configuration + "/tls/fullchain.pem";
}
std::string private_key_file(const Folders& folders) {
  return folders.configuration + "/tls/privkey.pem";
}
std::string accounts_file(const Folders& folders) {
  return folders.configuration + "/accounts.yaml";
}

std::string host_configuration(const HostText& host) {
  const auto& folders = host.folders;
  std::string text = fmt::format(
      R"(# Made by godwitctl init.  What a key means: godwitctl config explain KEY.  After a change:
#   godwitctl config check && godwitctl reload

# One file a domain: godwitctl init DOMAIN makes another.
include: conf.d/*.yaml

# The name that the reverse lookup of this host's address gives, and that leads back to it.
hostname: {}

# Completes bare local addresses, such as the root of cron's mail.
origin: {}

# Takes the mail for <Postmaster> and root, and bounces that bounce.
postmaster: {}
)",
      host.hostname, host.domain, yaml_string(host.postmaster));
  text += own_addresses_lines(host.own_addresses) + user_lines(folders);
  text += fmt::format(
      R"(
listeners:
  - address: "[::]:25"         # IPv6 and IPv4
    service: mx                # anyone, for our domains
  - address: "[::]:587"
    service: submission        # our users, after STARTTLS and AUTH
  - address: "[::]:465"
    service: submission
    tls: implicit

{}
# These may relay to everywhere on port 25 without AUTH.  Your own machines only.
trusted_networks: [127.0.0.0/8, "::1/128"]

# Refuses what is surely bad: hosts without a name in reverse DNS, with our name in HELO, senders whose domain does not
# exist or takes no mail, messages without From.
policy:
  checks:
    mx: [reverse_dns, hello, sender_domain, header]

# Who may log in, and which addresses exist: godwitctl account add bob@{}
accounts: {}

spool:
  directory: {}
state:
  directory: {}
control:
  socket: {}
)",
      tls_lines(host), host.domain, yaml_string(accounts_file(folders)), yaml_string(folders.spool),
      yaml_string(folders.state), yaml_string(folders.run + "/control.sock"));
  return text + milter_lines(host);
}

std::string domain_configuration(const DomainText& domain) {
  const auto deliver = domain.lmtp_socket.empty() ? "maildir:" + domain.folders.mail + "/{domain}/{local}"
                                                  : "lmtp:unix:" + domain.lmtp_socket;
  std::string text = fmt::format(
      R"(# Made by godwitctl init: {0}, whose mail ends here.
domains:
  {0}:
    deliver: {1}
    recipients: accounts       # or any, lmtp, table:NAME, or a list of local parts: [alice, bob]
    #catch_all: {2}
)",
      domain.domain, yaml_string(deliver), domain.account);
  // RFC 2142: whom others write to.
  if (const auto lines = alias_line(domain, "postmaster") + alias_line(domain, "abuse"); !lines.empty())
    text += "\naliases:\n" + lines;
  text += fmt::format(
      R"(
# Its users' mail is signed.  A new key in time: godwitctl dkim rotate {0}
dkim:
  keys:
    - {{domain: {0}, selector: {1}, private_key: {2}}}
)",
      domain.domain, yaml_string(domain.selector), yaml_string(domain.key_file));
  return text;
}

}  // namespace godwit::setup
