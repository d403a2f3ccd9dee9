// SPDX-License-Identifier: Apache-2.0
#include "live_settings.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "godwit/base/text.hpp"
#include "godwit/lookup/database.hpp"
#include "godwit/lookup/ldap.hpp"
#include "godwit/net/listener.hpp"
#include "godwit/net/plain_file.hpp"
#include "godwit/net/url.hpp"
#include "heap_apart.hpp"

namespace godwit::daemon {
namespace {

constexpr auto expiry_warning = std::chrono::hours(24 * 14);
constexpr std::size_t shortest_token = 16;
constexpr std::size_t largest_secret = std::size_t{64} << 10U;  // a file of them, or of a key

void add_diagnostics(const std::vector<config::Diagnostic>& diagnostics, LiveSettingsLoaded& result) {
  for (const auto& diagnostic : diagnostics) {
    auto& list = diagnostic.severity == config::Severity::error ? result.errors : result.warnings;
    list.push_back(config::to_string(diagnostic));
  }
}

base::Result<std::string> read_secret(const std::string& path) {
  auto text = net::read_plain_file(path, largest_secret);
  if (!text) return text;
  return std::string(base::trim(base::split(*text, '\n').front()));
}

// One a line.
base::Result<std::vector<std::string>> read_secrets(const std::string& path) {
  const auto text = net::read_plain_file(path, largest_secret);
  if (!text) return std::unexpected(text.error());
  std::vector<std::string> secrets;
  for (const auto line : base::split(*text, '\n'))
    if (const auto secret = base::trim(line); !secret.empty()) secrets.emplace_back(secret);
  if (secrets.empty()) return base::fail(base::ErrorKind::invalid, path + " has no secret");
  return secrets;
}

// At the place of its key; once, where the same key was found at fault already (its file cannot be read).
void add_once(const config::Loaded& file, const std::string& key, config::Severity severity, const std::string& message,
              LiveSettingsLoaded& result) {
  const auto text = config::to_string(
      {.place = file.place_of(key), .message = key + ": " + message, .suggestion = {}, .severity = severity});
  const auto place = text.substr(0, text.find(": ") + 2);
  auto& list = severity == config::Severity::error ? result.errors : result.warnings;
  if (std::ranges::none_of(list, [&](const auto& said) { return said.starts_with(place); })) list.push_back(text);
}

void load_passwords(const config::Loaded& file, config::Settings& settings, LiveSettingsLoaded& result) {
  for (std::size_t i = 0; i < settings.route.routes.size(); ++i) {
    const auto& route = settings.route.routes[i];
    if (route.password_file.empty()) continue;
    auto secret = read_secret(route.password_file);
    if (secret)
      settings.deliver.passwords[route.password_file] = std::move(*secret);
    else
      add_once(file, fmt::format("routes[{}].credentials.password_file", i), config::Severity::error,
               secret.error().message, result);
  }
  if (auto& introspection = settings.auth.introspection; !introspection.client_secret_file.empty()) {
    auto secret = read_secret(introspection.client_secret_file);
    if (secret)
      introspection.client_secret = std::move(*secret);
    else
      add_once(file, "authentication.introspection.client_secret_file", config::Severity::error, secret.error().message,
               result);
  }
  if (auto& srs = settings.route.srs; !srs.secrets_file.empty()) {
    auto secrets = read_secrets(srs.secrets_file);
    if (secrets)
      srs.secrets = std::move(*secrets);
    else
      add_once(file, "srs.secrets_file", config::Severity::error, secrets.error().message, result);
  }
  const auto load_bind_password = [&](lookup::SourceSettings& source, const std::string& key) {
    if (source.bind_password_file.empty()) return;
    auto secret = read_secret(source.bind_password_file);
    if (secret)
      source.bind_password = std::move(*secret);
    else
      add_once(file, key + ".bind_password_file", config::Severity::error, secret.error().message, result);
  };
  for (std::size_t i = 0; i < settings.auth.stores.size(); ++i)
    load_bind_password(settings.auth.stores[i], fmt::format("accounts[{}]", i));
  for (auto& [name, table] : settings.lookup.tables) load_bind_password(table, "tables." + name);
}

// Of all routes, each once.
std::vector<net::CertificateSettings> client_certificates(const std::vector<route::RouteSettings>& routes) {
  std::vector<net::CertificateSettings> certificates;
  for (const auto& route : routes) {
    const auto is_same = [&](const auto& known) { return known.certificate == route.certificate; };
    if (!route.certificate.empty() && std::ranges::none_of(certificates, is_same))
      certificates.push_back({.certificate = route.certificate, .private_key = route.private_key});
  }
  return certificates;
}

// Of one that is not there, who reads it will say so.
base::Result<> check_private(const net::FileStamp& stamp, const std::string& path) {
  if ((stamp.mode & S_IRWXO) != 0)
    return base::fail(base::ErrorKind::refused, path + " may be read by everybody: chmod o= it");
  return {};
}

base::Result<std::string> read_token(const std::string& path) {
  if (auto is_private = check_private(net::stamp_of(path), path); !is_private)
    return std::unexpected(is_private.error());
  auto token = read_secret(path);
  if (token && token->size() < shortest_token)
    return base::fail(
        base::ErrorKind::invalid,
        fmt::format("{} has a token of less than {} characters; make one: openssl rand -hex 24", path, shortest_token));
  return token;
}

void load_tokens(const config::Loaded& file, control::Settings& settings, LiveSettingsLoaded& result) {
  for (std::size_t i = 0; i < settings.tokens.size(); ++i) {
    auto token = read_token(settings.tokens[i].file);
    if (token)
      settings.tokens[i].secret = std::move(*token);
    else
      add_once(file, fmt::format("control.tokens[{}].file", i), config::Severity::error, token.error().message, result);
  }
}

// Sent in a header field.
base::Result<std::string> read_bearer_token(const std::string& path) {
  if (auto is_private = check_private(net::stamp_of(path), path); !is_private)
    return std::unexpected(is_private.error());
  auto token = read_secret(path);
  if (token && (token->empty() || !std::ranges::all_of(*token, [](char c) { return c > ' ' && c < 0x7F; })))
    return base::fail(base::ErrorKind::invalid, path + " has no token of visible US-ASCII in its first line");
  return token;
}

void check_urls(const config::Loaded& file, LiveSettingsLoaded& result) {
  const auto& hooks = file.settings.policy.http_hooks;
  for (std::size_t i = 0; i < hooks.size(); ++i)
    if (const auto url = net::parse_url(hooks[i].url); !url)
      add_once(file, fmt::format("policy.http_hooks[{}].url", i), config::Severity::error, url.error().message, result);
}

void load_hooks(const config::Loaded& file, LiveSettings& live, LiveSettingsLoaded& result) {
  auto& hooks = live.settings.policy.http_hooks;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    auto& hook = hooks[i];
    const auto wrong = [&](std::string_view key, const std::string& why) {
      add_once(file, fmt::format("policy.http_hooks[{}].{}", i, key), config::Severity::error, why, result);
    };
    if (!hook.token_file.empty()) {
      auto token = read_bearer_token(hook.token_file);
      if (token)
        hook.token = std::move(*token);
      else
        wrong("token_file", token.error().message);
    }
    if (hook.ca_file.empty()) continue;
    net::TlsSettings settings;
    settings.minimum_version = live.settings.tls.minimum_version;
    settings.ca_file = hook.ca_file;
    auto trust = net::TlsClientContext::load(settings);
    if (trust)
      live.hook_trust[hook.ca_file] = std::move(*trust);
    else
      wrong("ca_file", trust.error().message);
  }
}

base::Result<mailauth::Key> load_key(const std::string& path, const net::KeyHolder& keys) {
  const auto stamp = keys.stamp(path);
  if (!stamp) return std::unexpected(stamp.error());
  if (auto is_private = check_private(*stamp, path); !is_private) return std::unexpected(is_private.error());
  auto read = keys.private_key(path);
  if (!read) return std::unexpected(std::move(read.error()));
  auto key = mailauth::Key::from_handle(read->release());
  if (!key) return base::fail(key.error().kind, path + ": " + key.error().message);
  if (key->kind() == mailauth::KeyKind::rsa && key->bits() < mailauth::weakest_rsa)
    return base::fail(base::ErrorKind::invalid, path + ": an RSA key needs 1024 bits at least, better 2048");
  return key;
}

void load_public_suffixes(const config::Loaded& file, mailauth::Settings& settings, LiveSettingsLoaded& result) {
  if (!settings.public_suffix_list) return;
  auto rule = mailauth::by_public_suffix_list();
  if (rule)
    settings.organizational_domain = std::move(*rule);
  else
    add_once(file, "verification.organizational_domain", config::Severity::error, rule.error().message, result);
}

// Before the sandbox of a start, and where it can be told that one is missing.
void load_libraries(const config::Loaded& file, LiveSettingsLoaded& result) {
  const auto need = [&](const std::string& key, const base::Result<>& loaded) {
    if (!loaded) add_once(file, key, config::Severity::error, loaded.error().message, result);
  };
  const auto& stores = file.settings.auth.stores;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    const auto key = fmt::format("accounts[{}].type", i);
    if (stores[i].type == auth::StoreType::postgresql) need(key, lookup::load_postgresql());
    if (stores[i].type == auth::StoreType::ldap) need(key, lookup::load_ldap());
  }
  for (const auto& [name, table] : file.settings.lookup.tables) {
    const auto key = fmt::format("tables.{}.type", name);
    if (table.type == lookup::TableType::postgresql) need(key, lookup::load_postgresql());
    if (table.type == lookup::TableType::ldap) need(key, lookup::load_ldap());
  }
}

