// SPDX-License-Identifier: Apache-2.0
#include "builder.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "godwit/auth/accounts_file.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/dkim.hpp"
#include "godwit/net/certificate_identity.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/setup/key_file.hpp"
#include "godwit/setup/new_file.hpp"

namespace godwit::setup {
namespace {

constexpr int key_bits = 2048;
constexpr base::Duration self_signed_lifetime = std::chrono::hours(24 * 3650);
constexpr const char* hook_file = "/etc/letsencrypt/renewal-hooks/deploy/godwit";

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

std::string day_of(base::WallTime now) {
  const auto text = base::format_rfc3339(now);
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}

}  // namespace

base::Result<> Builder::keep(const std::string& path) {
  if (is_there(real(path))) done_.push_back({.how = Done::How::kept, .what = path, .note = {}});
  return {};
}

base::Result<> Builder::write(const std::string& path, std::string_view text, mode_t mode, Existing existing) {
  const bool was_there = is_there(real(path));
  auto written =
      existing == Existing::keep ? write_new_file(real(path), text, mode) : write_file(real(path), text, mode);
  if (written) done_.push_back({.how = was_there ? Done::How::replaced : Done::How::made, .what = path, .note = {}});
  return written;
}

base::Result<> Builder::refresh(const std::string& path, std::string_view text) {
  const auto before = read_small_file(real(path));
  if (before && *before == text) return keep(path);
  return write(path, text, plain_mode, Existing::replace);
}

base::Result<std::string> Builder::make_account(const std::string& file, const std::string& address) {
  if (is_there(real(file))) {
    const auto table = auth::load_accounts({real(file)});
    if (!table) return base::fail(base::ErrorKind::invalid, base::join(table.error(), "\n"));
    if (table->exists(address)) {
      done_.push_back({.how = Done::How::kept, .what = file, .note = "with " + address});
      return std::string();
    }
  }
  auto password = auth::generate_password();
  auto secrets = auth::make_secrets(password);
  if (!secrets) return std::unexpected(secrets.error());
  const bool was_there = is_there(real(file));
  const auto added = auth::add_account(
      real(file),
      {.name = address, .password = std::move(secrets->hash), .senders = {}, .scram = std::move(secrets->scram)});
  if (!added) return std::unexpected(added.error());
  done_.push_back({.how = was_there ? Done::How::replaced : Done::How::made, .what = file, .note = "with " + address});
  return password;
}

std::string Builder::selector_for(const std::string& folder, const std::string& domain, base::WallTime now) const {
  std::error_code error;
  const std::string prefix = domain + ".", suffix = ".pem";
  std::vector<std::string> found;
  for (auto at = std::filesystem::directory_iterator(real(folder + "/dkim"), error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    const auto name = at->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) continue;
    // Of example.com, not of example.com.au.
    const auto selector = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    if (!selector.contains('.')) found.push_back(selector);
  }
  return found.empty() ? day_of(now) : *std::ranges::max_element(found);
}

base::Result<std::string> Builder::make_key(const std::string& path) {
  if (is_there(real(path))) {
    const auto key = read_key(real(path));
    if (!key) return std::unexpected(key.error());
    done_.push_back({.how = Done::How::kept, .what = path, .note = {}});
    return mailauth::dkim_record(*key);
  }
  const auto key = mailauth::Key::generate(mailauth::KeyKind::rsa, key_bits);
  if (!key) return std::unexpected(key.error());
  if (auto written = write_key(real(path), *key); !written) return std::unexpected(written.error());
  done_.push_back({.how = Done::How::made, .what = path, .note = {}});
  return mailauth::dkim_record(*key);
}

base::Result<std::string> Builder::make_certificate(const net::CertificateSettings& files,
                                                    const FoundCertificate* found, const std::string& hostname,
                                                    base::WallTime now) {
  const net::CertificateSettings here{.certificate = real(files.certificate), .private_key = real(files.private_key)};
  const bool has_certificate = is_there(here.certificate), has_key = is_there(here.private_key);
  if (has_certificate && has_key) {
    const auto why = net::why_distrusted(here, hostname, {}, now);
    if (!why) return why.error().message + "; it was left as it is";
    // One of our own only filled in until there was a better one.
    const bool is_stopgap = why->contains("self-signed") || why->contains("expired");
    if (!found || !is_stopgap) {
      done_.push_back({.how = Done::How::kept, .what = files.certificate, .note = *why});
      return std::string();
    }
  }
  if (has_key && !has_certificate) return files.private_key + " is there without its certificate; it was left as it is";
  // A certificate without its key is of no use to anybody.
  const auto existing = has_certificate ? Existing::replace : Existing::keep;
  if (found) {
    const auto chain = read_small_file(found->files.certificate), key = read_small_file(found->files.private_key);
    if (!chain || !key) return std::unexpected(chain ? key.error() : chain.error());
    const auto put = put_certificate(files, *chain, *key, "from " + found->files.certificate, existing);
    return put ? base::Result<std::string>() : std::unexpected(put.error());
  }
  const auto made = net::make_self_signed(hostname, now, self_signed_lifetime);
  if (!made) return std::unexpected(made.error());
  if (auto put = put_certificate(files, made->certificate, made->private_key, "self-signed", existing); !put)
    return std::unexpected(put.error());
  return fmt::format(
      "the certificate is self-signed: mail programs will warn.  A better one: certbot certonly --standalone -d {}, "
      "then godwitctl init again",
      hostname);
}

// The certificate first: the next run takes one without its key for the half that it is.
base::Result<> Builder::put_certificate(const net::CertificateSettings& files, std::string_view certificate,
                                        std::string_view private_key, const std::string& note, Existing existing) {
  // Cut short, a certificate without its key is left, not one with another's.
  std::error_code absent;
  if (existing == Existing::replace) std::filesystem::remove(real(files.private_key), absent);
  if (auto written = write(files.certificate, certificate, plain_mode, existing); !written) return written;
  done_.back().note = note;
  return write(files.private_key, private_key, secret_mode, existing);
}

base::Result<> Builder::write_hook(const net::CertificateSettings& files, const std::string& hostname,
                                   const std::string& group) {
  if (is_there(real(hook_file))) return keep(hook_file);
  const auto text = fmt::format(
      R"(#!/bin/sh
# Made by godwitctl init: gives godwitd the renewed certificate of {0}; it notices by itself.
set -eu
case " $RENEWED_DOMAINS " in *" {0} "*) ;; *) exit 0 ;; esac
put() {{  # FROM MODE TO
  install -m "$2" -o root -g {1} "$1" "$3.new"
  mv "$3.new" "$3"
}}
put "$RENEWED_LINEAGE/privkey.pem" 0640 "{3}"
put "$RENEWED_LINEAGE/fullchain.pem" 0644 "{2}"
)",
      hostname, group.empty() ? "root" : group, files.certificate, files.private_key);
  return write(hook_file, text, program_mode, Existing::keep);
}

}  // namespace godwit::setup
