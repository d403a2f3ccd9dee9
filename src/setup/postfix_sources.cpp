// SPDX-License-Identifier: Apache-2.0
#include "postfix_sources.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

std::string said_of(const Settings& said, std::string_view name) {
  const auto found = said.find(name);
  return found == said.end() ? std::string() : found->second.value;
}

// "%s" and its like in, "{key}" and its like out; '%s' loses its quotes, as parameters have none.
bool translate_query(std::string_view query, bool in_quotes, std::string& out) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    const bool quoted =
        in_quotes && query[i] == '\'' && i + 3 < query.size() && query[i + 1] == '%' && query[i + 3] == '\'';
    if (quoted) ++i;
    if (query[i] != '%' || i + 1 == query.size()) {
      out += query[i];
      continue;
    }
    const char what = query[++i];
    if (what == '%') {
      out += '%';
    } else if (what == 's' || what == 'S') {
      out += "{key}";
    } else if (what == 'u' || what == 'U') {
      out += "{local}";
    } else if (what == 'd' || what == 'D') {
      out += "{domain}";
    } else {
      return false;
    }
    if (quoted) ++i;
  }
  return true;
}

// A value within a longer text in quotes ('%s@…') would need to be put together by the database.
bool has_parameter_in_quotes(const std::string& query) {
  bool quoted = false;
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] == '\'') quoted = !quoted;
    if (quoted && query[i] == '{') return true;
  }
  return false;
}

// The form of before Postfix 2.2.
std::string old_query(const Settings& said) {
  const auto table = said_of(said, "table"), select = said_of(said, "select_field"),
             where = said_of(said, "where_field");
  if (table.empty() || select.empty() || where.empty()) return {};
  return fmt::format("SELECT {} FROM {} WHERE {} = '%s' {}", select, table, where,
                     said_of(said, "additional_conditions"));
}

