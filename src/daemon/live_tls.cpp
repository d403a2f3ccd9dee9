// SPDX-License-Identifier: Apache-2.0
#include "live_tls.hpp"

#include <sys/stat.h>

#include <utility>

namespace godwit::daemon {
namespace {

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  constexpr std::int64_t second = 1'000'000'000;
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .changed = status.st_ctim.tv_sec * second + status.st_ctim.tv_nsec};
}

std::vector<FileStamp> stamps_of(const net::TlsSettings& settings) {
  std::vector<FileStamp> stamps;
  for (const auto& certificate : settings.certificates)
    for (const auto* path : {&certificate.certificate, &certificate.private_key}) stamps.push_back(stamp_of(*path));
  if (!settings.ca_file.empty()) stamps.push_back(stamp_of(settings.ca_file));
  return stamps;
}

void look_at(const net::CertificateSettings& settings, std::size_t index, base::WallTime now, TlsLoaded& result) {
  control::Certificate state{.file = settings.certificate, .subject = {}, .names = {}, .expires = {}, .error = {}};
  auto facts = net::check_certificate(settings, now);
  if (facts) {
    state.subject = std::move(facts->subject);
    state.names = std::move(facts->names);
    state.expires = facts->not_after;
  } else {
    state.error = facts.error().message;
    const bool key = state.error.starts_with(settings.private_key + ":");
    result.complaints.push_back(
        {.index = index, .key = key ? "private_key" : "certificate", .message = facts.error().message});
  }
  result.tls.certificates.push_back(std::move(state));
}

}  // namespace

TlsLoaded load_tls(const net::TlsSettings& settings, base::WallTime now) {
  TlsLoaded result;
  result.tls.stamps = stamps_of(settings);  // before they are read: a change in between is seen the next time
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) look_at(settings.certificates[i], i, now, result);
  if (!settings.certificates.empty() && result.complaints.empty()) {
    auto server = net::TlsServerContext::load(settings);
    if (server)
      result.tls.server = std::move(*server);
    else
      result.complaints.push_back({.index = {}, .key = {}, .message = server.error().message});
  }
  auto client = net::TlsClientContext::load(settings);
  if (client)
    result.tls.client = std::move(*client);
  else
    result.complaints.push_back({.index = {}, .key = {}, .message = client.error().message});
  return result;
}

bool has_changed(const net::TlsSettings& settings, const LiveTls& since) {
  return stamps_of(settings) != since.stamps;
}

LiveTls replaced(const LiveTls& present, const TlsLoaded& loaded) {
  if (loaded.complaints.empty()) return loaded.tls;
  LiveTls kept = present;
  kept.stamps = loaded.tls.stamps;
  for (auto& certificate : kept.certificates) certificate.error.clear();
  for (const auto& complaint : loaded.complaints)
    for (std::size_t i = 0; i < kept.certificates.size(); ++i)
      if (complaint.index.value_or(i) == i) kept.certificates[i].error = complaint.message;
  return kept;
}

}  // namespace godwit::daemon
