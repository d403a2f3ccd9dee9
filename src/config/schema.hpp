// SPDX-License-Identifier: Apache-2.0
// The declarations of all keys: the whole language of godwit.yaml.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "godwit/config/settings.hpp"
#include "record.hpp"

namespace godwit::config {

// What is read beside the settings proper.
struct Document {
  Settings settings;
  std::vector<std::string> include;
};

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;
inline constexpr std::uint64_t tib = 1024 * gib;

template <class Access, class T>
Field<Document> field(std::string_view key, Access access, const Type<T>& type, std::string_view help,
                      Reload reload = Reload::yes) {
  return make_field<Document>(key, access, type, help, reload);
}

// "NAME" of "table:NAME".
base::Result<std::string> parse_table_reference(const std::string& text);
Type<std::string> domain_or_table();
Type<route::Settings> aliases();  // reads aliases and alias_tables
Type<route::AddressMapSettings> address_map();
Type<route::TlsLevel> tls_level();  // what deliver/ can do
Type<route::AddressFamily> address_family();
Type<route::SourceAddress> source_address();  // an address alone, or {address, hostname}

Type<std::vector<std::string>> check_list();  // names of checks
Type<std::string> check_name();               // of any kind
Type<policy::ServerAddress> server_address();
Type<policy::OnFailure> on_failure();
Type<policy::CheckAction> check_action();

Fields<Document> top_fields();  // all, in the order of the reference
Fields<Document> server_part();
Fields<Document> acme_part();
Fields<Document> authentication_part();
Fields<Document> lookup_part();
Fields<Document> mailauth_part();
Fields<Document> milter_part();
Fields<Document> policy_part();
Fields<Document> hook_part();
Fields<Document> limits_part();
Fields<Document> callout_part();
Fields<Document> content_part();  // checks of messages, a part of that
Fields<Document> rewriting_part();
Fields<Document> quarantine_part();
Fields<Document> delivery_part();
Fields<Document> bounce_part();
Fields<Document> storage_part();
Fields<Document> control_part();
Fields<Document> log_part();
Fields<route::DomainSettings> domain_fields();
Fields<route::RouteSettings> route_fields();

// Of conf/bounce-patterns.yaml, and what is wrong with it.
std::vector<mail::FailureRule> builtin_failure_rules(std::vector<Diagnostic>& diagnostics);

}  // namespace godwit::config
