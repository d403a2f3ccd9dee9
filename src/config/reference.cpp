// SPDX-License-Identifier: Apache-2.0
// What follows from the declarations of the keys beside reading: the reference, and what a reload cannot apply.
#include <algorithm>
#include <map>

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

}  // namespace

std::string reference_markdown() {
  // Keys outside any section come first, then the sections in the order of their declaration.
  std::vector<std::string> order = {""};
  std::map<std::string, std::string> tables;
  const Document defaults;
  for (const auto& field : top_fields()) {
    const bool section = field.key.find('.') != std::string::npos || !field.rows.empty();
    const auto name = section ? field.key.substr(0, field.key.find('.')) : std::string();
    if (std::ranges::find(order, name) == order.end()) order.push_back(name);
    tables[name] += table_line({.key = field.key,
                                .type = field.type,
                                .fallback = field.key == "hostname" ? "required" : field.show(defaults),
                                .help = field.help,
                                .reload = field.reload});
    for (auto row : field.rows) {
      row.key = field.key + row.key;
      row.reload = field.reload;
      tables[name] += table_line(row);
    }
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

}  // namespace godwit::config
