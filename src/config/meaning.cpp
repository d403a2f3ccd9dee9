// SPDX-License-Identifier: Apache-2.0
#include "meaning.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "findings.hpp"
#include "godwit/base/text.hpp"

namespace godwit::config {
namespace {

using route::RecipientRule;
using route::TlsLevel;
using smtp::Service;
using smtp::TlsMode;

class Checks : Findings {
 public:
  using Findings::Findings;

  void hostname();
  void listeners();
  void listener(std::size_t index);
  void client_certificates(std::size_t index);
  void listener_twice(std::size_t index);
  void networks();
  void domains();
  void aliases();
  void routes();
  void route(std::size_t index);
  void credentials(const std::string& key, const route::RouteSettings& route, route::TlsLevel level);
  void forwarding();
  void milters();
  void reports();
  void retry();
  void first_waits(const std::string& key, const queue::RetrySettings& retry);
  void directories();
  void control();
  void submitting_token(std::size_t index);

 private:
  bool has_certificates() const { return is_set("tls.certificates") || is_meant("tls.acme"); }
};

void Checks::hostname() {
  if (!is_meant("hostname"))
    error("hostname",
          "hostname is required: the full name under which other hosts know this one, such as hostname: "
          "mail.example.com");
}

// ---- listeners
// --------------------------------------------------------------------------------------------------------

void Checks::listener(std::size_t index) {
  const auto& listener = settings_.server.listeners[index];
  const auto key = fmt::format("listeners[{}]", index);
  const auto tls_key = key + ".tls";
  const bool certificates = has_certificates();
  if (listener.service == Service::submission && listener.tls == TlsMode::none)
    return error(tls_key,
                 "a submission listener cannot have tls: none: passwords are never taken in clear; use starttls "
                 "or implicit");
  if (listener.service == Service::submission && !certificates)
    return error(key, "a submission listener needs tls.certificates, or tls.acme: passwords are never taken in clear");
  client_certificates(index);
  if (listener.proxy_protocol && settings_.server.trusted_proxies.empty())
    error(key + ".proxy_protocol",
          "a listener with proxy_protocol needs trusted_proxies: nobody else may connect to it");
  if (listener.tls != TlsMode::none && !certificates)
    error(tls_key, "this listener needs tls.certificates or tls.acme (or tls: none)");
}

void Checks::client_certificates(std::size_t index) {
  const auto& listener = settings_.server.listeners[index];
  const auto key = fmt::format("listeners[{}].client_certificates", index);
  const bool asked = !listener.client_certificates.ca_file.empty();
  if (!asked && is_set(key)) error(key, "client_certificates needs ca_file: whose certificates shall be believed");
  if (!asked) return;
  if (listener.service != Service::submission)
    return error(key, "client_certificates are for service submission: they log users in");
  const auto& stores = settings_.auth.stores;
  const auto looks_up = [](const auto& store) {
    return store.type == auth::StoreType::file || store.type == auth::StoreType::sqlite ||
           store.type == auth::StoreType::postgresql;
  };
  if (stores.empty() || !std::ranges::all_of(stores, looks_up))
    error(key,
          "client_certificates need accounts in files or SQL tables alone: others are not found without a password");
}

// Two listeners on one address would share its connections by chance (SO_REUSEPORT).
void Checks::listener_twice(std::size_t index) {
  const auto& all = settings_.server.listeners;
  const auto& mine = all[index].address;
  if (mine.port == 0) return;
  for (std::size_t before = 0; before < index; ++before) {
    const auto& other = all[before].address;
    const auto both_families = [](const auto& a) { return a.is_v6() && a.is_unspecified(); };
    const bool shared = (both_families(mine.address) && other.address.is_unspecified()) ||
                        (both_families(other.address) && mine.address.is_unspecified());
    if (other.port != mine.port || (other.address != mine.address && !shared)) continue;
    const auto first = loaded_.place_of(fmt::format("listeners[{}].address", before));
    return error(fmt::format("listeners[{}].address", index),
                 fmt::format("{} is listened on twice; the first is at {}:{}:{}", to_string(mine), first.file,
                             first.line, first.column));
  }
}

// Logs and messages tell them apart by their names.
void Checks::milters() {
  const auto& all = settings_.policy.milters;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto same = [&](const auto& other) { return !other.name.empty() && other.name == all[i].name; };
    if (std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i), same))
      error(fmt::format("milters[{}].name", i), fmt::format("two milters are called {}", all[i].name));
  }
}

