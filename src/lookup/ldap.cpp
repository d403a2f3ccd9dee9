// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/ldap.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/net/blocking_socket.hpp"
#include "godwit/net/tcp_connect.hpp"
#include "libldap.hpp"
#include "watchdog.hpp"

namespace godwit::lookup {
namespace {

timeval time_left(base::MonoTime deadline, const base::Clock& clock) {
  const long milliseconds = std::max(net::poll_time(deadline, clock), 1);
  return {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
}

std::unexpected<base::Error> failure(LDAP* handle, std::string_view what, int code) {
  char* detail = nullptr;
  if (handle != nullptr) libldap().get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, static_cast<void*>(&detail));
  const std::string said = detail == nullptr ? "" : detail;
  libldap().memfree(detail);
  const auto kind = code == LDAP_TIMEOUT ? base::ErrorKind::timed_out : base::ErrorKind::io;
  return base::fail(kind, fmt::format("{}: {}{}{}", what, libldap().err2string(code), said.empty() ? "" : ": ",
                                      base::printable(said, 200)));
}

int simple_bind(LDAP* handle, const std::string& dn, const std::string& password) {
  berval secret{};
  secret.bv_len = password.size();
  secret.bv_val = const_cast<char*>(password.data());  // is only read
  return libldap().sasl_bind_s(handle, dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, nullptr);
}

// The directory has understood, and says no: to this entry or password, not to us.
bool is_rejection(int code) {
  return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_UNWILLING_TO_PERFORM ||
         code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_NO_SUCH_OBJECT ||
         code == LDAP_INVALID_DN_SYNTAX;
}

struct MessageFree {
  void operator()(LDAPMessage* message) const { libldap().msgfree(message); }
};

void add_values(LDAP* handle, LDAPMessage* entry, const std::string& attribute, std::vector<std::string>& to) {
  berval** values = libldap().get_values_len(handle, entry, attribute.c_str());
  if (values == nullptr) return;
  for (berval** value = values; *value != nullptr; ++value) to.emplace_back((*value)->bv_val, (*value)->bv_len);
  libldap().value_free_len(values);
}

LdapEntry entry_of(LDAP* handle, LDAPMessage* message, const std::vector<std::string>& attributes) {
  LdapEntry entry;
  char* dn = libldap().get_dn(handle, message);
  if (dn != nullptr) entry.dn = dn;
  libldap().memfree(dn);
  for (const auto& attribute : attributes) add_values(handle, message, attribute, entry.values);
  return entry;
}

}  // namespace

std::string escape_filter_value(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '*' || c == '(' || c == ')' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == '\x7F')
      escaped += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    else
      escaped += c;
  }
  return escaped;
}

std::string fill_filter(std::string_view pattern, std::string_view name, std::string_view address) {
  const auto at = address.rfind('@');
  const auto local = address.substr(0, at);
  const auto domain = at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
  const std::array<std::pair<std::string, std::string_view>, 3> values = {
      std::pair{fmt::format("{{{}}}", name), address}, std::pair{std::string("{local}"), local},
      std::pair{std::string("{domain}"), domain}};
  std::string filter;
  while (!pattern.empty()) {
    const auto found =
        std::ranges::find_if(values, [&](const auto& value) { return pattern.starts_with(value.first); });
    if (found != values.end()) {
      filter += escape_filter_value(found->second);
      pattern.remove_prefix(found->first.size());
    } else {
      filter += pattern.front();
      pattern.remove_prefix(1);
    }
  }
  return filter;
}

base::Result<> load_ldap() {
  return libldap().loaded();
}

LdapConnection::LdapConnection(const SourceSettings& settings, const base::Clock& clock)
    : settings_(settings), clock_(clock) {}

LdapConnection::~LdapConnection() {
  watchdog_.reset();
  if (handle_ != nullptr) libldap().unbind_ext_s(handle_, nullptr, nullptr);
}

