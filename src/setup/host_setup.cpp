// SPDX-License-Identifier: Apache-2.0
#include "godwit/setup/host_setup.hpp"

#include <pwd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "builder.hpp"
#include "godwit/base/text.hpp"
#include "godwit/config/config.hpp"
#include "godwit/net/certificate_identity.hpp"
#include "godwit/setup/new_file.hpp"

namespace godwit::setup {
namespace {

constexpr const char* example_file = "/usr/share/godwit/godwit.yaml";

std::unexpected<base::Error> invalid(std::string what) {
  return base::fail(base::ErrorKind::invalid, std::move(what));
}

std::string said(const std::vector<config::Diagnostic>& diagnostics) {
  std::string lines;
  for (const auto& diagnostic : diagnostics)
    if (diagnostic.severity == config::Severity::error) lines += "\n" + config::to_string(diagnostic);
  return lines;
}

bool has_user(const std::string& name) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  return ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
}

// The files of the disk, and some that are only meant to be there.
config::FileAccess with_drafts(const std::map<std::string, std::string>& planned) {
  std::map<std::string, std::string> drafts;
  for (const auto& [path, text] : planned) drafts[std::filesystem::path(path).lexically_normal().string()] = text;
  auto files = config::system_files();
  const auto overlay = [drafts, read = files.read_file](const std::string& path) -> base::Result<std::string> {
    const auto draft = drafts.find(std::filesystem::path(path).lexically_normal().string());
    return draft == drafts.end() ? read(path) : base::Result<std::string>(draft->second);
  };
  const auto listed = [drafts,
                       list = files.list_folder](const std::string& folder) -> base::Result<std::vector<std::string>> {
    auto names = list(folder).value_or(std::vector<std::string>());
    for (const auto& [path, text] : drafts)
      if (const std::filesystem::path draft(path);
          draft.parent_path() == std::filesystem::path(folder).lexically_normal())
        if (std::ranges::find(names, draft.filename().string()) == names.end())
          names.push_back(draft.filename().string());
    return names;
  };
  return {.read_file = overlay, .list_folder = listed};
}

// What there is, what shall be, and how far it has come.
class Setup {
 public:
  Setup(const Wishes& wishes, const MachineFacts& facts, base::WallTime now)
      : wishes_(wishes), facts_(facts), now_(now), folders_(folders_of(wishes.folder)), builder_(wishes.root) {}

  base::Result<HostSetup> run() {
    if (auto read = read_existing(); !read) return std::unexpected(read.error());
    if (auto planned = plan(); !planned) return std::unexpected(planned.error());
    constexpr std::array steps = {&Setup::make_folders,     &Setup::make_account,        &Setup::make_keys,
                                  &Setup::make_certificate, &Setup::write_configuration, &Setup::write_publication};
    for (const auto step : steps)
      if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
    result_.done = builder_.done();
    return std::move(result_);
  }

 private:
  std::string main_file() const { return folders_.configuration + "/godwit.yaml"; }
  std::string domain_file() const { return fmt::format("{}/conf.d/{}.yaml", folders_.configuration, wishes_.domain); }
  std::string real(const std::string& path) const { return wishes_.root + path; }

  base::Result<> read_existing();
  base::Result<> plan();
  void plan_host();
  void plan_domain();
  base::Result<> make_folders();
  base::Result<> make_account();
  base::Result<> make_keys();
  base::Result<> make_certificate();
  base::Result<> write_configuration();
  base::Result<> write_publication();
  std::string accounts_path() const;
  void remark_on_facts();

  const Wishes& wishes_;
  const MachineFacts& facts_;
  base::WallTime now_;
  Folders folders_;
  Builder builder_;
  HostSetup result_;
  bool has_host_ = false;                        // a main file that is somebody's own
  bool replaces_example_ = false;                // the package's example lies there, unchanged
  config::Settings settings_;                    // as they will be
  std::map<std::string, std::string> drafts_{};  // real path → text, of files to be written
  std::string account_;
};

base::Result<> Setup::read_existing() {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(real(main_file()), error))) return {};
  const auto text = read_small_file(real(main_file()));
  if (!text) return std::unexpected(text.error());
  const auto example = read_small_file(real(example_file));
  replaces_example_ = example && *text == *example;
  if (replaces_example_) return {};
  const auto loaded = config::load(real(main_file()));
  if (!loaded.ok())
    return invalid(fmt::format("{} has errors; put them right first, or move it away:{}", real(main_file()),
                               said(loaded.diagnostics)));
  has_host_ = true;
  settings_ = loaded.settings;
  return {};
}