void Checks::listeners() {
  const auto& all = settings_.server.listeners;
  if (all.empty()) warn("listeners", "no listeners: this host takes no mail over SMTP");
  bool submission = false;
  bool clear_mx = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto key = fmt::format("listeners[{}]", i);
    // Not set: ours by default, or faulty and reported.
    if (is_set("listeners") && !is_set(key + ".address")) continue;
    if (is_set("listeners")) listener(i);
    listener_twice(i);
    submission = submission || all[i].service == Service::submission;
    clear_mx = clear_mx || (all[i].service == Service::mx && all[i].tls == TlsMode::none && !is_set(key + ".tls"));
  }
  if (submission && !is_meant("accounts") && !is_meant("authentication.introspection.url"))
    warn("listeners", "no accounts: nobody can log in to submit mail; set accounts");
  if (clear_mx && !has_certificates())
    warn("listeners", "no tls.certificates, no tls.acme: STARTTLS is not offered, mail arrives in clear");
}

void Checks::networks() {
  const auto& networks = settings_.policy.trusted_networks;
  for (std::size_t i = 0; i < networks.size(); ++i)
    if (networks[i].prefix() == 0)
      error(fmt::format("trusted_networks[{}]", i),
            fmt::format("{} would make this host an open relay; name the networks of your own machines",
                        to_string(networks[i])));
}

// ---- domains, aliases, routes
// -----------------------------------------------------------------------------------------

void Checks::domains() {
  for (const auto& [name, domain] : settings_.route.domains) {
    const auto key = "domains." + name;
    const bool any = std::ranges::any_of(settings_.auth.stores, [](const auto& s) { return auth::tells_names(s); });
    if (domain.recipients == RecipientRule::accounts && !any && (is_set("accounts") || !is_meant("accounts")))
      error(is_set(key + ".recipients") ? key + ".recipients" : key,
            fmt::format("the recipients of {} are those with accounts, but no store can tell which accounts there are: "
                        "set accounts (of Dovecot also userdb), or recipients: any or a list",
                        name));
  }
}

void Checks::aliases() {
  for (const auto& [address, targets] : settings_.route.aliases) {
    if (targets.empty())
      error("aliases." + address, fmt::format("the alias {} has no addresses: its mail would vanish", address));
  }
}

void Checks::route(std::size_t index) {
  const auto& route = settings_.route.routes[index];
  const auto key = fmt::format("routes[{}]", index);
  const auto level = route.has_tls ? route.tls : settings_.route.tls;
  if (!route.tls_name.empty() && level != TlsLevel::verify)
    error(key + ".tls.name", "a name is checked only with level: verify");
  if (route.certificate.empty() != route.private_key.empty())
    error(key + ".tls", "a client certificate needs both certificate and private_key");
  if (!route.certificate.empty() && level == TlsLevel::none)
    error(key + ".tls.certificate", "a certificate is of no use without TLS");
  if (is_set(key + ".credentials")) credentials(key, route, level);
  first_waits(key + ".retry", dispatch::overridden(settings_.dispatch.queue.retry, route.retry));
}