base::Result<> LdapConnection::set_options(base::MonoTime deadline) {
  const int version = LDAP_VERSION3;
  const timeval left = time_left(deadline, clock_);
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int as_client = 0;
  int failed = libldap().set_option(handle_, LDAP_OPT_PROTOCOL_VERSION, &version);
  failed |= libldap().set_option(handle_, LDAP_OPT_TIMEOUT, &left);
  failed |= libldap().set_option(handle_, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  failed |= libldap().set_option(handle_, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  if (!settings_.ca_file.empty())
    failed |= libldap().set_option(handle_, LDAP_OPT_X_TLS_CACERTFILE, settings_.ca_file.c_str());
  failed |= libldap().set_option(handle_, LDAP_OPT_X_TLS_NEWCTX, &as_client);
  if (failed != LDAP_OPT_SUCCESS) return base::fail(base::ErrorKind::invalid, "libldap refuses its settings");
  return {};
}

// A connection of ours, since libldap's own cannot be ended; of a local socket (ldapi) it is its own.
base::Result<> LdapConnection::connect(base::MonoTime deadline) {
  LDAPURLDesc* parsed = nullptr;
  if (libldap().url_parse(settings_.url.c_str(), &parsed) != LDAP_URL_SUCCESS)
    return base::fail(base::ErrorKind::invalid, settings_.url + " is no LDAP URL");
  const std::unique_ptr<LDAPURLDesc, decltype(&ldap_free_urldesc)> url(parsed, libldap().free_urldesc);
  if (std::string_view(url->lud_scheme) == "ldapi") {
    const int failed = libldap().initialize(&handle_, settings_.url.c_str());
    return failed == LDAP_SUCCESS ? base::Result<>() : failure(nullptr, settings_.url, failed);
  }
  const std::string host = url->lud_host == nullptr || *url->lud_host == '\0' ? "localhost" : url->lud_host;
  auto descriptor = net::tcp_connect(host, std::to_string(url->lud_port), deadline, clock_);
  if (!descriptor) return std::unexpected(descriptor.error());
  ::fcntl(*descriptor, F_SETFL, 0);
  const int failed = libldap().init_fd(*descriptor, LDAP_PROTO_TCP, settings_.url.c_str(), &handle_);
  if (failed != LDAP_SUCCESS) {
    ::close(*descriptor);
    return failure(nullptr, settings_.url, failed);
  }
  watchdog_ = std::make_unique<Watchdog>(*descriptor, deadline - clock_.mono());
  return {};
}

base::Result<> LdapConnection::secure() {
  int failed = LDAP_SUCCESS;
  if (settings_.url.starts_with("ldaps:"))
    failed = libldap().install_tls(handle_);
  else if (settings_.start_tls)
    failed = libldap().start_tls_s(handle_, nullptr, nullptr);
  if (failed != LDAP_SUCCESS) return failure(handle_, "TLS", failed);
  return {};
}

base::Result<std::unique_ptr<LdapConnection>> LdapConnection::open(const SourceSettings& settings,
                                                                   base::MonoTime deadline, const base::Clock& clock) {
  if (auto loaded = load_ldap(); !loaded) return std::unexpected(loaded.error());
  std::unique_ptr<LdapConnection> connection(new LdapConnection(settings, clock));
  if (auto connected = connection->connect(deadline); !connected) return std::unexpected(connected.error());
  if (auto set = connection->set_options(deadline); !set) return std::unexpected(set.error());
  if (auto secured = connection->secure(); !secured) return std::unexpected(secured.error());
  const int failed = simple_bind(connection->handle_, settings.bind_dn, settings.bind_password);
  if (failed != LDAP_SUCCESS)
    return failure(connection->handle_, settings.bind_dn.empty() ? "anonymous bind" : "bind as " + settings.bind_dn,
                   failed);
  return connection;
}

base::Result<std::vector<LdapEntry>> LdapConnection::search(const std::string& filter,
                                                            const std::vector<std::string>& attributes, int most,
                                                            base::MonoTime deadline) {
  std::vector<std::string> names = attributes;
  if (names.empty()) names.emplace_back(LDAP_NO_ATTRS);
  std::vector<char*> wanted;
  wanted.reserve(names.size() + 1);
  for (auto& name : names) wanted.push_back(name.data());
  wanted.push_back(nullptr);
  timeval left = time_left(deadline, clock_);
  LDAPMessage* found = nullptr;
  const int failed = libldap().search_ext_s(handle_, settings_.base.c_str(), LDAP_SCOPE_SUBTREE, filter.c_str(),
                                            wanted.data(), 0, nullptr, nullptr, &left, most + 1, &found);
  const std::unique_ptr<LDAPMessage, MessageFree> messages(found);
  const bool too_many =
      failed == LDAP_SIZELIMIT_EXCEEDED || (found != nullptr && libldap().count_entries(handle_, found) > most);
  if (too_many)
    return base::fail(base::ErrorKind::exhausted, most == 1 ? "several entries fit the filter"
                                                            : fmt::format("more than {} entries fit the filter", most));
  if (failed != LDAP_SUCCESS) return failure(handle_, "search", failed);
  std::vector<LdapEntry> entries;
  for (auto* entry = libldap().first_entry(handle_, found); entry != nullptr;
       entry = libldap().next_entry(handle_, entry))
    entries.push_back(entry_of(handle_, entry, attributes));
  return entries;
}

base::Result<bool> LdapConnection::bind(const std::string& dn, const std::string& password) {
  // With an empty password it would be an anonymous bind, which always succeeds (RFC 4513 section 5.1.2).
  if (password.empty()) return false;
  const int bound = simple_bind(handle_, dn, password);
  if (bound != LDAP_SUCCESS && !is_rejection(bound)) return failure(handle_, "bind as the user", bound);
  return bound == LDAP_SUCCESS;
}

}  // namespace godwit::lookup