void load_signers(const config::Loaded& file, const net::KeyHolder& held, LiveSettings& live,
                  LiveSettingsLoaded& result) {
  std::vector<mailauth::Signer> signers;
  const auto& keys = live.settings.mailauth.keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto key = load_key(keys[i].private_key, held);
    if (key)
      signers.push_back({.settings = keys[i], .key = std::move(*key)});
    else
      add_once(file, fmt::format("dkim.keys[{}].private_key", i), config::Severity::error, key.error().message, result);
  }
  live.signers = std::make_shared<const mailauth::Signers>(std::move(signers));
}

// The right to bind low ports is given up at the start where nothing needs it.  An order without it would come to
// nothing, and the pause after that outlast the restart.
bool has_lost_port(const acme::Settings& running, const acme::Settings& next) {
  if (!next.terms_of_service_agreed) return false;
  const auto place = listening_place(next);
  if (!place || (running.terms_of_service_agreed && listening_place(running) == place)) return false;
  const auto free = net::check_bindable(*place);
  return !free && free.error().os_error == EACCES;
}

// This process may not be able to read what another one does.
config::Probe probe_with(const net::KeyHolder& keys) {
  auto probe = config::system_probe();
  if (&keys == &net::own_keys()) return probe;
  probe.key_file = [&keys](const std::string& path) -> base::Result<> {
    const auto readable = keys.readable(path);
    if (readable) return {};
    const auto& error = readable.error();
    if (error.os_error != 0) return base::fail_os("cannot be read", error.os_error);
    return base::fail(error.kind, std::string(base::trim(std::string_view(error.message).substr(path.size() + 1))));
  };
  return probe;
}

