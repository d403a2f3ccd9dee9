// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "meaning.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

using server::ListenerSettings;
using smtp::Service;
using smtp::TlsMode;

void add_default_listeners(Settings& settings) {
  const auto add = [&](const char* address, Service service, TlsMode tls) {
    settings.server.listeners.push_back({.address = *base::Endpoint::parse(address), .service = service, .tls = tls});
  };
  add("[::]:25", Service::mx, TlsMode::starttls);
  if (settings.tls.certificates.empty()) return;
  add("[::]:587", Service::submission, TlsMode::starttls);
  add("[::]:465", Service::submission, TlsMode::implicit);
}

// See acme/certificate_file.hpp.
net::CertificateSettings own_certificate(const Settings& settings) {
  const auto file = settings.state.directory + "/acme/certificate.pem";
  return {.certificate = file, .private_key = file, .is_awaited = true};
}

// Beside what else is configured.
void add_own_certificate(Settings& settings) {
  auto& acme = settings.acme;
  if (!acme.terms_of_service_agreed) return;
  if (acme.names.empty()) acme.names = {settings.hostname};
  for (auto& name : acme.names) name = base::to_lower(name);
  if (acme.ca_file.empty()) acme.ca_file = settings.tls.ca_file;
  settings.tls.certificates.push_back(own_certificate(settings));
}

// Above limits.message_size, which the session holds clients to: our own trace fields, and reports with what they
// return.
constexpr std::uint64_t added_by_us = 16U << 20U;

// Nobody asked for STARTTLS on these: where there is nothing to offer it with, they go without.
void clear_unasked_starttls(Loaded& loaded) {
  auto& settings = loaded.settings;
  if (!settings.tls.certificates.empty()) return;
  for (std::size_t i = 0; i < settings.server.listeners.size(); ++i) {
    auto& listener = settings.server.listeners[i];
    if (listener.service == Service::mx && listener.tls == TlsMode::starttls &&
        !loaded.places.contains(fmt::format("listeners[{}].tls", i)))
      listener.tls = TlsMode::none;
  }
}

// Read once: each configuration has the same.
const std::vector<mail::FailureRule>& known_failures() {
  static const auto rules = [] {
    std::vector<Diagnostic> none;  // a test holds the file to that
    return builtin_failure_rules(none);
  }();
  return rules;
}

}  // namespace

void complete(Loaded& loaded) {
  auto& settings = loaded.settings;
  add_own_certificate(settings);
  if (!loaded.places.contains("listeners")) add_default_listeners(settings);
  clear_unasked_starttls(loaded);
  if (settings.route.origin.empty()) settings.route.origin = settings.hostname;
  derive(settings);
}

void derive(Settings& settings) {
  settings.server.hostname = settings.hostname;
  settings.route.hostname = settings.hostname;
  settings.dispatch.hostname = settings.hostname;
  settings.deliver.hostname = settings.hostname;
  if (settings.mailauth.service.empty()) settings.mailauth.service = settings.hostname;
  settings.spool.message_size = settings.server.message_size + added_by_us;
  settings.dispatch.failures.builtin = known_failures();
}

void keep_own_certificate(const Settings& running, Loaded& next) {
  auto& settings = next.settings;
  if (!settings.acme.terms_of_service_agreed) return;
  if (!next.places.contains("tls.acme.names")) settings.acme.names = {base::to_lower(running.hostname)};
  std::ranges::replace_if(settings.tls.certificates, &net::CertificateSettings::is_awaited, own_certificate(running));
}

void keep_acme(const Settings& running, Settings& next) {
  next.acme = running.acme;
  std::erase_if(next.tls.certificates, [](const auto& certificate) { return certificate.is_awaited; });
  if (next.acme.terms_of_service_agreed) next.tls.certificates.push_back(own_certificate(running));
}

std::string submit_socket(const Settings& settings) {
  const auto& control = settings.control;
  if (!control.submit_socket.empty()) return control.submit_socket;
  return control.socket.substr(0, control.socket.rfind('/') + 1) + "submit.sock";
}

std::string maildrop(const Settings& settings) {
  const auto& set = settings.server.maildrop;
  return set.empty() ? settings.spool.directory + "-maildrop" : set;
}

}  // namespace godwit::config