std::string escaped_connection_value(const std::string& value) {
  std::string result = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string pgpass_field(const std::string& value) {
  std::string result;
  for (const char c : value) {
    if (c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

class Source {
 public:
  Source(const std::string& name, const Settings& said, const std::string& folder)
      : name_(name), said_(said), folder_(folder) {}

  SourceTable sql(bool is_postgresql) {
    auto query = said_of(said_, "query");
    if (query.empty()) query = old_query(said_);
    std::string translated;
    if (query.empty()) return refused("it has no query");
    if (!translate_query(query, true, translated) || has_parameter_in_quotes(translated))
      return refused(
          "its query uses %1 … %9, or a % within a text: write it with {key}, {local} and {domain}, which are "
          "parameters: " +
          shown_text(query, 300));
    if (is_postgresql)
      connect();
    else
      field("path", said_of(said_, "dbpath"));
    result_.fields = (is_postgresql ? "type: postgresql, " : "type: sqlite, ") + result_.fields;
    field("query", std::string(base::trim(translated)));
    format();
    return std::move(result_);
  }

  // Where there was MySQL.
  SourceTable mysql() {
    auto table = sql(false);
    if (table.fields.empty()) return table;
    table.can_be_used = false;
    const auto path = table.fields.find("path: \"\"");
    if (path != std::string::npos) table.fields.replace(path, 8, "path: /var/lib/godwit/" + name_ + ".sqlite");
    return table;
  }

  SourceTable ldap() {
    std::string filter;
    auto asked = said_of(said_, "query_filter");
    if (asked.empty()) asked = "(mailacceptinggeneralid=%s)";
    if (!translate_query(asked, false, filter))
      return refused("its query_filter uses %1 … %9: " + shown_text(asked, 300));
    const auto base_dn = said_of(said_, "search_base");
    if (base_dn.empty() || base_dn.contains('%')) return refused("its search_base is missing, or changes with the key");
    result_.fields = "type: ldap, ";
    field("url", url());
    field("base", base_dn);
    field("filter", filter);
    const auto result = said_of(said_, "result_attribute");
    result_.fields += "attributes: " + yaml_one_or_list(words_of(result.empty() ? "maildrop" : result)) + ", ";
    if (base::iequals(said_of(said_, "start_tls"), "yes")) result_.fields += "start_tls: true, ";
    if (const auto file = said_of(said_, "tls_ca_cert_file"); !file.empty()) field("ca_file", file);
    if (const auto dn = said_of(said_, "bind_dn"); !dn.empty() && !base::iequals(said_of(said_, "bind"), "no")) {
      field("bind_dn", dn);
      secret("bind_password_file", said_of(said_, "bind_pw") + "\n");
    }
    for (const auto* other : {"special_result_attribute", "leaf_result_attribute", "terminal_result_attribute"})
      if (!said_of(said_, other).empty())
        result_.remarks.push_back(fmt::format("{} is left out: groups are not followed", other));
    format();
    return std::move(result_);
  }

 private:
  SourceTable refused(std::string why) const {
    return {.fields = {}, .why = std::move(why), .can_be_used = false, .secrets = {}, .remarks = {}};
  }

  void field(const char* key, const std::string& value) {
    result_.fields += fmt::format("{}: {}, ", key, yaml_word(value));
  }
  void secret(const char* key, std::string text) {
    const auto path = fmt::format("{}/{}.pass", folder_, name_);
    result_.secrets.push_back({.path = path, .text = std::move(text), .is_secret = true});
    if (key != nullptr) field(key, path);
  }

  void format() {
    result_.fields.resize(result_.fields.size() - 2);
    if (const auto form = said_of(said_, "result_format"); !form.empty() && form != "%s")
      result_.remarks.push_back("its result_format is left out: let the query give values as they are wanted: " +
                                shown_text(form, 80));
    if (const auto domains = said_of(said_, "domain"); !domains.empty())
      result_.remarks.push_back("it was asked about some domains only (domain); here it is asked about all");
  }

  // "hosts = host1 host2:5433 unix:/run/postgresql"; all are named to libpq.
  void connect() {
    std::vector<std::string> hosts, ports;
    for (auto host : words_of(said_of(said_, "hosts"))) {
      if (host.starts_with("unix:") || host.starts_with("inet:")) host = host.substr(5);
      const auto colon = host.starts_with('/') ? std::string::npos : host.rfind(':');
      ports.push_back(colon == std::string::npos ? "5432" : host.substr(colon + 1));
      hosts.push_back(host.substr(0, colon));
    }
    if (hosts.empty()) {
      hosts.emplace_back("localhost");
      ports.emplace_back("5432");
    }
    std::string connection =
        fmt::format("host={} port={}", escaped_connection_value(base::join(hosts, ",")), base::join(ports, ","));
    for (const auto& [key, name] : {std::pair{"dbname", "dbname"}, std::pair{"user", "user"}})
      if (const auto value = said_of(said_, name); !value.empty())
        connection += fmt::format(" {}={}", key, escaped_connection_value(value));
    if (const auto password = said_of(said_, "password"); !password.empty()) {
      secret(nullptr, fmt::format("*:*:*:{}:{}\n", pgpass_field(said_of(said_, "user")), pgpass_field(password)));
      connection += " passfile=" + escaped_connection_value(result_.secrets.back().path);
    }
    field("connection", connection);
  }

  std::string url() {
    auto host = said_of(said_, "server_host");
    const auto words = words_of(host);
    if (words.size() > 1) result_.remarks.push_back("only the first of its servers is asked");
    host = words.empty() ? "localhost" : words.front();
    if (host.contains("://")) return host;
    const auto port = said_of(said_, "server_port");
    return "ldap://" + host + (port.empty() || host.contains(':') ? "" : ":" + port);
  }

  const std::string& name_;
  const Settings& said_;
  const std::string& folder_;
  SourceTable result_;
};

}  // namespace

SourceTable translate_source(const std::string& type, const std::string& name, const Settings& said,
                             const std::string& folder) {
  Source source(name, said, folder);
  if (type == "pgsql") return source.sql(true);
  if (type == "sqlite") return source.sql(false);
  if (type == "mysql") return source.mysql();
  return source.ldap();
}

}  // namespace godwit::setup::postfix