void Setup::plan_host() {
  HostText host{.folders = folders_,
                .hostname = wishes_.hostname.empty() ? default_hostname(wishes_.domain, facts_) : wishes_.hostname,
                .domain = wishes_.domain,
                .postmaster = account_,
                .own_addresses = {},
                .orders_certificate = wishes_.orders_certificate,
                .has_rspamd = facts_.has_rspamd};
  std::ranges::copy_if(wishes_.addresses, std::back_inserter(host.own_addresses), [&](const auto& address) {
    return std::ranges::find(facts_.addresses, address) == facts_.addresses.end();
  });
  drafts_[real(main_file())] = host_configuration(host);
}

void Setup::plan_domain() {
  const auto selector = builder_.selector_for(folders_.configuration, wishes_.domain, now_);
  drafts_[real(domain_file())] = domain_configuration(
      {.folders = folders_,
       .domain = wishes_.domain,
       .account = account_,
       .lmtp_socket = facts_.lmtp_socket,
       .selector = selector,
       .key_file = fmt::format("{}/dkim/{}.{}.pem", folders_.configuration, wishes_.domain, selector)});
}

// Before anything is made: whether what will be there makes a configuration.
base::Result<> Setup::plan() {
  std::error_code error;
  account_ = wishes_.account;
  if (account_.empty()) account_ = has_host_ ? settings_.route.postmaster : "postmaster@" + wishes_.domain;
  if (account_.empty()) account_ = "postmaster@" + wishes_.domain;
  if (!has_host_) plan_host();
  const bool has_domain = has_host_ && settings_.route.domains.contains(wishes_.domain);
  if (!has_domain && !std::filesystem::exists(real(domain_file()), error)) plan_domain();
  const auto loaded = config::load(real(main_file()), with_drafts(drafts_));
  if (!loaded.ok()) return invalid("what is there does not fit together:" + said(loaded.diagnostics));
  if (!loaded.settings.route.domains.contains(wishes_.domain))
    return invalid(
        fmt::format("{0} does not have the domain {1}, nor the line that would let a file of its own say so:\n"
                    "include: conf.d/*.yaml",
                    real(main_file()), wishes_.domain));
  if (has_host_ && !wishes_.hostname.empty() && wishes_.hostname != loaded.settings.hostname)
    return invalid(fmt::format("{} names the host {}: change it there (hostname) to {}", real(main_file()),
                               loaded.settings.hostname, wishes_.hostname));
  settings_ = loaded.settings;
  result_.configuration_file = main_file();
  auto addresses = wishes_.addresses;
  if (addresses.empty()) addresses = settings_.route.own_addresses;
  if (addresses.empty()) addresses = facts_.addresses;
  result_.publication = {.domain = wishes_.domain,
                         .hostname = settings_.hostname,
                         .addresses = std::move(addresses),
                         .keys = {},
                         .tlsa = {},
                         .reports = "postmaster@" + wishes_.domain};
  return {};
}

base::Result<> Setup::make_folders() {
  const auto group = folders_.is_system ? settings_.user : std::string();
  // Of what root makes for nobody the daemon could read nothing.
  if (wishes_.root.empty() && !group.empty() && !has_user(group))
    return base::fail(
        base::ErrorKind::not_found,
        fmt::format("there is no user {} on this machine: install the package, or run systemd-sysusers", group));
  return make_folder(real(folders_.configuration), group);
}

std::string Setup::accounts_path() const {
  for (const auto& store : settings_.auth.stores)
    if (store.type == auth::StoreType::file) return store.path;
  return {};
}

base::Result<> Setup::make_account() {
  const auto path = accounts_path();
  if (path.empty()) {
    result_.remarks.push_back("accounts are not kept in a file here: make " + account_ + " where they are");
    return {};
  }
  result_.account = account_;
  auto password = builder_.make_account(path, account_);
  if (!password) return std::unexpected(password.error());
  result_.password = std::move(*password);
  return {};
}

base::Result<> Setup::make_keys() {
  for (const auto& key : settings_.mailauth.keys) {
    if (key.domain != wishes_.domain) continue;
    auto record = builder_.make_key(key.private_key);
    if (!record) return std::unexpected(record.error());
    result_.publication.keys.push_back({.selector = key.selector, .text = std::move(*record)});
  }
  if (result_.publication.keys.empty())
    result_.remarks.push_back(
        fmt::format("mail of {0} is not signed: godwitctl dkim generate {0} SELECTOR", wishes_.domain));
  return {};
}

