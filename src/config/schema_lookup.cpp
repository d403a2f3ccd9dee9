// SPDX-License-Identifier: Apache-2.0
// The keys of tables, and where they are named.
#include <chrono>

#include "names.hpp"
#include "schema.hpp"
#include "source_fields.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using lookup::TableSettings, lookup::TableType;

constexpr std::string_view prefix = "table:";

base::Result<std::string> parse_table_name(const std::string& text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  if (text.empty() || text.find_first_not_of(allowed) != std::string::npos)
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no name of a table: use a-z, 0-9, _ and -", base::printable(text)));
  return text;
}

Fields<TableSettings> table_fields() {
  Fields<TableSettings> fields = {
      make_field<TableSettings>(
          "type", [](auto& t) -> auto& { return t.type; },
          word<TableType>({{"file", TableType::file},
                           {"sqlite", TableType::sqlite},
                           {"postgresql", TableType::postgresql},
                           {"ldap", TableType::ldap}}),
          "What it is", Reload::yes, Need::required),
      make_field<TableSettings>(
          "path", [](auto& t) -> auto& { return t.path; }, absolute_path(),
          "file: in the format of /etc/aliases, or lines of `key value` or keys alone; read again when it changes. "
          "sqlite: the database"),
      make_field<TableSettings>(
          "query", [](auto& t) -> auto& { return t.query; }, text(),
          "sqlite, postgresql: gives a row for a key that is there, and in its columns the values (parted by commas "
          "where there are several). `{key}` is the address or domain in lower case, `{local}` and `{domain}` its "
          "parts; they are passed as parameters, so without quotes"),
      make_field<TableSettings>(
          "filter", [](auto& t) -> auto& { return t.filter; }, text(),
          "ldap: finds the entries of a key, such as `(mail={key})`; also `{local}` and `{domain}`"),
      make_field<TableSettings>(
          "attributes", [](auto& t) -> auto& { return t.attributes; }, list_of(text(), Single::accept),
          "ldap: attributes of these entries with the values"),
  };
  for (auto& field : source_fields<TableSettings>()) fields.push_back(std::move(field));
  return fields;
}

// A map of addresses, or a list of such maps and of tables.
template <class Target, class Value>
Type<Target> map_or_tables(const Type<std::map<std::string, Value>>& inline_ones,
                           std::map<std::string, Value> Target::*map, std::vector<std::string> Target::*names) {
  const auto tables = list_of(scalar<std::string>("table:NAME", parse_table_reference, show_text));
  return {.name = inline_ones.name + ", or list of such maps and table:NAME",
          .read =
              [=](Target& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsSequence()) return inline_ones.read(target.*map, node, reader);
                for (const auto& part : node) {
                  const Reader::Step step(reader, reader.path(), part);
                  if (part.IsMap()) {
                    inline_ones.read(target.*map, part, reader);
                  } else if (const auto name = parse_table_reference(part.IsScalar() ? part.Scalar() : "")) {
                    (target.*names).push_back(*name);
                  } else {
                    reader.fail(fmt::format("{}: {}", reader.path(), name.error().message));
                  }
                }
              },
          .show =
              [=](const Target& settings) {
                auto shown = inline_ones.show(settings.*map);
                return (settings.*names).empty() ? shown : shown + " " + tables.show(settings.*names);
              },
          .merges = true,
          .may_be_empty = true};
}

}  // namespace

base::Result<std::string> parse_table_reference(const std::string& text) {
  if (!text.starts_with(prefix))
    return base::fail(base::ErrorKind::invalid,
                      fmt::format("\"{}\" is no table: write table:NAME", base::printable(text)));
  return parse_table_name(text.substr(prefix.size()));
}

Type<std::string> domain_or_table() {
  const auto domain = domain_name();
  return {.name = domain.name + " or table:NAME",
          .read =
              [=](std::string& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsScalar() || !node.Scalar().starts_with(prefix)) return domain.read(target, node, reader);
                if (const auto name = parse_table_reference(node.Scalar()))
                  target = node.Scalar();
                else
                  reader.fail(fmt::format("{}: {}", reader.path(), name.error().message));
              },
          .show = show_text};
}

Type<route::Settings> aliases() {
  const auto address = scalar<std::string>("address or @domain", parse_address_pattern, show_text);
  return map_or_tables(map_of(address, list_of(address, Single::accept), "ADDRESS"), &route::Settings::aliases,
                       &route::Settings::alias_tables);
}

Type<route::AddressMapSettings> address_map() {
  const auto address = scalar<std::string>("address or @domain", parse_address_pattern, show_text);
  return map_or_tables(map_of(address, address, "ADDRESS"), &route::AddressMapSettings::addresses,
                       &route::AddressMapSettings::tables);
}

Fields<Document> lookup_part() {
  return {
      field(
          "tables", [](auto& d) -> auto& { return d.settings.lookup.tables; },
          map_of(scalar<std::string>("name", parse_table_name, show_text), record(table_fields()), "NAME"),
          "Tables outside of this file, named `table:NAME` in `aliases`, `domains` and `recipients`. One that cannot "
          "be "
          "asked makes mail wait: `451 4.3.0`"),
      field(
          "lookups.cache.present", [](auto& d) -> auto& { return d.settings.lookup.cache.present; }, duration(1s, 24h),
          "How long the answer of a store or table that something is there counts without being asked for again"),
      field(
          "lookups.cache.absent", [](auto& d) -> auto& { return d.settings.lookup.cache.absent; }, duration(1s, 24h),
          "The same, that nothing is there"),
      field(
          "lookups.cache.entries", [](auto& d) -> auto& { return d.settings.lookup.cache.entries; },
          number<std::size_t>(100, 10000000), "Answers kept of each store or table"),
      field(
          "lookups.check_interval", [](auto& d) -> auto& { return d.settings.lookup.check_interval; },
          duration(100ms, 24h), "How often the files of tables are looked at for changes"),
  };
}

}  // namespace godwit::config
