// SPDX-License-Identifier: Apache-2.0
// Milters, and what header_checks change.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;

struct Milter {
  std::string address;
  std::string options;  // of YAML
  std::vector<std::string> services;
};

std::string milter_name(const std::string& address) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> ports = {
      {{":11332", "rspamd"}, {":8891", "opendkim"}, {":12301", "opendkim"}, {":8893", "opendmarc"}}};
  for (const auto& [end, name] : ports)
    if (address.ends_with(end)) return std::string(name);
  for (const auto* name : {"opendkim", "opendmarc", "rspamd", "clamav", "spamass", "milter-greylist", "amavis"})
    if (address.contains(name)) return name;
  return "milter";
}

class Milters {
 public:
  explicit Milters(Context& context) : context_(context) {}

  void run() {
    const auto servers = smtp_servers(context_);
    for (const auto* service : servers)
      add_all(view_of(context_, *service), "smtpd_milters", takes_strangers(context_, *service) ? "mx" : "submission");
    if (servers.empty()) add_all(context_.view, "smtpd_milters", "mx");
    if (offers_login(context_)) add_all(context_.view, "smtpd_milters", "submission_if_none");
    add_all(context_.view, "non_smtpd_milters", "local");
    for (const auto& milter : milters_)
      context_.draft.line(Section::milters,
                          fmt::format("- {{name: {}, address: {}, services: {}{}}}",
                                      context_.draft.unique_name(milter_name(milter.address)),
                                      yaml_string(milter.address), yaml_list(milter.services), milter.options));
  }

 private:
  void add_all(const View& view, std::string_view setting, const std::string& service) {
    // Where port 587 was not there: those who logged in on port 25 will use it.
    if (service == "submission_if_none") {
      const auto servers = smtp_servers(context_);
      if (std::ranges::all_of(servers, [&](const Service* s) { return takes_strangers(context_, *s); }))
        add_all(view, setting, "submission");
      return;
    }
    for (const auto& word : view.words(setting)) add(view, setting, word, service);
  }

  void add(const View& view, std::string_view setting, const std::string& word, const std::string& service) {
    const auto words = words_of(without_braces(word));
    if (words.empty()) return;
    auto address = words.front();
    if (address.starts_with("local:")) address = "unix:" + address.substr(6);
    if (address.starts_with("unix:")) address = "unix:" + context_.socket_path(address.substr(5));
    // "inet:8891@localhost" of sendmail.
    const auto at = address.find('@');
    if (address.starts_with("inet:") && at != std::string::npos)
      address = fmt::format("inet:{}:{}", address.substr(at + 1), address.substr(5, at - 5));
    if (!address.starts_with("unix:") && !address.starts_with("inet:"))
      return context_.untranslated(Section::milters, setting,
                                   "\"" + shown_text(word, 80) + "\" is neither inet:HOST:PORT nor unix:/PATH");
    if (address.starts_with("unix:"))
      context_.draft.remark(Section::milters, Kind::to_do, view, setting,
                            fmt::format("the user godwit must be able to write to {}", address.substr(5)));
    const auto same = std::ranges::find_if(milters_, [&](const Milter& m) { return m.address == address; });
    if (same == milters_.end())
      milters_.push_back({.address = address, .options = options(view, words), .services = {service}});
    else if (std::ranges::find(same->services, service) == same->services.end())
      same->services.push_back(service);
  }

  std::string options(const View& view, const std::vector<std::string>& words) {
    auto action = view.get("milter_default_action");
    std::map<std::string, std::string> timeouts;
    const std::array<std::pair<const char*, const char*>, 3> names = {{{"milter_connect_timeout", "connect"},
                                                                       {"milter_command_timeout", "command"},
                                                                       {"milter_content_timeout", "message"}}};
    for (const auto& [setting, key] : names)
      if (view.is_set(setting)) timeouts[key] = view.get(setting);
    for (const auto& word : words) {
      std::string key, value;
      if (!split_setting(word, key, value)) continue;
      if (key == "default_action") action = value;
      if (key == "connect_timeout") timeouts["connect"] = value;
      if (key == "command_timeout") timeouts["command"] = value;
      if (key == "content_timeout") timeouts["message"] = value;
    }
    std::string text;
    if (action == "accept" || action == "reject") text += ", on_failure: " + action;
    if (action == "quarantine" || action == "shutdown")
      context_.draft.remark(Section::milters, Kind::changed, view, "milter_default_action",
                            action + " becomes tempfail");
    std::vector<std::string> parts;
    for (const auto& [key, value] : timeouts)
      if (const auto seconds = parse_time(value, 's'))
        parts.push_back(
            fmt::format("{}: {}", key, time_text(std::clamp(*seconds, 1ULL, key == "message" ? 480ULL : 300ULL))));
    if (!parts.empty()) text += fmt::format(", timeouts: {{{}}}", base::join(parts, ", "));
    return text;
  }