base::Result<> Setup::make_certificate() {
  if (wishes_.orders_certificate && !settings_.acme.terms_of_service_agreed)
    result_.remarks.push_back(main_file() +
                              " was there already: for a certificate that the daemon gets itself, set tls.acme in it "
                              "(godwitctl config explain tls.acme)");
  if (settings_.tls.certificates.empty()) {
    result_.remarks.push_back("the configuration has no certificate (tls.certificates): no TLS is offered");
    return {};
  }
  const auto& files = settings_.tls.certificates.front();
  if (!files.is_awaited) {
    auto made =
        builder_.make_certificate(files, certificate_for(facts_, settings_.hostname, now_), settings_.hostname, now_);
    if (!made) return std::unexpected(made.error());
    if (!made->empty()) result_.remarks.push_back(std::move(*made));
  }
  const net::CertificateSettings here{.certificate = real(files.certificate), .private_key = real(files.private_key)};
  if (auto tlsa = net::tlsa_of(here))
    result_.publication.tlsa = std::move(*tlsa);
  else if (files.is_awaited)
    result_.remarks.emplace_back(
        "godwitd gets its certificate itself when it runs and port 80 is reachable (godwitctl tls); until then users "
        "cannot log in.  Run godwitctl init again afterwards: there is a TLSA record more to publish");
  if (!facts_.has_certbot || files.is_awaited) return {};
  return builder_.write_hook(files, settings_.hostname, settings_.user);
}

base::Result<> Setup::write_configuration() {
  const auto write = [&](const std::string& path, bool replaces) -> base::Result<> {
    const auto draft = drafts_.find(real(path));
    if (draft == drafts_.end()) return builder_.keep(path);
    return builder_.write(path, draft->second, secret_mode,
                          replaces ? Builder::Existing::replace : Builder::Existing::keep);
  };
  // The host's own last: without it nothing is configured, and the next run begins anew with what is there.
  if (auto written = write(domain_file(), false); !written) return written;
  return write(main_file(), replaces_example_);
}

base::Result<> Setup::write_publication() {
  result_.zone_file = fmt::format("{}/publish/{}.zone", folders_.configuration, wishes_.domain);
  result_.policy_file = fmt::format("{}/publish/{}.mta-sts.txt", folders_.configuration, wishes_.domain);
  if (auto written = builder_.refresh(result_.zone_file, zone_text(result_.publication)); !written) return written;
  if (auto written = builder_.refresh(result_.policy_file, sts_policy(settings_.hostname)); !written) return written;
  remark_on_facts();
  return {};
}

void Setup::remark_on_facts() {
  if (result_.publication.addresses.empty())
    result_.remarks.emplace_back(
        "no public address was found: give it with --address, or own_addresses in the configuration");
  if (facts_.has_rspamd && settings_.policy.milters.empty())
    result_.remarks.push_back("rspamd is installed, and nothing here asks it: add it to milters in " + main_file());
}

}  // namespace

std::string default_hostname(const std::string& domain, const MachineFacts& facts) {
  return facts.hostname.empty() ? "mail." + domain : facts.hostname;
}

base::Result<std::string> read_domain_name(const std::string& text) {
  const auto wrong = [&](std::string_view why) {
    return invalid(fmt::format("\"{}\" {}", base::printable(text, 100), why));
  };
  const std::string_view trimmed = base::trim(text);
  auto name =
      smtp::parse_domain(trimmed.substr(0, trimmed.size() - (trimmed.ends_with('.') ? 1 : 0)), smtp::Utf8::allow);
  if (!name) return wrong("is not a domain name: " + name.error().message);
  if (name->starts_with('[') || base::IpAddress::parse(*name)) return wrong("is an address, not a domain name");
  if (!name->contains('.')) return wrong("has no dot: a full name is needed, like example.com");
  if (name->contains('_')) return wrong("has an underscore, which names of hosts and mail domains do not have");
  if (const auto last = name->substr(name->rfind('.') + 1); base::parse_unsigned(last))
    return wrong("ends with a number");
  return name;
}

base::Result<HostSetup> set_up_host(const Wishes& wishes, const MachineFacts& facts, base::WallTime now) {
  return Setup(wishes, facts, now).run();
}

}  // namespace godwit::setup
