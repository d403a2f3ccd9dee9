// SPDX-License-Identifier: Apache-2.0
#include "postfix_context.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/address.hpp"
#include "postfix_sources.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 7> ports = {{{"smtp", 25},
                                                                    {"submission", 587},
                                                                    {"smtps", 465},
                                                                    {"submissions", 465},
                                                                    {"urd", 465},
                                                                    {"lmtp", 24},
                                                                    {"smtp-amavis", 10024}}};

std::optional<std::uint64_t> port_of(std::string_view text) {
  for (const auto& [name, number] : ports)
    if (base::iequals(name, text)) return static_cast<std::uint64_t>(number);
  const auto number = base::parse_unsigned(text);
  return number && *number > 0 && *number < 65536 ? number : std::nullopt;
}

bool is_label(std::string_view label) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, fits);
}

}  // namespace

bool is_domain(std::string_view text) {
  return text.size() <= 253 && !base::IpAddress::parse(text) && std::ranges::all_of(base::split(text, '.'), is_label);
}

std::optional<std::string> read_address(std::string_view text, const std::string& domain) {
  const auto mailbox = smtp::parse_mailbox(base::trim(text), smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!mailbox) return {};
  auto whole = *mailbox;
  if (whole.domain.empty()) whole.domain = domain;
  auto written = to_string(whole);
  // Quoted local parts have no place in a configuration.
  if (written.contains('"') || !is_domain(whole.domain)) return {};
  return base::to_lower(written);
}

std::string time_text(unsigned long long seconds) {
  for (const auto& [unit, letter] : {std::pair{86400ULL, 'd'}, std::pair{3600ULL, 'h'}, std::pair{60ULL, 'm'}})
    if (seconds > 0 && seconds % unit == 0) return fmt::format("{}{}", seconds / unit, letter);
  return fmt::format("{}s", seconds);
}

std::optional<NextHop> read_next_hop(std::string_view text, bool has_transport) {
  NextHop hop;
  text = base::trim(text);
  if (has_transport) {
    const auto colon = text.find(':');
    hop.transport = text.substr(0, colon);
    text = colon == std::string_view::npos ? std::string_view() : base::trim(text.substr(colon + 1));
  }
  if (text.starts_with("inet:")) text.remove_prefix(5);
  hop.written = text;
  if (text.empty()) return hop;
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return {};
    host = text.substr(1, close - 1);
    if (const auto rest = text.substr(close + 1); rest.starts_with(':'))
      port = rest.substr(1);
    else if (!rest.empty())
      return {};
    if (host.starts_with("IPv6:") || host.starts_with("ipv6:")) host.remove_prefix(5);
    if (!base::IpAddress::parse(host) && !is_domain(host)) return {};
    hop.hop = fmt::format("[{}]", host);
  } else {
    const auto colon = text.rfind(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
    const bool is_address = base::IpAddress::parse(host).has_value();
    if (!is_address && !is_domain(host)) return {};
    hop.hop = is_address ? fmt::format("[{}]", host) : std::string(host);
  }
  if (port.empty()) return hop;
  const auto number = port_of(port);
  if (!number) return {};
  hop.hop += fmt::format(":{}", *number);
  return hop;
}

std::string Context::socket_path(const std::string& name) const {
  return name.starts_with('/') ? name : view.get("queue_directory") + "/" + name;
}

std::vector<MapName> Context::maps(std::string_view setting) const {
  std::vector<MapName> maps;
  const auto type = view.get("default_database_type");
  for (const auto& word : view.words(setting)) maps.push_back(parse_map_name(word, type.empty() ? "hash" : type));
  return maps;
}

std::vector<Entry> Context::entries(std::string_view setting, Section section, std::vector<MapName>* other,
                                    Syntax syntax) {
  std::vector<Entry> all;
  const std::string what(setting);
  for (const auto& map : maps(setting)) {
    if (Tables::is_text(map.type) && map.type != "cidr") {
      if (auto found = tables.entries(map, what, view.place(setting), syntax))
        all.insert(all.end(), std::make_move_iterator(found->begin()), std::make_move_iterator(found->end()));
    } else if (other != nullptr) {
      other->push_back(map);
    } else {
      untranslated(
          section, setting,
          fmt::format("tables of type {} have no place here: {}", map.type.empty() ? "(none)" : map.type, map.name));
    }
  }
  return all;
}

