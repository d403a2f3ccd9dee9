// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <istream>
#include <optional>
#include <ostream>

#include <fmt/format.h>

#include "godwit/base/clock.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/interfaces.hpp"
#include "godwit/setup/host_setup.hpp"
#include "godwit/smtp/address.hpp"
#include "setup_commands.hpp"
#include "table.hpp"

namespace godwit::tools {
namespace {

using setup::Done, setup::HostSetup, setup::MachineFacts, setup::Wishes;

int refuse_init(const Console& console, std::string_view why, int code) {
  console.err << "godwitctl: " << why << "\n";
  return code;
}

// What was typed; the proposal where that is nothing, or there is nobody.
std::string ask(const Console& console, const std::string& question, const std::string& proposal) {
  console.out << question << " [" << proposal << "]: " << std::flush;
  std::string line;
  if (!std::getline(console.in, line)) console.out << "\n";
  const auto answer = base::trim(line);
  return answer.empty() ? proposal : std::string(answer);
}

base::Result<std::string> read_account(const std::string& text, const std::string& domain) {
  const auto mailbox =
      smtp::parse_mailbox(text.contains('@') ? text : text + "@" + domain, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!mailbox)
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is not an address: {}", base::printable(text), mailbox.error().message));
  return base::to_lower(to_string(*mailbox));
}

std::string joined_addresses(const std::vector<base::IpAddress>& addresses) {
  std::vector<std::string> words;
  for (const auto& address : addresses) words.push_back(to_string(address));
  return words.empty() ? "none" : base::join(words, " ");
}

const char* resolver_words(dns::Validation validation) {
  switch (validation) {
    case dns::Validation::works:
      return "validates (DNSSEC)";
    case dns::Validation::missing:
      return "does not validate (DNSSEC)";
    case dns::Validation::untrusted:
      return "not on this machine, so not trusted to validate (DNSSEC)";
    case dns::Validation::unknown:
      break;
  }
  return "no answer";
}

class Init {
 public:
  Init(const InitCommand& command) : command_(command), console_(command.console) {}

  int run() {
    if (auto read = read_wishes(); !read) return refuse_init(console_, read.error().message, exit_usage);
    facts_ = setup::find_machine_facts(wishes_.root, net::SystemInterfaces());
    if (auto asked = ask_wishes(); !asked) return refuse_init(console_, asked.error().message, exit_usage);
    const base::SystemClock clock;
    const auto done = setup::set_up_host(wishes_, facts_, clock.wall());
    if (!done)
      return refuse_init(console_, done.error().message,
                         done.error().kind == base::ErrorKind::invalid ? exit_usage : exit_failed);
    tell(*done, setup::find_dns_facts(done->publication.addresses, dns_, clock));
    return exit_done;
  }

 private:
  base::Result<> read_wishes() {
    auto domain = setup::read_domain_name(command_.domain);
    if (!domain) return std::unexpected(domain.error());
    wishes_.domain = *domain;
    for (const auto& text : command_.addresses) {
      const auto address = base::IpAddress::parse(text);
      if (!address)
        return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is not an address", base::printable(text)));
      wishes_.addresses.push_back(*address);
    }
    for (const auto& text : command_.dns) {
      const auto server = base::Endpoint::parse(text, 53);
      if (!server)
        return base::fail(base::ErrorKind::invalid, fmt::format("\"{}\" is not a DNS server", base::printable(text)));
      dns_.servers.push_back(*server);
    }
    if (!command_.root.empty()) wishes_.root = std::filesystem::absolute(command_.root).lexically_normal().string();
    wishes_.orders_certificate = command_.orders_certificate;
    while (wishes_.root.ends_with('/')) wishes_.root.pop_back();
    if (!command_.folder.empty())
      wishes_.folder = std::filesystem::absolute(command_.folder).lexically_normal().string();
    while (wishes_.folder.size() > 1 && wishes_.folder.ends_with('/')) wishes_.folder.pop_back();
    return {};
  }

  // On a host that is configured already, what it says counts.
  base::Result<> ask_wishes() {
    std::error_code error;
    const bool is_new = !std::filesystem::exists(wishes_.root + wishes_.folder + "/conf.d", error);
    const bool asks = command_.asks && is_new;
    auto hostname = command_.hostname;
    if (hostname.empty() && asks)
      hostname = ask(console_, "Name of this host", setup::default_hostname(wishes_.domain, facts_));
    if (!hostname.empty()) {
      auto read = setup::read_domain_name(hostname);
      if (!read) return std::unexpected(read.error());
      wishes_.hostname = *read;
    }
    auto account = command_.account;
    if (account.empty() && asks)
      account = ask(console_, "First account, who also reads the postmaster's mail", "postmaster@" + wishes_.domain);
    if (account.empty()) return {};
    auto read = read_account(account, wishes_.domain);
    if (!read) return std::unexpected(read.error());
    wishes_.account = *read;
    return {};
  }