void Checks::credentials(const std::string& key, const route::RouteSettings& route, TlsLevel level) {
  const bool by_certificate = route.mechanisms == std::vector<std::string>{"EXTERNAL"};
  if (!is_set(key + ".credentials.user") || is_set(key + ".credentials.password_file") == by_certificate)
    error(key + ".credentials", by_certificate ? "EXTERNAL needs a user, and no password_file"
                                               : "credentials need both user and password_file");
  if (std::ranges::find(route.mechanisms, "EXTERNAL") != route.mechanisms.end() && route.certificate.empty())
    error(key + ".credentials.mechanisms", "EXTERNAL needs the certificate of tls: {certificate, private_key}");
  if (!is_set(key + ".next_hop")) error(key + ".credentials", "credentials need a next_hop to send them to");
  if (level == TlsLevel::none || level == TlsLevel::opportunistic)
    error(key + ".credentials",
          "credentials would be sent in clear: this route needs tls: verify, or at least require");
  else if (level != TlsLevel::verify && level != TlsLevel::dane)
    warn(key + ".credentials",
         "credentials go to any host that answers at the next hop: use tls: verify if its "
         "certificate is valid");
}

void Checks::routes() {
  const auto& routes = settings_.route.routes;
  bool all_taken = false;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    route(i);
    const auto key = fmt::format("routes[{}]", i);
    if (all_taken) warn(key, "never used: a route before it takes all mail");
    const auto& domains = routes[i].domains;
    const bool any_domain = is_set(key + ".domains") ? std::ranges::find(domains, "*") != domains.end() : true;
    all_taken = all_taken || (any_domain && !is_set(key + ".senders"));
  }
}

void Checks::forwarding() {
  const auto& domain = settings_.route.srs.domain;
  if (!domain.empty() && domain != base::to_lower(settings_.hostname) && !settings_.route.domains.contains(domain))
    error("srs.domain", fmt::format("{} is no domain of ours: bounces to it would not come here", domain));
  if (!settings_.route.detail_separator.empty()) return;
  const auto& routes = settings_.route.routes;
  for (std::size_t i = 0; i < routes.size(); ++i)
    if (routes[i].verp)
      error(fmt::format("routes[{}].verp", i), "such sender addresses have a detail: set detail_separator");
  if (!settings_.route.verp_senders.empty())
    error("verp.senders", "such sender addresses have a detail: set detail_separator");
}

// ---- the rest
// ---------------------------------------------------------------------------------------------------------

// What is not signed for the domain of its author nobody believes (RFC 9990 section 3.4.2).
void Checks::reports() {
  const auto& reports = settings_.dispatch.dmarc_reports;
  if (!reports.enabled) return;
  const auto& contact = reports.contact.empty() ? settings_.route.postmaster : reports.contact;
  const auto& from = reports.from.empty() ? contact : reports.from;
  if (contact.empty())
    return warn("dmarc_reports.enabled", "nothing is reported: set dmarc_reports.contact, or the postmaster");
  const auto domain = from.substr(from.rfind('@') + 1);
  const auto signs = [&](const auto& key) {
    return key.accounts.empty() && (domain == key.domain || domain.ends_with("." + key.domain));
  };
  if (std::ranges::none_of(settings_.mailauth.keys, signs))
    warn("dmarc_reports.enabled",
         fmt::format("reports from {} are not signed, so nobody will believe them: dkim.keys has no key of {}", from,
                     domain));
}

// What `key` says of them, perhaps against what is said elsewhere.
void Checks::first_waits(const std::string& key, const queue::RetrySettings& retry) {
  const auto show = [](base::Duration d) { return base::format_duration(d); };
  const auto compare = [&](const std::string& longest, base::Duration longest_wait, const std::string& first,
                           base::Duration first_wait, const std::string& shown) {
    if (first_wait > longest_wait && (is_set(key + longest) || is_set(key + first)))
      error(key + (is_set(key + longest) ? longest : first),
            fmt::format("the longest wait {} is shorter than the first ({})", shown, show(first_wait)));
  };
  compare(".max", retry.max, ".first", retry.first, fmt::format("(max: {})", show(retry.max)));
  if (retry.bounce_max == base::Duration::zero()) return;
  const bool own_first = retry.bounce_first != base::Duration::zero();
  compare(".bounce_max", retry.bounce_max, own_first ? ".bounce_first" : ".first",
          own_first ? retry.bounce_first : retry.first, fmt::format("of bounces ({})", show(retry.bounce_max)));
}

