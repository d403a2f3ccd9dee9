// SPDX-License-Identifier: Apache-2.0
// Canonical and generic maps, masquerading, and copies of mail.
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;

// An address, or "@domain"; keys without a domain are of the origin.
std::optional<std::string> address_or_domain(std::string_view text, const Context& context) {
  text = base::trim(text);
  if (text.starts_with('@')) return is_domain(text.substr(1)) ? std::optional(base::to_lower(text)) : std::nullopt;
  return read_address(text, context.names.origin);
}

class Maps {
 public:
  explicit Maps(Context& context) : context_(context) {}

  void run() {
    map({"sender_canonical_maps", "smtp_generic_maps"}, "senders");
    map({"recipient_canonical_maps"}, "recipients");
    map({"canonical_maps"}, "addresses");
    masquerade();
    classes();
    if (!context_.view.get("smtp_generic_maps").empty())
      context_.draft.remark(Section::rewriting, Kind::changed, context_.view, "smtp_generic_maps",
                            "senders change in all mail of users, also where it stays here");
  }

 private:
  void map(const std::vector<const char*>& settings, const char* key) {
    std::vector<std::string> lines;
    std::set<std::string> keys;
    for (const auto* setting : settings) {
      std::vector<MapName> others;
      for (const auto& entry : context_.entries(setting, Section::rewriting, &others)) add(entry, setting, keys, lines);
      for (const auto& other : others)
        if (const auto name = context_.source(other, setting, Section::rewriting)) lines.push_back("- table:" + *name);
    }
    if (lines.empty()) return;
    context_.draft.line(Section::rewriting, fmt::format("{}:", key));
    for (const auto& line : lines) context_.draft.line(Section::rewriting, "  " + line);
  }

  void add(const Entry& entry, const char* setting, std::set<std::string>& keys, std::vector<std::string>& lines) {
    auto from = address_or_domain(entry.key, context_), to = address_or_domain(entry.value, context_);
    if (entry.key.starts_with('/')) {
      const auto words = pattern_as_words(entry.key);
      const bool whole =
          words && words->starts_with("*@") && words->find('*', 1) == std::string::npos &&
          (entry.value.starts_with("$1@") || entry.value.starts_with("${1}@") || entry.value.starts_with("$(1)@"));
      from = whole ? address_or_domain(words->substr(1), context_) : std::nullopt;
      to = whole ? address_or_domain(entry.value.substr(entry.value.find('@')), context_) : std::nullopt;
    }
    if (!from || !to)
      return context_.draft.remark(Section::rewriting, Kind::untranslated, entry.place,
                                   shown_text(entry.key + " " + entry.value, 200),
                                   fmt::format("{}: only addresses and @domain can be rewritten", setting));
    if (keys.insert(*from).second) lines.push_back(fmt::format("- {}: {}", yaml_string(*from), yaml_string(*to)));
  }

  void masquerade() {
    std::vector<std::string> domains;
    for (const auto& word : listed_words(context_, "masquerade_domains", Section::rewriting)) {
      if (is_domain(word))
        domains.push_back(word);
      else
        context_.untranslated(Section::rewriting, "masquerade_domains",
                              shown_text(word, 80) + " is no domain (exceptions by ! are not possible)");
    }
    if (domains.empty()) return;
    context_.draft.line(Section::rewriting, "masquerade: " + yaml_list(domains));
    context_.draft.line(
        Section::rewriting,
        "masquerade_except: " + yaml_list(listed_words(context_, "masquerade_exceptions", Section::rewriting)));
  }

  void classes() {
    if (!context_.view.is_set("canonical_classes") || context_.draft.is_empty(Section::rewriting)) return;
    const auto words = context_.view.words("canonical_classes");
    const auto has = [&](std::string_view start) {
      return std::ranges::any_of(words, [&](const auto& word) { return word.starts_with(start); });
    };
    if (!has("envelope_")) context_.draft.line(Section::rewriting, "envelope: false");
    if (!has("header_")) context_.draft.line(Section::rewriting, "header: false");
  }

  Context& context_;
};

void copies_by(Context& context, const char* setting, const char* key) {
  for (const auto& entry : context.entries(setting, Section::copies)) {
    const auto whom = address_or_domain(entry.key, context), to = read_address(entry.value, context.names.origin);
    if (whom && to)
      context.draft.line(Section::copies,
                         fmt::format("- {{to: {}, {}: {}}}", yaml_string(*to), key, yaml_string(*whom)));
    else
      context.draft.remark(Section::copies, Kind::untranslated, entry.place,
                           shown_text(entry.key + " " + entry.value, 200),
                           std::string(setting) + ": only addresses and @domain");
  }
}

}  // namespace

void translate_rewriting(Context& context) {
  Maps(context).run();
}

void translate_copies(Context& context) {
  const auto always = context.view.get("always_bcc");
  if (const auto to = read_address(always, context.names.origin))
    context.draft.line(Section::copies, fmt::format("- {{to: {}}}", yaml_string(*to)));
  else if (!always.empty())
    context.untranslated(Section::copies, "always_bcc", "\"" + shown_text(always, 80) + "\" is no address");
  copies_by(context, "sender_bcc_maps", "senders");
  copies_by(context, "recipient_bcc_maps", "recipients");
}

}  // namespace godwit::setup::postfix
