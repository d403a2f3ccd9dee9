// SPDX-License-Identifier: Apache-2.0
// Keys, each declared once: name, where its value lives, type, help, and whether a reload applies it.  From a table of
// such fields come reading (with unknown keys and duplicates found), the reference, and the comparison at a reload.
//
//   field("limits.recipients", [](auto& s) -> auto& { return s.server.recipients; }, number<std::size_t>(1, 100000),
//   "…")
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "types.hpp"

namespace godwit::config {

enum class Need { optional, required };

template <class S>
struct Field {
  std::string key;  // dotted: "limits.recipients" is recipients in the section limits
  std::string type;
  std::string help;
  Reload reload = Reload::yes;
  Need need = Need::optional;
  bool merges = false;
  bool may_be_empty = false;
  Action<void(S&, const YAML::Node&, Reader&)> read = {};
  Action<std::string(const S&)> show = {};
  Action<void(const S& from, S& to)> copy = {};
  Action<std::vector<Row>()> rows = {};
};

template <class S>
using Fields = std::vector<Field<S>>;

// Where in S a value of type T lives.
template <class S, class T>
struct Accessors {
  T& (*change)(S&);
  const T& (*look)(const S&);
};

// There are a hundred fields, of a dozen types: what is compiled for each field would take the compiler ten seconds.
template <class S, class T>
[[gnu::noinline]] Field<S> field_at(Accessors<S, T> at, std::string_view key, const Type<T>& type,
                                    std::string_view help, Reload reload, Need need) {
  return {.key = std::string(key),
          .type = type.name,
          .help = std::string(help),
          .reload = reload,
          .need = need,
          .merges = type.merges,
          .may_be_empty = type.may_be_empty,
          .read = [at, read = type.read](S& target, const YAML::Node& node,
                                         Reader& reader) { read(at.change(target), node, reader); },
          .show = [at, show = type.show](const S& value) { return show(at.look(value)); },
          .copy = [at](const S& from, S& to) { at.change(to) = at.look(from); },
          .rows = type.rows};
}

// S in the accessors is const where a value is only shown, hence the generic lambdas.
template <class S, class Access, class T>
Field<S> make_field(std::string_view key, Access access, const Type<T>& type, std::string_view help,
                    Reload reload = Reload::yes, Need need = Need::optional) {
  return field_at<S, T>({.change = access, .look = access}, key, type, help, reload, need);
}

// The names that may stand directly under `prefix` ("" or "limits.").
template <class S>
std::vector<std::string> names_under(const Fields<S>& fields, std::string_view prefix) {
  std::vector<std::string> names;
  for (const auto& field : fields) {
    if (!std::string_view(field.key).starts_with(prefix)) continue;
    const auto rest = std::string_view(field.key).substr(prefix.size());
    std::string name(rest.substr(0, rest.find('.')));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

// What an unknown key was meant to be: a near name beside it, else the same or a near name in another section.
template <class S>
std::string suggest(const Fields<S>& fields, std::string_view prefix, const std::string& name) {
  auto here = base::nearest(name, names_under(fields, prefix));
  if (!here.empty()) return here;
  for (const auto& field : fields)
    if (std::string_view(field.key).substr(field.key.rfind('.') + 1) == name) return field.key;
  return {};
}

template <class S>
void read_fields(S& target, const YAML::Node& map, const Fields<S>& fields, Reader& reader,
                 std::string_view prefix = {});

// One key and its value.  `prefix` is the part of the field's key that the sections around it gave.
template <class S>
void read_entry(S& target, const YAML::Node& key, const YAML::Node& value, const Fields<S>& fields, Reader& reader,
                std::string_view prefix) {
  if (!key.IsScalar()) return reader.fail_at(key, "a key must be a word");
  const auto& name = key.Scalar();
  const auto full = fmt::format("{}{}", prefix, name);
  const auto path = join_path(reader.path(), name);
  const auto found = std::ranges::find(fields, full, &Field<S>::key);
  if (found != fields.end()) {
    if (!reader.claim(path, key, value, found->merges ? Reader::Again::other_file : Reader::Again::refuse)) return;
    if (value.IsNull() && found->may_be_empty) return;
    if (value.IsNull()) return reader.fail_at(key, fmt::format("{} has no value", path));
    const Reader::Step step(reader, path, value);
    return found->read(target, value, reader);
  }
  const auto section = full + ".";
  if (!name.empty() && std::ranges::any_of(fields, [&](const auto& f) { return f.key.starts_with(section); })) {
    if (!reader.claim(path, key, value, Reader::Again::other_file) || value.IsNull()) return;
    const Reader::Step step(reader, path, value);
    if (!value.IsMap()) return reader.fail(fmt::format("{} is a section: expected keys below it", path));
    return read_fields(target, value, fields, reader, section);
  }
  reader.fail_at(key, fmt::format("unknown key \"{}\"", base::printable(path)), suggest(fields, prefix, name));
}

template <class S>
void read_fields(S& target, const YAML::Node& map, const Fields<S>& fields, Reader& reader, std::string_view prefix) {
  for (const auto& entry : map) read_entry(target, entry.first, entry.second, fields, reader, prefix);
}

// Of a record, as the reference has them.
template <class S>
std::vector<Row> rows_of(const Fields<S>& fields) {
  std::vector<Row> rows;
  for (const auto& field : fields) {
    rows.push_back({.key = field.key,
                    .type = field.type,
                    .fallback = field.need == Need::required ? "required" : field.show(S{}),
                    .help = field.help,
                    .reload = field.reload});
    if (!field.rows) continue;
    for (auto& row : field.rows()) {
      row.key = field.key + row.key;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// A map with fixed keys, e.g. one listener.
template <class S>
Type<S> record(Fields<S> all) {
  const auto fields = std::make_shared<const Fields<S>>(std::move(all));
  return {.name = "map",
          .read =
              [fields](S& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsMap())
                  return reader.fail(
                      fmt::format("{}: expected keys and values, such as {}: …", reader.path(), fields->front().key));
                read_fields(target, node, *fields, reader);
                for (const auto& field : *fields)
                  if (field.need == Need::required && !reader.is_set(join_path(reader.path(), field.key)))
                    reader.fail(fmt::format("{} needs {}", reader.path(), field.key));
              },
          .show =
              [fields](const S& value) {
                std::vector<std::string> parts;
                for (const auto& field : *fields)
                  if (field.show) parts.push_back(fmt::format("{}: {}", field.key, field.show(value)));
                return "{" + base::join(parts, ", ") + "}";
              },
          .rows = [fields] { return rows_of(*fields); }};
}

// Those of what is below `parent`.
inline Action<std::vector<Row>()> rows_below(const Action<std::vector<Row>()>& below, const std::string& parent) {
  if (!below) return {};
  return [below, parent] {
    auto rows = below();
    for (auto& row : rows) row.key = parent + row.key;
    return rows;
  };
}

// A list of maps, which may continue in another file.  A faulty item stays in the list, so that the checks of meaning
// see the others where they are.
template <class S>
Type<std::vector<S>> records(Fields<S> fields) {
  const auto item = record(std::move(fields));
  return {.name = "list of maps",
          .read =
              [item](std::vector<S>& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsSequence())
                  return reader.fail(fmt::format("{}: expected a list, each item after a \"- \"", reader.path()));
                for (const auto& part : node) {
                  const auto path = fmt::format("{}[{}]", reader.path(), target.size());
                  reader.claim(path, part, part, Reader::Again::refuse);
                  const Reader::Step step(reader, path, part);
                  item.read(target.emplace_back(), part, reader);
                }
              },
          .show = list_of(item).show,
          .rows = rows_below(item.rows, "[]."),
          .merges = true};
}

// A map whose keys are names of the user's: `key` reads them into the form in which they are looked up.
template <class T>
Type<std::map<std::string, T>> map_of(const Type<std::string>& key, const Type<T>& item, const std::string& key_name) {
  return {.name = fmt::format("map: {} → {}", key_name, item.name),
          .read =
              [key, item](std::map<std::string, T>& target, const YAML::Node& node, Reader& reader) {
                if (!node.IsMap()) return reader.fail(fmt::format("{}: expected keys and values", reader.path()));
                for (const auto& entry : node) {
                  std::string name;
                  const auto before = reader.errors();
                  {
                    const Reader::Step step(reader, reader.path(), entry.first);
                    key.read(name, entry.first, reader);
                  }
                  if (reader.errors() != before) continue;
                  const auto path = join_path(reader.path(), name);
                  if (!reader.claim(path, entry.first, entry.second, Reader::Again::refuse)) continue;
                  if (entry.second.IsNull()) {
                    reader.fail_at(entry.first, fmt::format("{} has no value", path));
                    continue;
                  }
                  const Reader::Step step(reader, path, entry.second);
                  item.read(target[name], entry.second, reader);
                }
              },
          .show =
              [item](const std::map<std::string, T>& values) {
                std::vector<std::string> parts;
                for (const auto& [name, value] : values) parts.push_back(fmt::format("{}: {}", name, item.show(value)));
                return "{" + base::join(parts, ", ") + "}";
              },
          .rows = rows_below(item.rows, "." + key_name + "."),
          .merges = true,
          .may_be_empty = true};
}

}  // namespace godwit::config
