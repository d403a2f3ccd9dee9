// SPDX-License-Identifier: Apache-2.0
// The keys of receiving.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using policy::Limited;
using server::ListenerSettings;

Type<smtp::Audience> audience() {
  using smtp::Audience;
  return word<Audience>({{"nobody", Audience::nobody}, {"trusted", Audience::trusted}, {"anyone", Audience::anyone}});
}

Type<server::ClientCertificateSettings::Name> certificate_name() {
  using Name = server::ClientCertificateSettings::Name;
  return word<Name>({{"email", Name::email}, {"common_name", Name::common_name}});
}

Fields<ListenerSettings> listener_fields() {
  using smtp::Service, smtp::TlsMode, smtp::BareNewline;
  constexpr auto at_start = Reload::restart;
  return {
      make_field<ListenerSettings>(
          "address", [](auto& l) -> auto& { return l.address; }, tcp_endpoint({}),
          "Where to listen; `[::]` takes IPv6 and IPv4", at_start, Need::required),
      make_field<ListenerSettings>(
          "service", [](auto& l) -> auto& { return l.service; },
          word<Service>({{"mx", Service::mx}, {"submission", Service::submission}}),
          "`mx`: anyone may send to our domains, `trusted_networks` everywhere. `submission`: only our users, after "
          "AUTH",
          at_start),
      make_field<ListenerSettings>(
          "tls", [](auto& l) -> auto& { return l.tls; },
          word<TlsMode>({{"starttls", TlsMode::starttls}, {"implicit", TlsMode::implicit}, {"none", TlsMode::none}}),
          "`implicit`: TLS from the first byte, as on port 465", at_start),
      make_field<ListenerSettings>(
          "proxy_protocol", [](auto& l) -> auto& { return l.proxy_protocol; }, boolean(),
          "Connections begin with a PROXY header (v1 or v2) and come from `trusted_proxies` only; trust then comes "
          "only from "
          "the address in the header",
          at_start),
      make_field<ListenerSettings>(
          "bare_newline", [](auto& l) -> auto& { return l.bare_newline; },
          word<BareNewline>({{"reject", BareNewline::reject}, {"normalize", BareNewline::normalize}}),
          "What becomes of lines that end without CR LF; `normalize` only for trusted or authenticated clients",
          at_start),
      make_field<ListenerSettings>(
          "checks", [](auto& l) -> auto& { return l.checks; }, optional_of(check_list(), "those of the service"),
          "Checks of mail here, instead of `policy.checks` for its service", at_start),
      make_field<ListenerSettings>(
          "client_certificates.ca_file", [](auto& l) -> auto& { return l.client_certificates.ca_file; },
          or_empty(absolute_path(), "none is asked for"),
          "submission: PEM file with the authorities whose certificates let clients in as the accounts they name, "
          "without AUTH or with AUTH EXTERNAL",
          at_start),
      make_field<ListenerSettings>(
          "client_certificates.required", [](auto& l) -> auto& { return l.client_certificates.required; }, boolean(),
          "Who shows none, or one that names no account, is refused (`554 5.7.0`), whatever its password", at_start),
      make_field<ListenerSettings>(
          "client_certificates.name", [](auto& l) -> auto& { return l.client_certificates.name; }, certificate_name(),
          "What names the account: `email`, an address of the subject or of subjectAltName, or `common_name`",
          at_start),
  };
}

Fields<net::CertificateSettings> certificate_fields() {
  using net::CertificateSettings;
  return {
      make_field<CertificateSettings>(
          "certificate", [](auto& c) -> auto& { return c.certificate; }, absolute_path(),
          "PEM file with the certificate and its chain", Reload::yes, Need::required),
      make_field<CertificateSettings>(
          "private_key", [](auto& c) -> auto& { return c.private_key; }, absolute_path(), "PEM file with its key",
          Reload::yes, Need::required),
      make_field<CertificateSettings>(
          "ocsp_response", [](auto& c) -> auto& { return c.ocsp_response; }, or_empty(absolute_path(), "none"),
          "DER file with what the certificate's authority says of it, handed out with it (OCSP stapling); a job of "
          "yours "
          "renews it (openssl ocsp -respout)"),
  };
}

template <Limited what>
Field<Document> rate_of(std::string_view key, std::string_view help) {
  return field(
      key, [](auto& d) -> auto& { return d.settings.policy.rates[static_cast<std::size_t>(what)]; }, rate(),
      fmt::format("{}, for each IPv4 address or IPv6 /64, such as `100/1m`; `trusted_networks` are exempt", help));
}

template <Limited what>
Field<Document> account_rate_of(std::string_view key, std::string_view help) {
  return field(
      key, [](auto& d) -> auto& { return d.settings.policy.account_rates[static_cast<std::size_t>(what)]; },
      list_of(rate(), Single::accept),
      fmt::format("{}, for each account, such as `[100/1h, 500/1d]`; more are answered `450 4.7.1`", help));
}

}  // namespace