std::optional<std::string> Context::source(const MapName& map, std::string_view setting, Section section) {
  const auto key = map.type + ":" + map.name;
  if (const auto known = sources.find(key); known != sources.end())
    return known->second.empty() ? std::nullopt : std::optional(known->second);
  sources[key] = "";
  if (!Tables::is_source(map.type)) {
    untranslated(section, setting,
                 fmt::format("Godwit has no tables of type {}: {}", map.type.empty() ? "(none)" : map.type, map.name));
    return {};
  }
  const auto text = tables.text(map.name, std::string(setting), view.place(setting));
  if (!text) return {};
  const auto name = draft.unique_name(std::filesystem::path(map.name).stem().string());
  const auto said = parse_settings(*text, std::filesystem::path(map.name).filename().string(), faults);
  auto table = translate_source(map.type, name, said, wishes.folder);
  for (const auto& remark : table.remarks)
    draft.remark(section, Draft::Kind::changed, view, setting, map.name + ": " + remark);
  if (table.fields.empty() || !table.can_be_used) {
    untranslated(section, setting,
                 table.fields.empty()
                     ? fmt::format("{}: {}", map.name, table.why)
                     : fmt::format("{}: Godwit asks SQLite, PostgreSQL and LDAP, no MySQL: bring it into one of "
                                   "them. In SQLite it would be table {}: {{{}}}",
                                   map.name, name, table.fields));
    return {};
  }
  for (auto& secret : table.secrets) draft.file(std::move(secret));
  draft.line(Section::tables, fmt::format("{}: {{{}}}", name, table.fields));
  sources[key] = name;
  return name;
}

std::vector<std::string> listed_words(Context& context, std::string_view setting, Section section,
                                      std::vector<MapName>* maps) {
  std::vector<std::string> all;
  const auto take = [&](const std::string& word) {
    if (auto map = parse_map_name(word, {}); map.type.empty())
      all.push_back(base::to_lower(word));
    else if (maps != nullptr)
      maps->push_back(std::move(map));
    else
      context.untranslated(section, setting, word + " has no place here");
  };
  for (const auto& word : context.view.words(setting)) {
    if (!word.starts_with('/'))
      take(word);
    else if (const auto words = context.tables.words(word, std::string(setting), context.view.place(setting)))
      std::ranges::for_each(*words, take);
  }
  return all;
}

View view_of(const Context& context, const Service& service) {
  return {context.settings, service.options, context.faults};
}

std::vector<const Service*> smtp_servers(const Context& context) {
  std::vector<const Service*> servers;
  for (const auto& service : context.services)
    if (service.is_inet() && !takes_mail_back(service) &&
        (service.command == "smtpd" || service.command == "postscreen"))
      servers.push_back(&service);
  return servers;
}

bool takes_mail_back(const Service& service) {
  const bool is_loopback =
      service.name.starts_with("127.") || service.name.starts_with("localhost:") || service.name.starts_with("[::1]:");
  const auto filter = service.options.find("content_filter");
  const bool is_usual = service.name.ends_with(":10025") || service.name.ends_with(":10026");
  return is_loopback && (is_usual || (filter != service.options.end() && filter->second.value.empty()));
}

bool takes_strangers(const Context& context, const Service& service) {
  if (service.command == "postscreen") return true;
  const auto port = port_of(service.name.substr(service.name.rfind(':') + 1));
  if (port == 587 || port == 465) return false;
  const auto view = view_of(context, service);
  return port == 25 || !(view.is_yes("smtpd_sasl_auth_enable") && view.is_overridden("smtpd_sasl_auth_enable"));
}

bool offers_login(const Context& context) {
  return std::ranges::any_of(smtp_servers(context), [&](const Service* service) {
    return view_of(context, *service).is_yes("smtpd_sasl_auth_enable");
  });
}

bool asks_recipients(const Context& context) {
  return std::ranges::any_of(std::array{"smtpd_recipient_restrictions", "smtpd_relay_restrictions"},
                             [&](const char* list) {
                               const auto words = context.view.words(list);
                               return std::ranges::find(words, "reject_unverified_recipient") != words.end();
                             });
}

}  // namespace godwit::setup::postfix
