// SPDX-License-Identifier: Apache-2.0
// virtual_alias_maps and alias_maps become `aliases`.
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;
constexpr auto section = Section::aliases;
constexpr std::size_t most_inline = 100;
constexpr int most_levels = 8;
constexpr std::string_view include = ":include:";

class AliasMaps {
 public:
  explicit AliasMaps(Context& context) : context_(context) {}

  void run() {
    std::vector<MapName> sources;
    for (const auto& entry : context_.entries("virtual_alias_maps", section, &sources)) add_virtual(entry);
    std::vector<MapName> local_sources;
    if (!context_.names.local.empty())
      for (const auto& entry : context_.entries("alias_maps", section, &local_sources, Syntax::aliases))
        add_local(entry);
    for (const auto& name : context_.names.local)
      if (name != context_.names.main) add("@" + name, {"@" + context_.names.main}, {});
    write();
    for (const auto& map : sources)
      if (const auto name = context_.source(map, "virtual_alias_maps", section))
        context_.draft.line(section, "- table:" + *name);
    for (const auto& map : local_sources)
      if (const auto name = context_.source(map, "alias_maps", section)) {
        context_.draft.line(section, "- table:" + *name);
        context_.draft.remark(
            section, Kind::changed, context_.view, "alias_maps",
            map.name + " is asked about whole addresses and about domains, not about local parts alone");
      }
    postmaster();
  }

 private:
  void untranslated(const Entry& entry, const std::string& why) {
    context_.draft.remark(section, Kind::untranslated, entry.place, shown_text(entry.key + " " + entry.value, 200),
                          why);
  }

  void add(const std::string& key, std::vector<std::string> values, const std::string& place) {
    if (values.empty()) return;
    if (!known_.emplace(key, values).second) {
      if (!place.empty())
        context_.draft.remark(section, Kind::changed, place, shown_text(key, 120), "is there before; that one counts");
      return;
    }
    keys_.push_back(key);
  }

  bool is_here(const std::string& domain) const {
    return context_.asks_for_domains || context_.here.contains(domain) || domain == context_.names.hostname;
  }

  void add_virtual(const Entry& entry) {
    if (entry.key.starts_with('/')) return add_pattern(entry);
    auto key = base::to_lower(entry.key);
    if (!key.contains('@')) {
      if (context_.here.contains(key) && !context_.users_contain(key)) return;  // names a domain of aliases
      key += "@" + context_.names.main;
    }
    const bool is_whole = key.starts_with('@');
    if (is_whole ? !is_domain(key.substr(1)) : !read_address(key, context_.names.main))
      return untranslated(entry, "its key is no address");
    if (!is_here(std::string(base::domain_of(key))))
      return untranslated(entry, "aliases are for domains whose mail ends here");
    add(key, virtual_values(entry, entry.value), entry.place);
  }

  std::vector<std::string> virtual_values(const Entry& entry, std::string_view value) {
    std::vector<std::string> values;
    for (const auto& word : words_of(value)) {
      if (word.starts_with('@') && is_domain(word.substr(1)))
        values.push_back(base::to_lower(word));
      else if (auto address = read_address(word, context_.names.origin))
        values.push_back(std::move(*address));
      else
        untranslated(entry, "\"" + shown_text(word, 80) + "\" is no address; it is left out");
    }
    return values;
  }

  void add_pattern(const Entry& entry) {
    const auto words = pattern_as_words(entry.key);
    if (!words) return untranslated(entry, "a pattern that says more than * can");
    const auto at = words->rfind('@');
    const auto domain =
        at == std::string::npos ? std::string() : base::to_lower(std::string_view(*words).substr(at + 1));
    if (domain.empty() || domain.contains('*') || !is_domain(domain))
      return untranslated(entry, "a pattern must end with one whole domain");
    if (!is_here(domain)) return untranslated(entry, "aliases are for domains whose mail ends here");
    const auto local = words->substr(0, at);
    for (const auto* first : {"$1@", "${1}@", "$(1)@"})
      if (local == "*" && entry.value.starts_with(first) &&
          is_domain(entry.value.substr(std::string_view(first).size())))
        return add("@" + domain, {"@" + base::to_lower(entry.value.substr(std::string_view(first).size()))},
                   entry.place);
    if (entry.value.contains('$')) return untranslated(entry, "its value takes parts of the address");
    add((local == "*" ? "" : local) + "@" + domain, virtual_values(entry, entry.value), entry.place);
  }