Fields<Document> server_part() {
  return {
      field(
          "listeners", [](auto& d) -> auto& { return d.settings.server.listeners; }, records(listener_fields()),
          "Where mail is taken. Left out: `[::]:25` for mx and, with certificates, `[::]:587` and `[::]:465` for "
          "submission",
          Reload::restart),
      field(
          "tls.certificates", [](auto& d) -> auto& { return d.settings.tls.certificates; },
          records(certificate_fields()), "The client's SNI chooses; the first is the default"),
      field(
          "tls.minimum_version", [](auto& d) -> auto& { return d.settings.tls.minimum_version; },
          word<std::string>({{"1.2", "1.2"}, {"1.3", "1.3"}}), "Oldest version of TLS, in and out"),
      field(
          "tls.ca_file", [](auto& d) -> auto& { return d.settings.tls.ca_file; },
          or_empty(absolute_path(), "the system's"), "Authorities trusted when a server's certificate is verified"),
      field(
          "tls.check_interval", [](auto& d) -> auto& { return d.settings.tls.check_interval; }, duration(0s, 24h),
          "How often the certificate files are looked at; changed ones are read again. 0s: only at a reload"),
      field(
          "limits.message_size", [](auto& d) -> auto& { return d.settings.server.message_size; }, size(kib, 2 * gib),
          "Largest message, offered with SIZE", Reload::restart),
      field(
          "limits.recipients", [](auto& d) -> auto& { return d.settings.server.recipients; },
          number<std::size_t>(1, 100000), "Of one message; more are answered `452 4.5.3`"),
      field(
          "limits.messages_per_connection", [](auto& d) -> auto& { return d.settings.server.messages_per_connection; },
          number<std::uint32_t>(0, 999999),
          "Of one connection, as MAIL commands; more are answered `421 4.7.0`. Offered with LIMITS; 0: no bound"),
      field(
          "limits.recipient_domains", [](auto& d) -> auto& { return d.settings.server.recipient_domains; },
          number<std::uint32_t>(0, 1000),
          "Different domains of recipients in one connection; more are answered `452 4.5.3`. Offered with LIMITS; 0: "
          "no bound"),
      field(
          "limits.connections", [](auto& d) -> auto& { return d.settings.policy.connections; },
          number<std::size_t>(1, 1000000), "Incoming connections in all"),
      field(
          "limits.connections_per_client", [](auto& d) -> auto& { return d.settings.policy.connections_per_client; },
          number<std::size_t>(1, 1000000), "Of one IPv4 address or IPv6 /64; `trusted_networks` are exempt"),
      rate_of<Limited::connections>("limits.connection_rate", "New connections"),
      rate_of<Limited::handshakes>("limits.handshake_rate",
                                   "TLS handshakes, of which each costs us more than the client"),
      rate_of<Limited::commands>("limits.command_rate", "Commands; who sends more is read more slowly"),
      rate_of<Limited::messages>("limits.message_rate", "Messages (MAIL commands); more are answered `450 4.7.1`"),
      rate_of<Limited::recipients>("limits.recipient_rate",
                                   "Recipients (RCPT commands); more are answered `450 4.7.1`"),
      account_rate_of<Limited::messages>("limits.account.messages", "Messages"),
      account_rate_of<Limited::recipients>("limits.account.recipients", "Recipients"),
      account_rate_of<Limited::new_destinations>(
          "limits.account.new_destinations", "Recipient domains that are not among the last 500 the account wrote to"),
      field(
          "breaker.enabled", [](auto& d) -> auto& { return d.settings.policy.breaker.enabled; }, boolean(),
          "An account that sends in an hour far more than all may and than it ever did (a stolen password) is stopped: "
          "its "
          "waiting mail is held, new mail is answered `450 4.7.1`, and the postmaster is told; `godwitctl account "
          "release` or `purge` ends it"),
      field(
          "breaker.recipients", [](auto& d) -> auto& { return d.settings.policy.breaker.recipients; },
          number<std::uint32_t>(1, 1000000), "Recipients in an hour that every account may have"),
      field(
          "breaker.different_recipients",
          [](auto& d) -> auto& { return d.settings.policy.breaker.different_recipients; },
          number<std::uint32_t>(1, 10000), "Different recipients in an hour that every account may have"),
      field(
          "breaker.refused", [](auto& d) -> auto& { return d.settings.policy.breaker.refused; },
          number<std::uint32_t>(1, 1000000),
          "Recipients refused for good in an hour, here or by other hosts, that every account may have"),
      field(
          "breaker.refused_percent", [](auto& d) -> auto& { return d.settings.policy.breaker.refused_percent; },
          number<std::uint32_t>(1, 100), "The same as a share of all its recipients; both must be exceeded"),
      field(
          "breaker.factor", [](auto& d) -> auto& { return d.settings.policy.breaker.factor; },
          number<std::uint32_t>(1, 1000), "Or so many times what the account's busiest hour of the last weeks was"),
      field(
          "breaker.exempt", [](auto& d) -> auto& { return d.settings.policy.breaker.exempt; }, list_of(text()),
          "Accounts that are never stopped, such as a mailing-list manager's"),
      field(
          "limits.memory", [](auto& d) -> auto& { return d.settings.spool.memory; }, size(16 * mib, tib),
          "For message bodies in flight; beyond it they go to files of the spool", Reload::restart),
      field(
          "limits.future_release", [](auto& d) -> auto& { return d.settings.server.future_release; },
          duration(0s, 366 * 24h),
          "How long in advance users may submit mail, with a program that speaks FUTURERELEASE; 0s: not at all"),
      field(
          "limits.errors", [](auto& d) -> auto& { return d.settings.server.errors; }, number(1, 1000),
          "Protocol errors of one connection before `421`; also ten times so many refusals and idle commands without a "
          "message between them"),
      field(
          "limits.refused_recipients", [](auto& d) -> auto& { return d.settings.server.refused_recipients; },
          number<std::size_t>(0, 100000),
          "Recipients refused for good (unknown, no relaying) between two messages before `421`, of clients that are "
          "neither trusted nor logged in: who guesses at addresses; 0: no bound"),
      field(
          "limits.error_delay", [](auto& d) -> auto& { return d.settings.server.error_delay; }, duration(0s, 1min),
          "Wait after an error of a client that is not trusted, from its third one on; a tenth of `limits.connections` "
          "may wait so, the others go on at once"),
      field(
          "limits.command_timeout", [](auto& d) -> auto& { return d.settings.server.command_timeout; },
          duration(100ms, 1h), "Wait for a client's next command (RFC 5321 section 4.5.3.2.7 asks for 5m)"),
      field(
          "limits.transaction_timeout", [](auto& d) -> auto& { return d.settings.server.transaction_timeout; },
          duration(100ms, 24h),
          "Waits for a client's commands in all, from its connection or last message to the end of the next"),
      field(
          "limits.data_timeout", [](auto& d) -> auto& { return d.settings.server.data_timeout; }, duration(100ms, 1h),
          "Wait for a client's next piece of a message"),
      field(
          "limits.min_data_rate", [](auto& d) -> auto& { return d.settings.server.min_data_rate; },
          number<std::uint64_t>(0, 1000000000),
          "Bytes a second that a client must send of a message: waiting for it in all may take `data_timeout` plus the "
          "time its bytes need at this rate; 0: no bound"),
      field(
          "trusted_networks", [](auto& d) -> auto& { return d.settings.policy.trusted_networks; },
          list_of(ip_network()), "May relay to everywhere without AUTH on service mx"),
      field(
          "trusted_proxies", [](auto& d) -> auto& { return d.settings.server.trusted_proxies; }, list_of(ip_network()),
          "May connect to listeners with `proxy_protocol`"),
      field(
          "submit.maildrop", [](auto& d) -> auto& { return d.settings.server.maildrop; },
          or_empty(absolute_path(), "`spool.directory` and `-maildrop`"),
          "Where `sendmail` leaves messages while the daemon is down; every user may put files there (mode 3733)",
          Reload::restart),
      field(
          "submit.trusted_users", [](auto& d) -> auto& { return d.settings.policy.trusted_users; }, list_of(text()),
          "Users of this host who may send under any address (`sendmail -f`); others only as themselves at `origin` "
          "and "
          "`hostname`. `*`: all"),
      field(
          "trusted_xclients", [](auto& d) -> auto& { return d.settings.server.trusted_xclients; },
          list_of(ip_network()), "May say XCLIENT: content filters and proxies that speak for the clients behind them"),
      field(
          "vrfy", [](auto& d) -> auto& { return d.settings.server.vrfy; }, audience(),
          "Who is told by VRFY whether an address exists; the others always get `252`"),
      field(
          "expn", [](auto& d) -> auto& { return d.settings.server.expn; }, audience(),
          "Who is told by EXPN what an alias stands for; the others get `502`"),
      field(
          "greeting_delay", [](auto& d) -> auto& { return d.settings.server.greeting_delay; }, duration(0s, 1min),
          "Wait before the greeting for clients not seen before, on service mx; who talks in it is no mail server and "
          "is turned away. `trusted_networks` and this machine do not wait. It costs every new client's first mail "
          "that time; 0s: none"),
  };
}

}  // namespace godwit::config