void Checks::retry() {
  const auto& retry = settings_.dispatch.queue.retry;
  const auto show = [](base::Duration d) { return base::format_duration(d); };
  first_waits("delivery.retry", retry);
  if (retry.max > retry.expire)
    error(is_set("delivery.retry.expire") ? "delivery.retry.expire" : "delivery.retry.max",
          fmt::format("messages expire ({}) before the longest wait (max: {}) is over", show(retry.expire),
                      show(retry.max)));
  if (retry.bounce_expire > retry.expire)
    warn("delivery.retry.bounce_expire", fmt::format("bounces are kept longer ({}) than other mail (expire: {})",
                                                     show(retry.bounce_expire), show(retry.expire)));
  const auto& queue = settings_.dispatch.queue;
  if (queue.connections_per_destination > queue.connections)
    warn("delivery.connections_per_destination",
         fmt::format("more than delivery.connections allows in all ({})", queue.connections));
}

void Checks::directories() {
  const auto spool = std::filesystem::path(settings_.spool.directory).lexically_normal();
  const auto state = std::filesystem::path(settings_.state.directory).lexically_normal();
  if (spool / "" == state / "")
    error(is_set("state.directory") ? "state.directory" : "spool.directory",
          "spool.directory and state.directory must differ: the state may be deleted, the spool never");
  if (settings_.spool.inline_limit * 2 > settings_.spool.segment_size)
    error(is_set("spool.segment_size") ? "spool.segment_size" : "spool.inline_limit",
          "spool.segment_size must be at least twice spool.inline_limit");
  if (settings_.spool.memory < settings_.spool.inline_limit)
    error("limits.memory", "limits.memory must be at least spool.inline_limit");
}

// One that can do everything need not send as somebody.
void Checks::submitting_token(std::size_t index) {
  const auto& token = settings_.control.tokens[index];
  const auto key = fmt::format("control.tokens[{}]", index);
  const auto has = [&](control::Scope scope) { return (token.scopes & static_cast<control::Scopes>(scope)) != 0; };
  if (has(control::Scope::submit) && !has(control::Scope::admin) && token.account.empty())
    error(key, "a token with the scope submit needs an account to send as");
  if (!has(control::Scope::submit) && !has(control::Scope::admin) && !token.account.empty())
    warn(key + ".account", "a token without the scope submit hands in nothing");
  if (token.account.empty() && (!token.senders.empty() || !token.messages.empty() || !token.recipients.empty()))
    warn(key, "senders, messages and recipients of a token count with its account, which is not set");
}

// Who has a token can throw mail away, or read who writes to whom.
void Checks::control() {
  const auto& control = settings_.control;
  if (!control.http) {
    if (is_set("control.tokens")) warn("control.tokens", "tokens are for control.http, which is not set");
    return;
  }
  if (!is_meant("control.tokens"))
    error("control.http", "control.http needs control.tokens: a file with a token, and what it opens");
  if (!control.http_tls && !control.http->address.is_loopback())
    error("control.http", "tokens would be sent in clear: set control.http_tls: true, or an address of loopback");
  if (control.http_tls && !has_certificates())
    error("control.http_tls", "control.http_tls needs tls.certificates, or tls.acme");
  for (std::size_t i = 0; i < control.tokens.size(); ++i) {
    const auto key = fmt::format("control.tokens[{}].scopes", i);
    if (control.tokens[i].scopes == 0 && is_set(key)) error(key, "a token without scopes opens nothing");
    submitting_token(i);
  }
}

}  // namespace

void check_meaning(Loaded& loaded) {
  Checks checks(loaded);
  checks.hostname();
  check_acme(loaded);
  check_sources(loaded);
  check_policy(loaded);
  check_services(loaded);
  check_limits(loaded);
  check_rewriting(loaded);
  checks.listeners();
  checks.networks();
  checks.domains();
  checks.aliases();
  checks.routes();
  checks.forwarding();
  checks.milters();
  checks.reports();
  checks.retry();
  checks.directories();
  checks.control();
}

}  // namespace godwit::config