  void tell(const HostSetup& made, const setup::DnsFacts& dns) const {
    auto& out = console_.out;
    out << fmt::format("\n{} on {}\n\n", wishes_.domain, made.publication.hostname);
    out << table(found_rows(made, dns)) << "\n" << table(done_rows(made.done));
    if (!made.password.empty())
      out << fmt::format("\nAccount {}, password (shown once): {}\n", made.account, made.password);
    out << "\nInto DNS (" << wishes_.root << made.zone_file << "):\n\n" << setup::zone_text(made.publication);
    out << fmt::format("\nAt https://mta-sts.{}/.well-known/mta-sts.txt ({}{}):\n\n", wishes_.domain, wishes_.root,
                       made.policy_file);
    const auto policy = setup::sts_policy(made.publication.hostname);
    for (const auto line : base::split(policy, '\n'))
      if (!line.empty()) out << base::trim(line) << "\n";
    if (auto remarks = remarks_on(made, dns); !remarks.empty()) out << "\nTo look at:\n" << remarks;
    if (wishes_.folder == setup::usual_folder)
      out << "\nNext:\n  systemctl enable --now godwitd\n  godwitctl doctor      # once DNS has the records\n";
    else
      out << fmt::format(
          "\nNext:\n  godwitd --config {0}\n  godwitctl doctor --config {0}      # once DNS has the records\n",
          made.configuration_file);
  }

  std::vector<std::vector<std::string>> found_rows(const HostSetup& made, const setup::DnsFacts& dns) const {
    const auto* certificate = setup::certificate_for(facts_, made.publication.hostname, base::SystemClock().wall());
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"found", "host name", facts_.hostname.empty() ? "none that others could know" : facts_.hostname});
    rows.push_back({"found", "addresses", joined_addresses(made.publication.addresses)});
    for (const auto& each : dns.reverse)
      rows.push_back({"found", "reverse of " + to_string(each.address),
                      !each.is_known       ? "no answer"
                      : each.names.empty() ? "none"
                                           : base::printable(base::join(each.names, " "))});
    rows.push_back({"found", "resolver", resolver_words(dns.validation)});
    rows.push_back({"found", "certificate",
                    certificate == nullptr ? "none for this host"
                                           : certificate->files.certificate + ", until " +
                                                 base::format_rfc3339(certificate->not_after).substr(0, 10)});
    rows.push_back({"found", "Dovecot (LMTP)", facts_.lmtp_socket.empty() ? "none: Maildirs" : facts_.lmtp_socket});
    rows.push_back({"found", "rspamd", facts_.has_rspamd ? "installed" : "none"});
    return rows;
  }

  std::vector<std::vector<std::string>> done_rows(const std::vector<Done>& done) const {
    std::vector<std::vector<std::string>> rows;
    for (const auto& each : done) {
      const char* how = each.how == Done::How::made ? "made" : each.how == Done::How::kept ? "kept" : "changed";
      rows.push_back({how, wishes_.root + each.what, each.note});
    }
    return rows;
  }

  std::string remarks_on(const HostSetup& made, const setup::DnsFacts& dns) const {
    std::string lines;
    for (const auto& remark : made.remarks) lines += fmt::format("  * {}\n", remark);
    for (const auto& each : dns.reverse)
      if (each.is_known && std::ranges::find(each.names, made.publication.hostname) == each.names.end())
        lines += fmt::format("  * the reverse of {} must be {}: ask whoever gave you the address\n",
                             to_string(each.address), made.publication.hostname);
    if (dns.validation == dns::Validation::unknown)
      lines += "  * the DNS servers of this machine do not answer: no mail could be delivered (see /etc/resolv.conf)\n";
    else if (dns.validation != dns::Validation::works)
      lines += "  * a resolver on this machine that validates (apt install unbound) lets DANE protect what you send\n";
    return lines;
  }

  const InitCommand& command_;
  const Console& console_;
  Wishes wishes_;
  MachineFacts facts_;
  dns::Settings dns_;
};

}  // namespace

int InitCommand::run() const {
  return Init(*this).run();
}

}  // namespace godwit::tools
