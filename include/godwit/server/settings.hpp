// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::server {

// Certificates that clients of a listener may show, and how they name an account.
struct ClientCertificateSettings {
  enum class Name { email, common_name };
  std::string ca_file;  // whose certificates are believed; empty: none is asked for
  bool required = false;
  Name name = Name::email;
};

struct ListenerSettings {
  base::Endpoint address;  // [::] takes both families, a socket each
  smtp::Service service = smtp::Service::mx;
  smtp::TlsMode tls = smtp::TlsMode::starttls;
  bool proxy_protocol = false;
  smtp::BareNewline bare_newline = smtp::BareNewline::reject;
  ClientCertificateSettings client_certificates = {};
  std::optional<std::vector<std::string>> checks = {};  // nothing: those of the service
};

struct Settings {
  std::string hostname;
  std::vector<ListenerSettings> listeners;
  std::string maildrop;  // folder; empty: beside the spool, see config::maildrop
  std::vector<base::IpNetwork> trusted_proxies;
  std::vector<base::IpNetwork> trusted_xclients;
  smtp::Audience vrfy = smtp::Audience::nobody;
  smtp::Audience expn = smtp::Audience::nobody;
  base::Duration error_delay = std::chrono::seconds(1);
  base::Duration greeting_delay{};  // for clients that are not known
  std::uint64_t message_size = 50U << 20U;
  std::size_t recipients = 1000;
  std::uint32_t messages_per_connection = 0;                    // 0: no bound
  std::uint32_t recipient_domains = 0;                          // of a connection; 0: no bound
  base::Duration future_release = std::chrono::hours(30 * 24);  // longest that users may have mail held; 0: never
  int errors = 10;
  bool record_subjects = false;         // in the log, and so in the history
  bool channel_binding = true;          // SCRAM-SHA-256-PLUS
  std::size_t refused_recipients = 20;  // of a stranger; 0: no bound
  base::Duration command_timeout = std::chrono::minutes(5);
  base::Duration transaction_timeout = std::chrono::minutes(30);  // waits for commands in all, for one message
  base::Duration data_timeout = std::chrono::minutes(10);
  std::uint64_t min_data_rate = 500;  // bytes a second; 0: no bound
};

}  // namespace godwit::server
