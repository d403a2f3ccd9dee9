// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/facts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/dns/bounded_resolver.hpp"
#include "godwit/net/tls.hpp"
#include "godwit/setup/asker.hpp"
#include "godwit/setup/new_file.hpp"

namespace godwit::setup {
namespace {

constexpr base::Duration patience = std::chrono::seconds(15);
constexpr std::size_t most_lookups = 100;
constexpr std::size_t most_certificates = 200;  // looked at in one folder

// Of which nobody else can reach a host, and names that nobody else knows.
constexpr std::array not_public = {"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10", "127.0.0.0/8",
                                   "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",  "192.168.0.0/16",
                                   "198.18.0.0/15",  "224.0.0.0/3",   "::/8",          "64:ff9b:1::/48",
                                   "100::/64",       "fc00::/7",      "fe80::/10",     "ff00::/8"};
constexpr std::array private_suffixes = {".local", ".localdomain", ".internal", ".lan",
                                         ".home",  ".home.arpa",   ".invalid"};

bool is_full_name(const std::string& name) {
  return name.contains('.') && !name.starts_with("localhost.") && !base::IpAddress::parse(name) &&
         std::ranges::none_of(private_suffixes, [&](const char* suffix) { return name.ends_with(suffix); });
}

std::string own_name(const std::string& root) {
  if (!root.empty()) {
    const auto text = read_small_file(root + "/etc/hostname");
    return text ? base::to_lower(base::trim(base::split(*text, '\n').front())) : std::string();
  }
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? base::to_lower(name.data()) : std::string();
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  line = line.substr(0, line.find('#'));
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.push_back(base::to_lower(line.substr(at, end - at)));
    at = end;
  }
  return words;
}

// As hosts(5) completes a short name: "127.0.1.1 mail.example.com mail".
std::string completed_by_hosts(const std::string& root, const std::string& name) {
  const auto text = read_small_file(root + "/etc/hosts");
  if (!text || name.empty()) return {};
  for (const auto line : base::split(*text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2 || std::find(words.begin() + 1, words.end(), name) == words.end()) continue;
    const auto full = std::find_if(words.begin() + 1, words.end(), is_full_name);
    if (full != words.end()) return *full;
  }
  return {};
}

std::string find_hostname(const std::string& root) {
  const auto name = own_name(root);
  return is_full_name(name) ? name : completed_by_hosts(root, name);
}

void add_certificate(const std::string& certificate, const std::string& key, std::vector<FoundCertificate>& found) {
  const net::CertificateSettings files{.certificate = certificate, .private_key = key};
  auto facts = net::check_certificate(files);
  if (facts) found.push_back({.files = files, .names = std::move(facts->names), .not_after = facts->not_after});
}

// Certbot and dehydrated have a folder for each certificate.
void add_lineages(const std::string& folder, std::vector<FoundCertificate>& found) {
  std::error_code error;
  std::vector<std::filesystem::path> lineages;
  for (auto at = std::filesystem::directory_iterator(folder, error);
       !error && at != std::filesystem::directory_iterator() && lineages.size() < most_certificates;
       at.increment(error))
    if (at->is_directory(error)) lineages.push_back(at->path());
  std::ranges::sort(lineages);
  for (const auto& lineage : lineages)
    add_certificate((lineage / "fullchain.pem").string(), (lineage / "privkey.pem").string(), found);
}

std::vector<FoundCertificate> find_certificates(const std::string& root, const std::string& hostname) {
  std::vector<FoundCertificate> found;
  add_lineages(root + "/etc/letsencrypt/live", found);
  add_lineages(root + "/var/lib/dehydrated/certs", found);
  if (hostname.empty()) return found;
  for (const char* suffix : {".pem", ".crt"})
    add_certificate(root + "/etc/ssl/certs/" + hostname + suffix, root + "/etc/ssl/private/" + hostname + ".key",
                    found);
  return found;
}

bool is_socket(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

std::string find_lmtp(const std::string& root) {
  for (const char* path : {"/run/dovecot/lmtp", "/var/run/dovecot/lmtp"})
    if (is_socket(root + path)) return path;
  return {};
}

bool covers(const std::string& pattern, const std::string& hostname) {
  if (pattern == hostname) return true;
  const auto dot = hostname.find('.');
  return pattern.starts_with("*.") && dot != std::string::npos && pattern.substr(1) == hostname.substr(dot);
}

}  // namespace

bool is_public(const base::IpAddress& address) {
  return std::ranges::none_of(not_public, [&](const char* text) {
    const auto network = base::IpNetwork::parse(text);
    return network && network->contains(address);
  });
}

MachineFacts find_machine_facts(const std::string& root, const net::Interfaces& interfaces) {
  std::error_code error;
  MachineFacts facts;
  facts.hostname = find_hostname(root);
  if (auto all = interfaces.addresses()) std::ranges::copy_if(*all, std::back_inserter(facts.addresses), is_public);
  facts.certificates = find_certificates(root, facts.hostname);
  facts.lmtp_socket = find_lmtp(root);
  facts.has_rspamd = std::filesystem::exists(root + "/etc/rspamd", error);
  facts.has_certbot = std::filesystem::is_directory(root + "/etc/letsencrypt", error);
  return facts;
}

const FoundCertificate* certificate_for(const MachineFacts& facts, const std::string& hostname, base::WallTime now) {
  const FoundCertificate* best = nullptr;
  for (const auto& each : facts.certificates) {
    const bool fits = std::ranges::any_of(each.names, [&](const auto& name) { return covers(name, hostname); });
    if (fits && each.not_after > now && (best == nullptr || each.not_after > best->not_after)) best = &each;
  }
  return best;
}

DnsFacts find_dns_facts(const std::vector<base::IpAddress>& addresses, const dns::Settings& settings,
                        const base::Clock& clock) {
  DnsFacts facts;
  // ask_dns() returns when it has ended: NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
  const auto ask = [&](net::Reactor&, dns::CachingResolver& caching) -> boost::asio::awaitable<void> {
    dns::BoundedResolver resolver(caching, clock, most_lookups);
    resolver.set_deadline(clock.mono() + patience);
    facts.validation = co_await caching.validation();
    for (const auto& address : addresses) {
      const auto answer = co_await resolver.ptr(address);
      facts.reverse.push_back(
          {.address = address, .names = answer.records, .is_known = answer.status != dns::Status::temporary});
    }
  };
  ask_dns(settings, clock, ask);
  return facts;
}

}  // namespace godwit::setup
