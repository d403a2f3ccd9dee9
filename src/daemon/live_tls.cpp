// SPDX-License-Identifier: Apache-2.0
#include "live_tls.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace godwit::daemon {
namespace {

using Stamps = decltype(LiveTls::stamps);

std::optional<net::FileStamp> known_stamp(const std::string& path, const net::KeyHolder& keys) {
  const auto stamp = keys.stamp(path);
  return stamp ? std::optional(*stamp) : std::nullopt;
}

Stamps stamps_of(const net::TlsSettings& settings, const CaFiles& client_cas, const net::KeyHolder& keys) {
  Stamps stamps;
  for (const auto* list : {&settings.certificates, &settings.client_certificates}) {
    for (const auto& certificate : *list) {
      for (const auto* path : {&certificate.certificate, &certificate.private_key})
        if (!stamps.contains(*path)) stamps[*path] = known_stamp(*path, keys);
      if (!certificate.ocsp_response.empty())
        stamps[certificate.ocsp_response] = net::stamp_of(certificate.ocsp_response);
    }
  }
  for (const auto& file : client_cas) stamps[file] = net::stamp_of(file);
  if (!settings.ca_file.empty()) stamps[settings.ca_file] = net::stamp_of(settings.ca_file);
  return stamps;
}

// One that is awaited counts as soon as it is there; where nobody can tell, who reads it says so.
net::TlsSettings without_missing(net::TlsSettings settings, const net::KeyHolder& keys) {
  std::erase_if(settings.certificates, [&keys](const auto& certificate) {
    if (!certificate.is_awaited) return false;
    const auto stamp = keys.stamp(certificate.certificate);
    return stamp && stamp->size < 0;
  });
  return settings;
}

// Files that nobody could read in time are read again though they do not change.
void note_unread(const base::Error& error, const std::vector<net::CertificateSettings>& certificates, Stamps& stamps) {
  if (error.kind != base::ErrorKind::timed_out) return;
  for (const auto& certificate : certificates)
    for (const auto* path : {&certificate.certificate, &certificate.private_key}) stamps[*path].reset();
}

// Once it is there it takes precedence over what was to serve until then.
net::TlsSettings with_awaited_first(net::TlsSettings settings) {
  std::ranges::stable_partition(settings.certificates, &net::CertificateSettings::is_awaited);
  return settings;
}

void look_at(const net::CertificateSettings& settings, std::size_t index, base::WallTime now,
             const net::KeyHolder& keys, TlsLoaded& result) {
  control::Certificate state;
  state.file = settings.certificate;
  auto facts = net::check_certificate(settings, keys);
  if (facts) {
    state.subject = std::move(facts->subject);
    state.names = std::move(facts->names);
    state.valid_from = facts->not_before;
    state.expires = facts->not_after;
    state.staple_error = facts->staple_error;
    state.staple_until = facts->staple_until;
    if (auto problem = date_problem(state, now); !problem.empty())
      result.complaints.push_back(
          {.index = index, .key = "certificate", .message = std::move(problem), .of_date = true});
  } else {
    note_unread(facts.error(), {settings}, result.tls.stamps);
    state.error = facts.error().message;
    const bool key = state.error.starts_with(settings.private_key + ":");
    result.complaints.push_back(
        {.index = index, .key = key ? "private_key" : "certificate", .message = facts.error().message});
  }
  result.tls.certificates.push_back(std::move(state));
}

}  // namespace

bool TlsLoaded::usable() const {
  return std::ranges::all_of(complaints, &TlsComplaint::of_date);
}

std::string date_problem(const control::Certificate& certificate, base::WallTime now) {
  if (certificate.expires && now > *certificate.expires)
    return fmt::format("{}: the certificate expired on {}", certificate.file,
                       base::format_rfc3339(*certificate.expires));
  if (certificate.valid_from && now < *certificate.valid_from)
    return fmt::format("{}: the certificate is not valid before {}", certificate.file,
                       base::format_rfc3339(*certificate.valid_from));
  return {};
}

bool is_out_of_date(const LiveTls& tls, base::WallTime now) {
  return std::ranges::any_of(tls.certificates,
                             [now](const auto& certificate) { return !date_problem(certificate, now).empty(); });
}

TlsLoaded load_tls(const net::TlsSettings& configured, base::WallTime now, const CaFiles& client_cas,
                   const net::KeyHolder& keys) {
  TlsLoaded result;
  result.tls.made = now;
  result.tls.stamps =
      stamps_of(configured, client_cas, keys);  // before they are read: a change in between is seen the next time
  const auto settings = without_missing(configured, keys);
  for (std::size_t i = 0; i < settings.certificates.size(); ++i)
    look_at(settings.certificates[i], i, now, keys, result);
  if (!settings.certificates.empty() && result.usable()) {
    auto server = net::TlsServerContext::load(with_awaited_first(settings), now, keys);
    if (server) {
      result.tls.server = std::move(*server);
    } else {
      note_unread(server.error(), settings.certificates, result.tls.stamps);
      result.complaints.push_back({.index = {}, .key = {}, .message = server.error().message});
    }
  }
  for (const auto& file : client_cas) {
    auto authorities = net::ClientAuthorities::load(file);
    if (authorities)
      result.tls.client_authorities[file] = std::move(*authorities);
    else
      result.complaints.push_back({.index = {}, .key = {}, .message = authorities.error().message});
  }
  auto client = net::TlsClientContext::load(settings, keys);
  if (client) {
    result.tls.client = std::move(*client);
  } else {
    note_unread(client.error(), settings.client_certificates, result.tls.stamps);
    result.complaints.push_back({.index = {}, .key = {}, .message = client.error().message});
  }
  return result;
}

bool has_changed(const net::TlsSettings& settings, const LiveTls& since, const CaFiles& client_cas,
                 const net::KeyHolder& keys) {
  return stamps_of(settings, client_cas, keys) != since.stamps;
}

std::string staple_problem(const control::Certificate& certificate, base::WallTime now) {
  if (!certificate.staple_error.empty()) return certificate.staple_error;
  if (certificate.staple_until && now >= *certificate.staple_until)
    return fmt::format("{}: the time of its OCSP response was over on {}", certificate.file,
                       base::format_rfc3339(*certificate.staple_until));
  return {};
}

bool is_stale(const LiveTls& tls, base::WallTime now) {
  if (tls.server && now - tls.made >= ticket_keys_kept) return true;
  return std::ranges::any_of(tls.certificates, [&](const auto& certificate) {
    const auto& until = certificate.staple_until;
    return until && tls.made < *until && now >= *until;
  });
}

LiveTls replaced(const LiveTls& present, const TlsLoaded& loaded, base::WallTime now) {
  if (loaded.complaints.empty() || (loaded.usable() && is_out_of_date(present, now))) return loaded.tls;
  LiveTls kept = present;
  kept.stamps = loaded.tls.stamps;
  for (auto& certificate : kept.certificates) certificate.error.clear();
  for (const auto& complaint : loaded.complaints)
    for (std::size_t i = 0; i < kept.certificates.size(); ++i)
      if (complaint.index.value_or(i) == i) kept.certificates[i].error = complaint.message;
  return kept;
}

}  // namespace godwit::daemon
