// SPDX-License-Identifier: Apache-2.0
#include "ldap_store.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <ldap.h>
#include <openldap.h>

#include "godwit/base/text.hpp"
#include "local_socket.hpp"
#include "tcp_connect.hpp"

namespace godwit::auth {
namespace {

timeval time_left(base::MonoTime deadline, const base::Clock& clock) {
  const int milliseconds = std::max(poll_time(deadline, clock), 1);
  return {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
}

std::unexpected<base::Error> failure(LDAP* handle, std::string_view what, int code) {
  char* detail = nullptr;
  if (handle != nullptr) ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &detail);
  const std::string said = detail == nullptr ? "" : detail;
  ldap_memfree(detail);
  const auto kind = code == LDAP_TIMEOUT ? base::ErrorKind::timed_out : base::ErrorKind::io;
  return base::fail(kind, fmt::format("{}: {}{}{}", what, ldap_err2string(code), said.empty() ? "" : ": ",
                                      base::printable(said, 200)));
}

int simple_bind(LDAP* handle, const std::string& dn, const std::string& password) {
  berval secret{};
  secret.bv_len = password.size();
  secret.bv_val = const_cast<char*>(password.data());  // is only read
  return ldap_sasl_bind_s(handle, dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, nullptr);
}

// The directory has understood, and says no: to this entry or password, not to us.
bool is_rejection(int code) {
  return code == LDAP_INVALID_CREDENTIALS || code == LDAP_INAPPROPRIATE_AUTH || code == LDAP_UNWILLING_TO_PERFORM ||
         code == LDAP_INSUFFICIENT_ACCESS || code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_NO_SUCH_OBJECT ||
         code == LDAP_INVALID_DN_SYNTAX;
}

struct MessageFree {
  void operator()(LDAPMessage* message) const { ldap_msgfree(message); }
};

std::string first_value(LDAP* handle, LDAPMessage* entry, const std::string& attribute) {
  berval** values = ldap_get_values_len(handle, entry, attribute.c_str());
  std::string value;
  if (values != nullptr && values[0] != nullptr) value.assign(values[0]->bv_val, values[0]->bv_len);
  if (values != nullptr) ldap_value_free_len(values);
  return value;
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

std::string fill_filter(std::string_view pattern, std::string_view user) {
  const auto at = user.rfind('@');
  const auto local = user.substr(0, at);
  const auto domain = at == std::string_view::npos ? std::string_view() : user.substr(at + 1);
  std::string filter;
  while (!pattern.empty()) {
    const auto take = [&](std::string_view name, std::string_view value) {
      if (!pattern.starts_with(name)) return false;
      filter += escape_filter_value(value);
      pattern.remove_prefix(name.size());
      return true;
    };
    if (take("{user}", user) || take("{local}", local) || take("{domain}", domain)) continue;
    filter += pattern.front();
    pattern.remove_prefix(1);
  }
  return filter;
}

LdapStore::Connection::~Connection() {
  watchdog.reset();
  if (handle != nullptr) ldap_unbind_ext_s(handle, nullptr, nullptr);
}

base::Result<> LdapStore::set_options(LDAP* handle, base::MonoTime deadline) const {
  const int version = LDAP_VERSION3;
  const timeval left = time_left(deadline, parts_.clock);
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int as_client = 0;
  int failed = ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version);
  failed |= ldap_set_option(handle, LDAP_OPT_TIMEOUT, &left);
  failed |= ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  failed |= ldap_set_option(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  if (!settings_.ca_file.empty())
    failed |= ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, settings_.ca_file.c_str());
  failed |= ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &as_client);
  if (failed != LDAP_OPT_SUCCESS) return base::fail(base::ErrorKind::invalid, "libldap refuses its settings");
  return {};
}

// A connection of ours, since libldap's own cannot be ended; of a local socket (ldapi) it is its own.
base::Result<> LdapStore::connect(Connection& connection, base::MonoTime deadline) const {
  LDAPURLDesc* parsed = nullptr;
  if (ldap_url_parse(settings_.url.c_str(), &parsed) != LDAP_URL_SUCCESS)
    return base::fail(base::ErrorKind::invalid, settings_.url + " is no LDAP URL");
  const std::unique_ptr<LDAPURLDesc, decltype(&ldap_free_urldesc)> url(parsed, ldap_free_urldesc);
  if (std::string_view(url->lud_scheme) == "ldapi") {
    const int failed = ldap_initialize(&connection.handle, settings_.url.c_str());
    return failed == LDAP_SUCCESS ? base::Result<>() : failure(nullptr, settings_.url, failed);
  }
  const std::string host = url->lud_host == nullptr || *url->lud_host == '\0' ? "localhost" : url->lud_host;
  auto descriptor = tcp_connect(host, std::to_string(url->lud_port), deadline, parts_.clock);
  if (!descriptor) return std::unexpected(descriptor.error());
  ::fcntl(*descriptor, F_SETFL, 0);
  const int failed = ldap_init_fd(*descriptor, LDAP_PROTO_TCP, settings_.url.c_str(), &connection.handle);
  if (failed != LDAP_SUCCESS) {
    ::close(*descriptor);
    return failure(nullptr, settings_.url, failed);
  }
  connection.watchdog.emplace(*descriptor, deadline - parts_.clock.mono());
  return {};
}

base::Result<> LdapStore::secure(LDAP* handle) const {
  int failed = LDAP_SUCCESS;
  if (settings_.url.starts_with("ldaps:"))
    failed = ldap_install_tls(handle);
  else if (settings_.start_tls)
    failed = ldap_start_tls_s(handle, nullptr, nullptr);
  if (failed != LDAP_SUCCESS) return failure(handle, "TLS", failed);
  return {};
}

base::Result<std::unique_ptr<LdapStore::Connection>> LdapStore::open(base::MonoTime deadline) const {
  auto connection = std::make_unique<Connection>();
  if (auto connected = connect(*connection, deadline); !connected) return std::unexpected(connected.error());
  LDAP* const handle = connection->handle;
  if (auto set = set_options(handle, deadline); !set) return std::unexpected(set.error());
  if (auto secured = secure(handle); !secured) return std::unexpected(secured.error());
  if (const int failed = simple_bind(handle, settings_.bind_dn, settings_.bind_password); failed != LDAP_SUCCESS)
    return failure(handle, settings_.bind_dn.empty() ? "anonymous bind" : "bind as " + settings_.bind_dn, failed);
  return connection;
}

base::Result<LdapStore::Entry> LdapStore::search(LDAP* handle, const std::string& user, base::MonoTime deadline) const {
  constexpr int most = 2;  // one that is meant, and one too many
  std::string attribute = settings_.name_attribute.empty() ? LDAP_NO_ATTRS : settings_.name_attribute;
  char* attributes[] = {attribute.data(), nullptr};
  timeval left = time_left(deadline, parts_.clock);
  LDAPMessage* found = nullptr;
  const int failed =
      ldap_search_ext_s(handle, settings_.base.c_str(), LDAP_SCOPE_SUBTREE, fill_filter(settings_.filter, user).c_str(),
                        attributes, 0, nullptr, nullptr, &left, most, &found);
  const std::unique_ptr<LDAPMessage, MessageFree> messages(found);
  const bool too_many =
      failed == LDAP_SIZELIMIT_EXCEEDED || (found != nullptr && ldap_count_entries(handle, found) > 1);
  if (too_many) return base::fail(base::ErrorKind::invalid, "several entries fit the filter");
  if (failed != LDAP_SUCCESS) return failure(handle, "search", failed);
  LDAPMessage* entry = ldap_first_entry(handle, found);
  if (entry == nullptr) return Entry{};
  char* dn = ldap_get_dn(handle, entry);
  Entry result{.dn = dn == nullptr ? "" : dn, .name = {}};
  ldap_memfree(dn);
  if (!settings_.name_attribute.empty()) result.name = first_value(handle, entry, settings_.name_attribute);
  return result;
}

base::Result<> LdapStore::probe() {
  const auto until = deadline();
  auto opened = open(until);
  if (!opened) return std::unexpected(opened.error());
  auto entry = search((*opened)->handle, "postmaster@example.com", until);
  if (!entry) return std::unexpected(entry.error());
  return {};
}

Answer LdapStore::look_up(const Login& login, base::MonoTime deadline) {
  // A bind with an empty password is an anonymous one and always succeeds (RFC 4513 section 5.1.2).
  if (login.password.empty()) return unavailable("it has no keys for SCRAM");
  auto opened = open(deadline);
  if (!opened) return unavailable(opened.error().message);
  auto entry = search((*opened)->handle, login.user, deadline);
  if (!entry) return unavailable(entry.error().message);
  Answer answer;
  if (entry->dn.empty()) return answer;
  const int bound = simple_bind((*opened)->handle, entry->dn, login.password);
  if (bound != LDAP_SUCCESS && !is_rejection(bound))
    return unavailable(failure((*opened)->handle, "bind as the user", bound).error().message);
  answer.kind = bound == LDAP_SUCCESS ? Answer::Kind::accepted : Answer::Kind::rejected;
  answer.account.name = entry->name.empty() ? login.user : canonical_name(entry->name);
  return answer;
}

}  // namespace godwit::auth