void hold_back(const config::Settings& running, config::Loaded& next, LiveSettingsLoaded& result) {
  config::keep_own_certificate(running, next);
  result.held_back = held_back(running, next.settings);
  if (!result.held_back.empty()) config::keep_acme(running, next.settings);
}

}  // namespace

std::vector<std::string> held_back(const config::Settings& running, const config::Settings& next) {
  std::vector<std::string> keys;
  if (has_lost_port(running.acme, next.acme)) keys.emplace_back("tls.acme");
  return keys;
}

CaFiles client_ca_files(const config::Settings& settings) {
  CaFiles files;
  for (const auto& listener : settings.server.listeners)
    if (const auto& file = listener.client_certificates.ca_file; !file.empty()) files.push_back(file);
  return files;
}

namespace {

void take_tls(const config::Loaded& file, LiveSettings& live, base::WallTime now, OutOfDate out_of_date,
              const net::KeyHolder& keys, LiveSettingsLoaded& result) {
  auto loaded = load_tls(live.settings.tls, now, client_ca_files(live.settings), keys);
  const auto key_of = [](std::size_t index, const std::string& name) {
    return fmt::format("tls.certificates[{}].{}", index, name);
  };
  for (const auto& complaint : loaded.complaints) {
    const bool only_warn = complaint.of_date && out_of_date == OutOfDate::warning;
    add_once(file, complaint.index ? key_of(*complaint.index, complaint.key) : "tls",
             only_warn ? config::Severity::warning : config::Severity::error, complaint.message, result);
  }
  for (std::size_t i = 0; i < loaded.tls.certificates.size(); ++i) {
    const auto& certificate = loaded.tls.certificates[i];
    if (!certificate.expires || *certificate.expires < now || *certificate.expires - now >= expiry_warning) continue;
    add_once(file, key_of(i, "certificate"), config::Severity::warning,
             fmt::format("{} expires on {}", certificate.file, base::format_rfc3339(*certificate.expires)), result);
  }
  live.tls = std::move(loaded.tls);
}

}  // namespace

LiveSettingsLoaded load_live_settings(const std::string& path, const base::Clock& clock, OutOfDate out_of_date,
                                      const config::FileAccess& files, const net::Interfaces& interfaces,
                                      const config::Settings* running, const net::KeyHolder& keys) {
  LiveSettingsLoaded result;
  auto loaded = made_apart([&] { return config::load(path, files); });
  add_diagnostics(loaded.diagnostics, result);
  if (!loaded.ok()) return result;
  if (running != nullptr) hold_back(*running, loaded, result);
  // What is not there, or is no file, is not read either: what a draft names may be anything.
  add_diagnostics(config::check_environment(loaded, probe_with(keys)), result);
  check_urls(loaded, result);
  load_libraries(loaded, result);
  if (!result.errors.empty()) return result;

  LiveSettings live;
  live.settings = std::move(loaded.settings);
  if (auto addresses = interfaces.addresses())
    live.interfaces = std::move(*addresses);
  else
    result.warnings.push_back(addresses.error().message +
                              "; mail loops through MX are seen at loopback addresses only");
  load_account_files(live.settings.auth, live.accounts, result.errors, result.warnings);
  live.tables = load_text_tables(live.settings.lookup, result.errors, result.warnings);
  load_passwords(loaded, live.settings, result);
  load_tokens(loaded, live.settings.control, result);
  load_signers(loaded, keys, live, result);
  load_hooks(loaded, live, result);
  load_public_suffixes(loaded, live.settings.mailauth, result);
  live.settings.tls.client_certificates = client_certificates(live.settings.route.routes);
  take_tls(loaded, live, clock.wall(), out_of_date, keys, result);
  if (result.errors.empty()) result.live = std::make_shared<const LiveSettings>(std::move(live));
  return result;
}

}  // namespace godwit::daemon