  // ---- aliases(5)

  void add_local(const Entry& entry) {
    const auto key = read_address(entry.key, context_.names.main);
    if (!key) return untranslated(entry, "its key is no local part");
    std::vector<std::string> values;
    add_local_values(entry, entry.value, values, 0);
    add(*key, std::move(values), entry.place);
  }

  static std::size_t end_of_value(std::string_view text) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (quoted && text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        quoted = !quoted;
      else if (!quoted && text[i] == ',')
        return i;
    }
    return text.size();
  }

  void add_local_values(const Entry& entry, std::string_view text, std::vector<std::string>& values, int level) {
    while (!text.empty()) {
      const auto end = end_of_value(text);
      add_local_value(entry, base::trim(text.substr(0, end)), values, level);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void add_local_value(const Entry& entry, std::string_view value, std::vector<std::string>& values, int level) {
    if (value.size() > 1 && value.starts_with('"') && value.ends_with('"')) value = value.substr(1, value.size() - 2);
    if (value.starts_with('\\')) value.remove_prefix(1);
    if (value.empty()) return;
    if (value.starts_with('|') || value.starts_with('/'))
      return untranslated(entry, fmt::format("\"{}\" is left out: mail goes to addresses, no {}", shown_text(value, 80),
                                             value.starts_with('|') ? "program" : "file"));
    if (value.starts_with(include))
      return add_included(entry, std::string(value.substr(include.size())), values, level);
    if (auto address = read_address(value, context_.names.main)) return values.push_back(std::move(*address));
    untranslated(entry, "\"" + shown_text(value, 80) + "\" is no address; it is left out");
  }

  void add_included(const Entry& entry, const std::string& path, std::vector<std::string>& values, int level) {
    if (level == most_levels) return untranslated(entry, "files include each other too deeply");
    const auto text = context_.tables.text(path, entry.key + " :include:", entry.place);
    if (!text) return;
    for (const auto line : base::split(*text, '\n'))
      if (const auto content = base::trim(line); !content.empty() && !content.starts_with('#'))
        add_local_values(entry, content, values, level + 1);
  }

  // ---- the result

  void write() {
    if (keys_.size() <= most_inline) {
      for (const auto& key : keys_)
        context_.draft.line(section, fmt::format("- {}: {}", yaml_string(key), yaml_one_or_list(known_[key])));
      return;
    }
    const auto name = context_.draft.unique_name("imported_aliases");
    const auto path = fmt::format("{}/{}.aliases", context_.wishes.folder, context_.wishes.stem);
    std::string text = "# Made by godwitctl import postfix.  Read again when it changes.\n";
    for (const auto& key : keys_) text += fmt::format("{}: {}\n", key, base::join(known_[key], ", "));
    context_.draft.file({.path = path, .text = std::move(text), .is_secret = false});
    context_.draft.line(Section::tables, fmt::format("{}: {{type: file, path: {}}}", name, yaml_word(path)));
    context_.draft.line(section, "- table:" + name);
  }

  // Who reads it in the end.
  void postmaster() {
    std::string at = "postmaster@" + context_.names.main;
    for (int level = 0; level < most_levels; ++level) {
      const auto next = known_.find(at);
      if (next == known_.end() || next->second.size() != 1 || next->second.front().starts_with('@')) break;
      at = next->second.front();
    }
    const auto local = at.substr(0, at.rfind('@'));
    const bool is_somebody = (local != "postmaster" && local != "root") || context_.users_contain(local);
    if (is_somebody) return context_.draft.line(Section::general, "postmaster: " + yaml_string(at));
    context_.draft.remark(Section::general, Kind::to_do, {}, "postmaster",
                          "name the address that takes the postmaster's mail: postmaster: alice@example.com");
  }

  Context& context_;
  std::map<std::string, std::vector<std::string>> known_;
  std::vector<std::string> keys_;
};

}  // namespace

void translate_aliases(Context& context) {
  AliasMaps(context).run();
}

}  // namespace godwit::setup::postfix
