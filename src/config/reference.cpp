// SPDX-License-Identifier: Apache-2.0
// What follows from the declarations of the keys beside reading: the reference, key by key too, and what a reload
// cannot apply.
#include <algorithm>
#include <map>

#include "godwit/config/keys.hpp"
#include "meaning.hpp"
#include "schema.hpp"

namespace godwit::config {
namespace {

constexpr std::string_view introduction = R"(# Configuration

*Made from the declarations in `src/config`; do not edit. `godwitd --print-configuration-reference` prints it.*

One YAML file, by default `/etc/godwit/godwit.yaml`, holds the configuration; `conf/godwit.yaml` is a commented example
to start from. `godwitd --config FILE --check` reports all errors at once, each as `file:line:column: message`. An
unknown key is an error. Only `hostname` must be set.

* Durations: `250ms 30s 5m 4h 5d 1h30m`. Sizes: `4096 512KiB 50MiB 1GiB`.
* A domain or address may be written in any case. Paths are absolute.
* *reload*: a changed value is applied by `godwitctl reload` or `systemctl reload godwitd`; *restart*: only at the next
  start.
)";

std::string escape_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string("`\"\"`") : fmt::format("`{}`", escape_cell(text));
}

std::string table_line(const Row& row) {
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", row.key, escape_cell(row.type),
                     row.fallback == "required" ? std::string("required") : code(row.fallback),
                     row.reload == Reload::yes ? "reload" : "restart", escape_cell(row.help));
}

// A key as the reference has it, also those of maps and lists of maps: "listeners[].tls".
struct ReferenceRow {
  std::string section;  // empty: none
  Row row;
};

std::vector<ReferenceRow> reference_rows() {
  std::vector<ReferenceRow> all;
  const Document defaults;
  for (const auto& field : top_fields()) {
    const bool is_in_section = field.key.find('.') != std::string::npos || field.rows;
    const auto section = is_in_section ? field.key.substr(0, field.key.find('.')) : std::string();
    all.push_back({.section = section,
                   .row = {.key = field.key,
                           .type = field.type,
                           .fallback = field.key == "hostname" ? "required" : field.show(defaults),
                           .help = field.help,
                           .reload = field.reload}});
    if (!field.rows) continue;
    for (auto& row : field.rows()) {
      row.key = field.key + row.key;
      row.reload = field.reload;
      all.push_back({.section = section, .row = std::move(row)});
    }
  }
  return all;
}

KeyHelp help_of(const Row& row) {
  return {.key = row.key,
          .type = row.type,
          .fallback = row.fallback,
          .meaning = row.help,
          .needs_restart = row.reload == Reload::restart};
}

// "listeners[0].tls" → "listeners[].tls"
std::string without_numbers(std::string_view key) {
  std::string result;
  bool inside = false;
  for (const char c : key) {
    if (c == ']') inside = false;
    if (!inside) result += c;
    if (c == '[') inside = true;
  }
  return result;
}

// A name of the user's stands in capitals in the reference: DOMAIN.
bool fits(std::string_view pattern, std::string_view key) {
  if (pattern == key) return true;
  const auto start = pattern.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (start == std::string_view::npos) return false;
  const auto end = std::min(pattern.find('.', start), pattern.size());
  const auto before = pattern.substr(0, start), after = pattern.substr(end);
  return key.size() > before.size() + after.size() && key.starts_with(before) && key.ends_with(after);
}

}  // namespace

std::string reference_markdown() {
  // Keys outside any section come first, then the sections in the order of their declaration.
  std::vector<std::string> order = {""};
  std::map<std::string, std::string> tables;
  for (const auto& [section, row] : reference_rows()) {
    if (std::ranges::find(order, section) == order.end()) order.push_back(section);
    tables[section] += table_line(row);
  }
  std::string page(introduction);
  for (const auto& name : order)
    page += fmt::format("\n## {}\n\n| key | type | default | change | meaning |\n|---|---|---|---|---|\n{}",
                        name.empty() ? "General" : fmt::format("`{}`", name), tables[name]);
  return page;
}

std::vector<std::string> restart_needed(const Settings& old_settings, const Settings& new_settings) {
  const Document before{.settings = old_settings, .include = {}};
  const Document after{.settings = new_settings, .include = {}};
  std::vector<std::string> keys;
  for (const auto& field : top_fields())
    if (field.reload == Reload::restart && field.show && field.show(before) != field.show(after))
      keys.push_back(field.key);
  return keys;
}

void keep_until_restart(const Settings& running, Settings& next) {
  const bool origin_follows = next.route.origin == next.hostname;
  const Document from{.settings = running, .include = {}};
  Document to{.settings = std::move(next), .include = {}};
  for (const auto& field : top_fields())
    if (field.reload == Reload::restart && field.copy) field.copy(from, to);
  next = std::move(to.settings);
  if (origin_follows) next.route.origin = next.hostname;
  derive(next);
}

std::vector<KeyValue> values_of(const Settings& settings) {
  const Document document{.settings = settings, .include = {}};
  const Document defaults;
  std::vector<KeyValue> values;
  for (const auto& field : top_fields())
    if (field.key != "include")
      values.push_back({.key = field.key,
                        .value = field.show(document),
                        .fallback = field.show(defaults),
                        .needs_restart = field.reload == Reload::restart});
  return values;
}

std::vector<KeyHelp> all_keys() {
  std::vector<KeyHelp> all;
  for (const auto& each : reference_rows()) all.push_back(help_of(each.row));
  return all;
}

std::vector<KeyHelp> explain(std::string_view asked) {
  const auto key = without_numbers(asked);
  std::vector<KeyHelp> found;
  const auto rows = reference_rows();
  for (const auto& each : rows)
    if (each.row.key == key) return {help_of(each.row)};
  for (const auto& each : rows)
    if (!key.empty() && each.row.key.starts_with(key + ".")) found.push_back(help_of(each.row));
  if (!found.empty()) return found;
  for (const auto& each : rows)
    if (fits(each.row.key, key)) return {help_of(each.row)};
  return found;
}

std::string nearest_key(std::string_view key) {
  std::vector<std::string> names;
  for (const auto& each : reference_rows()) {
    names.push_back(each.row.key);
    // The last part alone is what is remembered.
    if (const auto dot = each.row.key.rfind('.'); dot != std::string::npos && each.row.key.substr(dot + 1) == key)
      return each.row.key;
  }
  return base::nearest(key, names);
}

}  // namespace godwit::config
