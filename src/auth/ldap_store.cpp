// SPDX-License-Identifier: Apache-2.0
#include "ldap_store.hpp"

#include <utility>

namespace godwit::auth {

using lookup::LdapConnection;
using lookup::LdapEntry;

base::Result<std::optional<LdapEntry>> LdapStore::search(LdapConnection& connection, const std::string& user,
                                                         base::MonoTime deadline) const {
  std::vector<std::string> attributes;
  if (!settings_.name_attribute.empty()) attributes.push_back(settings_.name_attribute);
  auto found = connection.search(lookup::fill_filter(settings_.filter, "user", user), attributes, 1, deadline);
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

base::Result<> LdapStore::probe() {
  const auto until = deadline();
  auto opened = LdapConnection::open(settings_, until, parts_.clock);
  if (!opened) return std::unexpected(opened.error());
  auto entry = search(**opened, "postmaster@example.com", until);
  if (!entry) return std::unexpected(entry.error());
  return {};
}

// The account's name is the one that the directory gives, where it gives one.
Answer LdapStore::answer_of(const LdapEntry& entry, const std::string& user) const {
  Answer answer;
  answer.kind = Answer::Kind::entry;
  answer.account.name = entry.values.empty() || entry.values.front().empty() ? user : canonical_name(entry.values[0]);
  return answer;
}

Answer LdapStore::find_name(const std::string& user, base::MonoTime deadline) {
  auto opened = LdapConnection::open(settings_, deadline, parts_.clock);
  if (!opened) return unavailable(opened.error().message);
  auto entry = search(**opened, user, deadline);
  if (!entry) return unavailable(entry.error().message);
  return *entry ? answer_of(**entry, user) : Answer();
}

Answer LdapStore::look_up(const Login& login, base::MonoTime deadline) {
  if (login.password.empty()) return unavailable("it has no keys for SCRAM");
  auto opened = LdapConnection::open(settings_, deadline, parts_.clock);
  if (!opened) return unavailable(opened.error().message);
  auto entry = search(**opened, login.user, deadline);
  if (!entry) return unavailable(entry.error().message);
  if (!*entry) return {};
  const auto bound = (*opened)->bind((*entry)->dn, login.password);
  if (!bound) return unavailable(bound.error().message);
  Answer answer = answer_of(**entry, login.user);
  answer.kind = *bound ? Answer::Kind::accepted : Answer::Kind::rejected;
  return answer;
}

}  // namespace godwit::auth
