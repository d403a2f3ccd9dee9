// SPDX-License-Identifier: Apache-2.0
#include "live_settings.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::daemon {
namespace {

constexpr auto expiry_warning = std::chrono::hours(24 * 14);

void add_diagnostics(const std::vector<config::Diagnostic>& diagnostics, LiveSettingsLoaded& result) {
  for (const auto& diagnostic : diagnostics) {
    auto& list = diagnostic.severity == config::Severity::error ? result.errors : result.warnings;
    list.push_back(config::to_string(diagnostic));
  }
}

base::Result<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail_os(path, errno);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return std::string(base::trim(text));
}

void load_passwords(config::Settings& settings, LiveSettingsLoaded& result) {
  for (const auto& route : settings.route.routes) {
    if (route.password_file.empty()) continue;
    auto secret = read_secret(route.password_file);
    if (secret)
      settings.deliver.passwords[route.password_file] = std::move(*secret);
    else
      result.errors.push_back("routes.credentials.password_file: " + secret.error().message);
  }
}

void check_certificates(const net::TlsSettings& tls, base::WallTime now, LiveSettingsLoaded& result) {
  for (const auto& certificate : tls.certificates) {
    const auto facts = net::check_certificate(certificate, now);
    if (!facts)
      result.errors.push_back("tls.certificates: " + facts.error().message);
    else if (facts->not_after - now < expiry_warning)
      result.warnings.push_back(fmt::format("tls.certificates: {} expires on {}", certificate.certificate,
                                            base::format_rfc3339(facts->not_after)));
  }
}

void load_tls(LiveSettings& live, LiveSettingsLoaded& result) {
  const auto& tls = live.settings.tls;
  if (!tls.certificates.empty() && result.errors.empty()) {
    auto context = net::TlsServerContext::load(tls);
    if (context)
      live.server_tls = std::move(*context);
    else
      result.errors.push_back("tls.certificates: " + context.error().message);
  }
  auto client = net::TlsClientContext::load(tls);
  if (client)
    live.client_tls = std::move(*client);
  else
    result.errors.push_back("tls: " + client.error().message);
}

}  // namespace

LiveSettingsLoaded load_live_settings(const std::string& path, const base::Clock& clock,
                                      const net::Interfaces& interfaces) {
  LiveSettingsLoaded result;
  auto loaded = config::load(path);
  add_diagnostics(loaded.diagnostics, result);
  if (!loaded.ok()) return result;
  add_diagnostics(config::check_environment(loaded), result);

  LiveSettings live;
  live.settings = std::move(loaded.settings);
  if (auto addresses = interfaces.addresses())
    live.interfaces = std::move(*addresses);
  else
    result.warnings.push_back(addresses.error().message +
                              "; mail loops through MX are seen at loopback addresses only");
  if (!live.settings.auth.stores.empty()) {
    auto accounts = auth::load_accounts(live.settings.auth.stores);
    if (accounts) {
      live.accounts = std::move(*accounts);
      result.warnings.insert(result.warnings.end(), live.accounts.warnings.begin(), live.accounts.warnings.end());
    } else {
      result.errors.insert(result.errors.end(), accounts.error().begin(), accounts.error().end());
    }
  }
  load_passwords(live.settings, result);
  check_certificates(live.settings.tls, clock.wall(), result);
  load_tls(live, result);
  if (result.errors.empty()) result.live = std::make_shared<const LiveSettings>(std::move(live));
  return result;
}

}  // namespace godwit::daemon