  Context& context_;
  std::vector<Milter> milters_;
};

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':' && c != '*'; });
}

// "/^X-Originating-IP:/" → field X-Originating-IP, content "*".
std::optional<std::pair<std::string, std::string>> field_and_content(const std::string& pattern) {
  if (!pattern.starts_with("/^")) return {};
  auto words = pattern_as_words(pattern);
  // Blanks between a field's name and its content, in the usual spellings.
  if (!words) {
    auto simpler = pattern;
    for (const auto* blank : {"\\s*", "\\s+", "[[:space:]]*", "[[:space:]]+", " *", " +"})
      for (auto at = simpler.find(blank); at != std::string::npos; at = simpler.find(blank))
        simpler.erase(at, std::string_view(blank).size());
    words = pattern_as_words(simpler);
  }
  const auto colon = words ? words->find(':') : std::string::npos;
  if (colon == std::string::npos || !is_field_name(words->substr(0, colon))) return {};
  auto content = std::string(base::trim(words->substr(colon + 1)));
  return std::pair(words->substr(0, colon), content.empty() ? "*" : content);
}

class HeaderChecks {
 public:
  explicit HeaderChecks(Context& context) : context_(context) {}

  void run() {
    add_all(context_.view, "[submitted, trusted, others]");
    for (const auto* service : smtp_servers(context_)) {
      const auto* cleanup = find_service(context_.services, view_of(context_, *service).get("cleanup_service_name"));
      if (cleanup != nullptr && cleanup->options.contains("header_checks"))
        add_all(view_of(context_, *cleanup), takes_strangers(context_, *service) ? "[others]" : "[submitted]");
    }
  }

 private:
  void add_all(const View& view, const char* mail) {
    const auto type = view.get("default_database_type");
    for (const auto& word : view.words("header_checks")) {
      const auto map = parse_map_name(word, type);
      if (!Tables::is_pattern(map.type)) {
        context_.untranslated(Section::header_rules, "header_checks", word + " is no table of patterns");
        continue;
      }
      for (const auto& entry :
           context_.tables.entries(map, "header_checks", view.place("header_checks")).value_or(std::vector<Entry>()))
        add(entry, mail);
    }
  }

  void add(const Entry& entry, const char* mail) {
    if (!done_.insert(entry.place + mail).second) return;
    const auto where = field_and_content(entry.key);
    const auto blank = entry.value.find_first_of(" \t");
    const auto verb = base::to_upper(entry.value.substr(0, blank));
    const auto rest = blank == std::string::npos ? std::string()
                                                 : std::string(base::trim(std::string_view(entry.value).substr(blank)));
    const auto colon = rest.find(':');
    const auto name = rest.substr(0, colon);
    const bool has_field = colon != std::string::npos && is_field_name(name) && !rest.contains('$');
    if (where && verb == "IGNORE" && base::iequals(where->first, "Received"))
      return received(entry, where->second, mail);
    if (where && verb == "IGNORE") return rule(where->first, "", where->second, mail);
    if (where && has_field && verb == "REPLACE" && base::iequals(name, where->first))
      return rule(where->first, ", action: replace, value: " + yaml_string(base::trim(rest.substr(colon + 1))),
                  where->second, mail);
    context_.draft.remark(
        Section::header_rules, Kind::untranslated, entry.place, shown_text(entry.key + " " + entry.value, 200),
        verb == "REJECT" || verb == "DISCARD" || verb == "HOLD" || verb == "WARN" || verb == "DEFER_IF_PERMIT"
            ? "mail is not refused by patterns of a header: a milter (rspamd) or policy.http_hooks"
            : "only fields named from their start (/^Name:/), with IGNORE or REPLACE, become header_rules");
  }

  // Without Received a circle of mail would never end.
  void received(const Entry& entry, const std::string& content, std::string_view mail) {
    if (mail.contains("submitted")) rule("Received", "", content, "[submitted]");
    if (mail != "[submitted]")
      context_.draft.remark(Section::header_rules, Kind::changed, entry.place, entry.key,
                            "Received is taken out of what users submit only");
  }

  void rule(const std::string& field, const std::string& action, const std::string& content, const char* mail) {
    context_.draft.line(Section::header_rules,
                        fmt::format("- {{field: {}{}{}, mail: {}}}", yaml_word(field), action,
                                    content == "*" ? "" : ", matching: " + yaml_string(content), mail));
  }

  Context& context_;
  std::set<std::string> done_;
};

}  // namespace

void translate_milters(Context& context) {
  Milters(context).run();
}

void translate_header_checks(Context& context) {
  HeaderChecks(context).run();
}

}  // namespace godwit::setup::postfix
