// SPDX-License-Identifier: Apache-2.0
// The services of master.cf become listeners; certificates, and who may log in.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_clients.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr auto listeners = Section::listeners;
using Kind = Draft::Kind;

struct Address {
  std::string host;  // empty: as inet_interfaces says
  std::string port;
};

// "smtp", "587", "127.0.0.1:10025", "[::1]:smtp".
std::optional<Address> address_of(const std::string& name) {
  const auto colon = name.rfind(':');
  auto host = colon == std::string::npos ? std::string() : name.substr(0, colon);
  std::erase(host, '[');
  std::erase(host, ']');
  const auto hop = read_next_hop("[127.0.0.1]:" + name.substr(colon == std::string::npos ? 0 : colon + 1), false);
  if (!hop || (!host.empty() && host != "localhost" && !base::IpAddress::parse(host))) return {};
  return Address{.host = host == "localhost" ? "127.0.0.1" : host, .port = hop->hop.substr(hop->hop.rfind(':') + 1)};
}

std::string written(const std::string& host, const std::string& port) {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::vector<std::string> hosts_of(const Context& context, const View& view) {
  std::vector<std::string> hosts;
  const auto protocols = view.words("inet_protocols");
  const bool only_ipv4 = protocols == std::vector<std::string>{"ipv4"};
  for (const auto& word : view.words("inet_interfaces")) {
    if (word == "all") return {only_ipv4 ? "0.0.0.0" : "::"};
    auto host = word;
    std::erase(host, '[');
    std::erase(host, ']');
    if (word == "loopback-only" || word == "localhost") {
      hosts.emplace_back("127.0.0.1");
      if (!only_ipv4) hosts.emplace_back("::1");
    } else if (base::IpAddress::parse(host)) {
      hosts.push_back(host);
    } else {
      context.untranslated(listeners, "inet_interfaces", "\"" + shown_text(word, 80) + "\": name its addresses");
    }
  }
  std::ranges::sort(hosts);
  hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
  return hosts;
}

bool has_certificate(const View& view) {
  return !view.get("smtpd_tls_cert_file").empty() || !view.get("smtpd_tls_chain_files").empty() ||
         !view.get("smtpd_tls_eccert_file").empty();
}

bool offers_tls(const View& view) {
  const auto level = view.get("smtpd_tls_security_level");
  return has_certificate(view) &&
         (level == "may" || level == "encrypt" ||
          (level.empty() && (view.is_yes("smtpd_use_tls") || view.is_yes("smtpd_enforce_tls"))));
}

bool has_proxy_before(const View& view, const Service& service) {
  return !view.get(service.command == "postscreen" ? "postscreen_upstream_proxy_protocol"
                                                   : "smtpd_upstream_proxy_protocol")
              .empty();
}

class Listeners {
 public:
  explicit Listeners(Context& context) : context_(context) {}

  void run() {
    for (const auto* service : smtp_servers(context_)) add(*service);
    for (const auto& service : context_.services)
      if (takes_mail_back(service))
        context_.draft.remark(listeners, Kind::untranslated, service.place, service.name,
                              "takes mail back from a content filter: use the filter as a milter");
    if (offers_login(context_) && !has_submission_) add_submission();
    if (needs_proxies_) {
      context_.draft.line(Section::general, "trusted_proxies: [127.0.0.0/8, \"::1/128\"]");
      context_.draft.remark(Section::general, Kind::to_do, context_.view, "smtpd_upstream_proxy_protocol",
                            "name the addresses of the proxies in trusted_proxies");
    }
    if (has_dropped_)
      context_.draft.remark(listeners, Kind::to_do, {}, "submission",
                            "a listener for users needs tls.certificates: give it some, then add it");
    if (context_.draft.is_empty(listeners)) only_here();
  }

 private:
  // Without the key there would be the usual ones, on all addresses.
  void only_here() {
    context_.draft.line(listeners, "- {address: \"127.0.0.1:25\", service: mx, tls: none}");
    context_.draft.remark(listeners, Kind::to_do, context_.view, "inet_interfaces",
                          "no service of Postfix could be written as a listener, so mail is taken on this machine "
                          "only: name the addresses to listen on, such as {address: \"192.0.2.1:25\", service: mx}");
  }

  void add(const Service& service) {
    const auto address = address_of(service.name);
    if (!address)
      return context_.draft.remark(listeners, Kind::untranslated, service.place, service.name,
                                   "is no address with a port");
    const auto view = view_of(context_, service);
    const auto hosts = address->host.empty() ? hosts_of(context_, view) : std::vector{address->host};
    const bool is_mx = takes_strangers(context_, service);
    if (is_mx && refuses_strangers(context_, service))
      return context_.draft.remark(
          listeners, Kind::to_do, service.place, service.name,
          "refuses strangers by -o smtpd_…_restrictions, and service mx takes mail for our domains from everybody: it "
          "is left out; let its clients log in (service: submission), or add it as service mx behind a firewall");
    for (const auto& host : hosts)
      is_mx ? add_mx(view, service, written(host, address->port))
            : add_submission(view, service, written(host, address->port));
  }

  void add_mx(const View& view, const Service& service, const std::string& address) {
    std::string line = fmt::format("- {{address: {}, service: mx", yaml_string(address));
    if (!offers_tls(view)) line += ", tls: none";
    if (view.is_yes("smtpd_tls_wrappermode") && has_certificate(view)) line += ", tls: implicit";
    if (view.get("smtpd_tls_security_level") == "encrypt")
      context_.draft.remark(listeners, Kind::changed, view, "smtpd_tls_security_level",
                            "service mx takes mail without TLS too (RFC 3207 asks for that)");
    if (view.is_yes("smtpd_sasl_auth_enable"))
      context_.draft.remark(listeners, Kind::changed, view, "smtpd_sasl_auth_enable",
                            "nobody logs in on port 25: users send through 587 or 465");
    context_.draft.line(listeners, line + proxy(view, service) + "}");
  }

  void add_submission(const View& view, const Service& service, const std::string& address) {
    has_submission_ = true;
    if (view.get("smtpd_tls_security_level") == "none")
      context_.draft.remark(listeners, Kind::changed, view, "smtpd_tls_security_level",
                            "users are always offered TLS, and log in over it only");
    if (!has_certificate(view)) {
      has_dropped_ = true;
      return;
    }
    std::string line = fmt::format("- {{address: {}, service: submission", yaml_string(address));
    if (view.is_yes("smtpd_tls_wrappermode")) line += ", tls: implicit";
    context_.draft.line(listeners, line + proxy(view, service) + "}");
  }

  // They logged in on port 25.
  void add_submission() {
    static const Service service{.name = "submission", .type = "inet", .command = "smtpd", .options = {}, .place = {}};
    for (const auto& host : hosts_of(context_, context_.view))
      add_submission(context_.view, service, written(host, "587"));
  }

  std::string proxy(const View& view, const Service& service) {
    if (!has_proxy_before(view, service)) return {};
    needs_proxies_ = true;
    return ", proxy_protocol: true";
  }

  Context& context_;
  bool has_submission_ = false, needs_proxies_ = false, has_dropped_ = false;
};

// 0 to 3, of TLS 1.0 to 1.3: ">=TLSv1.2", "!SSLv3, !TLSv1", "TLSv1.2 TLSv1.3".
int oldest_version(const std::vector<std::string>& words) {
  constexpr std::array<std::string_view, 4> versions = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
  const auto has = [&](const std::string& word) {
    return std::ranges::any_of(words, [&](const auto& w) { return base::iequals(w, word); });
  };
  const bool names_some = std::ranges::any_of(versions, [&](auto version) { return has(std::string(version)); });
  int oldest = 0;
  for (int i = 0; i < 4; ++i) {
    const auto version = std::string(versions[static_cast<std::size_t>(i)]);
    if (has(">=" + version)) return i;
    if (oldest == i && (has("!" + version) || (names_some && !has(version)))) ++oldest;
  }
  return oldest;
}

// Of all services, each pair once.
class Certificates {
 public:
  explicit Certificates(Context& context) : context_(context) {}

  void run() {
    add_all(context_.view);
    for (const auto* service : smtp_servers(context_)) add_all(view_of(context_, *service));
    for (const auto& entry : context_.entries("tls_server_sni_maps", Section::tls)) {
      const auto files = words_of(entry.value);
      if (files.size() == 1)
        add(files[0], files[0]);
      else if (files.size() == 2)
        add(files[1], files[0]);
      else
        context_.draft.remark(Section::tls, Kind::untranslated, entry.place, shown_text(entry.key, 80),
                              "has more files than a key and a certificate");
    }
    if (!lines_.empty()) {
      context_.draft.line(Section::tls, "certificates:");
      for (auto& line : lines_) context_.draft.line(Section::tls, std::move(line));
      context_.draft.remark(
          Section::tls, Kind::to_do, {}, "tls.certificates",
          "the user godwit must be able to read the keys: for those of certbot docs/quickstart.md has a deploy hook");
    }
    minimum_version();
    if (const auto file = context_.view.get("smtp_tls_CAfile"); file.starts_with('/'))
      context_.draft.line(Section::tls, "ca_file: " + yaml_word(file));
  }

 private:
  void add_all(const View& view) {
    add(view.get("smtpd_tls_cert_file"), view.get("smtpd_tls_key_file"));
    add(view.get("smtpd_tls_eccert_file"), view.get("smtpd_tls_eckey_file"));
    const auto chains = view.words("smtpd_tls_chain_files");
    for (std::size_t i = 0; i < chains.size(); ++i) {
      // A file of a key alone stands before that of its certificate.
      const bool is_key_alone = chains[i].contains("key") && i + 1 < chains.size();
      add(is_key_alone ? chains[i + 1] : chains[i], chains[i]);
      if (is_key_alone) ++i;
    }
  }

  void add(const std::string& certificate, const std::string& key) {
    if (certificate.empty() || certificate == "none" || key.empty()) return;
    auto line = fmt::format("  - {{certificate: {}, private_key: {}}}", yaml_word(certificate), yaml_word(key));
    if (!certificate.starts_with('/') || !key.starts_with('/'))
      return context_.untranslated(Section::tls, "smtpd_tls_cert_file", certificate + " is no absolute path");
    if (std::ranges::find(lines_, line) == lines_.end()) lines_.push_back(std::move(line));
  }

  // One for both directions: what clients must speak at least counts.
  void minimum_version() {
    const bool is_newest = oldest_version(context_.view.words("smtpd_tls_protocols")) == 3;
    if (is_newest) context_.draft.line(Section::tls, "minimum_version: \"1.3\"");
    for (const auto* setting : {"smtpd_tls_protocols", "smtpd_tls_mandatory_protocols", "smtp_tls_protocols",
                                "smtp_tls_mandatory_protocols"}) {
      const auto words = context_.view.words(setting);
      if (!context_.view.is_set(setting) || words.empty()) continue;
      const auto oldest = oldest_version(words);
      if (oldest < 2)
        context_.draft.remark(Section::tls, Kind::changed, context_.view, setting, "TLS 1.2 is the oldest version");
      else if ((oldest == 3) != is_newest)
        context_.draft.remark(Section::tls, Kind::changed, context_.view, setting,
                              fmt::format("tls.minimum_version is one for both directions, and for all levels of TLS: "
                                          "here {}, as smtpd_tls_protocols has it",
                                          is_newest ? "1.3" : "1.2"));
    }
  }

  Context& context_;
  std::vector<std::string> lines_;
};

// What Dovecot offers to Postfix lies in Postfix's own folders, which nobody else may enter.
std::string dovecot_socket(Context& context, const View& view) {
  const auto path = view.get("smtpd_sasl_path");
  if (path.starts_with('/') && !path.starts_with(context.view.get("queue_directory"))) return path;
  context.draft.remark(Section::accounts, Kind::to_do, view, "smtpd_sasl_path",
                       "in Dovecot's service auth: unix_listener auth-client { mode = 0660 group = godwit }");
  return "/run/dovecot/auth-client";
}

std::string pwcheck_method(Context& context) {
  for (const auto& folder :
       {context.view.get("cyrus_sasl_config_path"), context.file_of("sasl"), std::string("/usr/lib/sasl2")}) {
    if (folder.empty()) continue;
    if (const auto text = context.tables.text_if_there(folder + "/smtpd.conf"))
      for (const auto& line : logical_lines(*text).lines)
        if (base::istarts_with(line.text, "pwcheck_method:"))
          return base::to_lower(base::trim(std::string_view(line.text).substr(15)));
  }
  return {};
}

void add_store(Context& context, const View& view) {
  const auto service = view.get("smtpd_sasl_service");
  const auto service_field = service == "smtp" || service.empty() ? std::string() : ", service: " + yaml_word(service);
  if (view.get("smtpd_sasl_type") == "dovecot") {
    if (view.get("smtpd_sasl_path").starts_with("inet:"))
      return context.untranslated(Section::accounts, "smtpd_sasl_path",
                                  "Dovecot is asked through a socket of the file system: {type: dovecot, path: …}");
    context.draft.line(Section::accounts, fmt::format("- {{type: dovecot, path: {}{}}}",
                                                      yaml_word(dovecot_socket(context, view)), service_field));
    context.draft.remark(Section::accounts, Kind::changed, view, "smtpd_sasl_type",
                         "users send only as themselves, whatever reject_sender_login_mismatch said");
    return;
  }
  const auto method = pwcheck_method(context);
  if (method != "saslauthd")
    return context.untranslated(Section::accounts, "smtpd_sasl_type",
                                fmt::format("accounts of Cyrus SASL with pwcheck_method {} are to be made anew "
                                            "(godwitctl account add), or kept in SQL, LDAP, saslauthd or Dovecot",
                                            method.empty() ? "unknown" : method));
  const auto domain = view.get("smtpd_sasl_local_domain");
  context.draft.line(Section::accounts,
                     fmt::format("- {{type: saslauthd, path: /run/saslauthd/mux{}{}}}", service_field,
                                 is_domain(domain) && domain.contains('.') ? ", domain: " + yaml_word(domain) : ""));
  context.draft.remark(
      Section::accounts, Kind::to_do, view, "smtpd_sasl_type",
      "the user godwit must be in the group sasl; saslauthd without Postfix's chroot has its socket in /run/saslauthd");
}

}  // namespace

void translate_listeners(Context& context) {
  Listeners(context).run();
}

void translate_certificates(Context& context) {
  Certificates(context).run();
}

void translate_accounts(Context& context) {
  const auto servers = smtp_servers(context);
  const auto login = std::ranges::find_if(
      servers, [&](const Service* s) { return view_of(context, *s).is_yes("smtpd_sasl_auth_enable"); });
  if (login == servers.end()) return;
  add_store(context, view_of(context, **login));
}

}  // namespace godwit::setup::postfix
