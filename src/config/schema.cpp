// SPDX-License-Identifier: Apache-2.0
// The keys of the host itself and of routing, and the table of all.
#include "schema.hpp"

#include <chrono>

#include "names.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;

Type<std::string> detail_separator() {
  return scalar<std::string>(
      "one of + - = . _ # ~; \"\": none",
      [](const std::string& text) -> base::Result<std::string> {
        if (text.size() > 1 || text.find_first_not_of("+-=._#~") != std::string::npos)
          return base::fail(base::ErrorKind::invalid,
                            fmt::format("\"{}\" is not one of + - = . _ # ~, or \"\"", base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

Type<std::string> user_name() {
  return scalar<std::string>(
      "user; \"\": stay",
      [](const std::string& text) -> base::Result<std::string> {
        if (text.find_first_of(" \t\n:/") != std::string::npos)
          return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is not a user", base::printable(text)));
        return text;
      },
      [](const std::string& text) { return text; });
}

Fields<Document> host_part() {
  return {
      field(
          "include", [](auto& d) -> auto& { return d.include; }, list_of(pattern(), Single::accept),
          "Further files, read in the order of their names, relative to this file; lists of maps and maps (listeners, "
          "certificates, domains, aliases, routes, milters, copies) add up, everything else may be set once"),
      field(
          "hostname", [](auto& d) -> auto& { return d.settings.hostname; }, host_name(),
          "Name of this host in the banner, EHLO, Received and Message-ID; itself a local domain. Required",
          Reload::restart),
      field(
          "origin", [](auto& d) -> auto& { return d.settings.route.origin; }, or_empty(domain_name(), "hostname"),
          "Domain that completes bare local addresses, such as cron's `root`"),
      field(
          "postmaster", [](auto& d) -> auto& { return d.settings.route.postmaster; },
          or_empty(mail_address(), "such mail is held"),
          "Takes the mail for `<Postmaster>` and `root`, and bounces that bounce"),
      field(
          "own_addresses", [](auto& d) -> auto& { return d.settings.route.own_addresses; }, list_of(ip_address()),
          "Public addresses that lead here (behind NAT), so that an MX list is cut at ourselves"),
      field(
          "threads", [](auto& d) -> auto& { return d.settings.threads; }, number<std::size_t>(0, 256),
          "Threads that serve connections; 0: one per core", Reload::restart),
      field(
          "user", [](auto& d) -> auto& { return d.settings.user; }, user_name(),
          "When started as root: becomes this user after binding", Reload::restart),
      field(
          "sandbox.enabled", [](auto& d) -> auto& { return d.settings.sandbox.enabled; }, boolean(),
          "The daemon shuts itself in before its first thread: it can open only the files of the system and those that "
          "the "
          "configuration names (Landlock), and use only system calls of a mail server (seccomp); it never executes "
          "anything",
          Reload::restart),
      field(
          "sandbox.writable", [](auto& d) -> auto& { return d.settings.sandbox.writable; }, list_of(text()),
          "Folders of stores that only tables name, which the daemon may write to as well", Reload::restart),
      field(
          "sandbox.key_process", [](auto& d) -> auto& { return d.settings.sandbox.key_process; }, boolean(),
          "The private keys of `tls`, `routes` and `dkim` are held by a small process of their own, which alone reads "
          "them and signs for the daemon",
          Reload::restart),
      field(
          "stop_grace", [](auto& d) -> auto& { return d.settings.stop_grace; }, duration(0s, 10min),
          "How long a stop waits for transactions in progress"),
  };
}

Fields<Document> route_part() {
  return {
      field(
          "detail_separator", [](auto& d) -> auto& { return d.settings.route.detail_separator; }, detail_separator(),
          "alice+lists@… is delivered to alice@…"),
      field(
          "domains", [](auto& d) -> auto& { return d.settings.route.domains; },
          map_of(domain_or_table(), record(domain_fields()), "DOMAIN"),
          "The domains whose mail ends here; `table:NAME`: all that are keys of that table"),
      field(
          "aliases", [](auto& d) -> auto& { return d.settings.route; }, aliases(),
          "Address → addresses. `*` in an address stands for anything; `@domain` is for all of a domain's addresses "
          "without an alias of their own, and as a value for the same local part there. Those of tables come after "
          "those "
          "that stand here"),
      field(
          "routes", [](auto& d) -> auto& { return d.settings.route.routes; }, records(route_fields()),
          "Ways to other domains than through their MX; the first that fits is taken"),
  };
}

}  // namespace

Fields<Document> top_fields() {
  Fields<Document> all;
  for (auto* part : {host_part, server_part, acme_part, authentication_part, mailauth_part, policy_part, limits_part,
                     milter_part, rewriting_part, quarantine_part, route_part, lookup_part, callout_part, delivery_part,
                     bounce_part, storage_part, control_part, log_part})
    for (auto& field : part()) all.push_back(std::move(field));
  return all;
}

}  // namespace godwit::config
