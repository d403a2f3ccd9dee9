// SPDX-License-Identifier: Apache-2.0
// The four classes of domains whose mail Postfix takes become `domains`.
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "postfix_mailboxes.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;
constexpr auto domains = Section::domains;
constexpr std::size_t most_domains = 20'000;

class Domains {
 public:
  explicit Domains(Context& context) : context_(context) {}

  void run() {
    local();
    virtual_mailboxes();
    relayed();
    virtual_aliases();
    if (context_.draft.is_empty(domains))
      context_.draft.remark(domains, Kind::to_do, {}, "domains", "no mail ends here");
  }

 private:
  // Whether it is new.
  bool take(const std::string& domain, const char* setting) {
    if (!is_domain(domain)) {
      context_.untranslated(domains, setting, "\"" + shown_text(domain, 80) + "\" is no domain name");
      return false;
    }
    if (context_.here.size() >= most_domains) {
      context_.untranslated(
          domains, setting,
          fmt::format("more than {} domains: keep them in a table (domains: table:NAME)", most_domains));
      return false;
    }
    if (context_.here.insert(domain).second) return true;
    context_.draft.remark(domains, Kind::changed, context_.view, setting,
                          domain + " stands in another list before; that one counts");
    return false;
  }

  void write(const std::string& domain, const std::string& deliver, const std::string& rest) {
    const auto own = context_.transports.find(domain);
    std::optional<std::string> by_transport;
    if (own != context_.transports.end())
      by_transport = deliver_of(context_, own->second.value, "transport of " + domain, own->second.place);
    context_.draft.line(domains, fmt::format("{}: {{deliver: {}{}}}", yaml_word(domain),
                                             yaml_string(by_transport.value_or(deliver)), rest));
  }

  // Words, and keys of text tables; databases become a domain of their own, `table:NAME`.
  std::vector<std::string> listed(const char* setting, const std::string& deliver, const std::string& rest) {
    std::vector<MapName> maps;
    auto words = listed_words(context_, setting, domains, &maps);
    for (const auto& map : maps) {
      if (Tables::is_text(map.type)) {
        for (const auto& entry :
             context_.tables.entries(map, setting, context_.view.place(setting)).value_or(std::vector<Entry>()))
          if (!entry.key.contains('@')) words.push_back(base::to_lower(entry.key));
      } else if (const auto name = context_.source(map, setting, domains); name && sources_.insert(*name).second) {
        context_.asks_for_domains = true;
        context_.draft.line(domains, fmt::format("\"table:{}\": {{deliver: {}{}}}", *name, yaml_string(deliver), rest));
      }
    }
    return words;
  }

  // ---- mydestination

  void local() {
    auto& names = context_.names;
    for (const auto& word : listed("mydestination", "discard:", ", recipients: []"))
      if (std::ranges::find(names.local, word) == names.local.end() && take(word, "mydestination"))
        names.local.push_back(word);
    const auto has = [&](const std::string& name) { return std::ranges::find(names.local, name) != names.local.end(); };
    names.main = has(names.origin) || names.local.empty() ? names.origin
                 : has(names.hostname)                    ? names.hostname
                                                          : names.local.front();
    if (names.local.empty()) return;
    write(names.main, local_deliver(context_), local_recipients());
    // All names of the machine have the same users.
    for (const auto& name : names.local)
      if (name != names.main)
        context_.draft.line(domains, fmt::format("{}: {{deliver: \"discard:\", recipients: []}}  # aliases lead to {}",
                                                 yaml_word(name), names.main));
  }

  std::string local_recipients() {
    const auto setting = context_.view.get("local_recipient_maps");
    std::string catch_all;
    if (const auto relay = context_.view.get("luser_relay"); !relay.empty()) {
      if (const auto address = read_address(relay, context_.names.main))
        catch_all = ", catch_all: " + yaml_string(*address);
      else
        context_.untranslated(domains, "luser_relay",
                              "\"" + shown_text(relay, 80) + "\": only an address can take what is for nobody");
    }
    if (setting.empty()) return ", recipients: any" + catch_all;
    std::vector<std::string> users;
    std::string table;
    for (const auto& map : context_.maps("local_recipient_maps")) add_recipients(map, users, table);
    if (!table.empty()) return ", recipients: table:" + table + catch_all;
    context_.users = users;
    return ", recipients: " + yaml_list(users) + catch_all;
  }

  void add_recipients(const MapName& map, std::vector<std::string>& users, std::string& table) {
    const auto aliases = context_.maps("alias_maps");
    if (std::ranges::any_of(aliases, [&](const MapName& a) { return a.type == map.type && a.name == map.name; }))
      return;
    if (map.type == "unix" && map.name == "passwd.byname") return add_system_users(users);
    if (Tables::is_text(map.type)) {
      for (const auto& entry :
           context_.tables.entries(map, "local_recipient_maps", context_.view.place("local_recipient_maps"))
               .value_or(std::vector<Entry>()))
        add_user(entry.key.substr(0, entry.key.find('@')), users);
    } else if (const auto name = context_.source(map, "local_recipient_maps", domains)) {
      table = *name;
    }
  }

  void add_user(std::string_view name, std::vector<std::string>& users) {
    const auto local = base::to_lower(name);
    if (read_address(local, "example.com") && !local.contains('@') && std::ranges::find(users, local) == users.end())
      users.push_back(local);
  }

  void add_system_users(std::vector<std::string>& users) {
    const auto passwd = context_.tables.text_if_there("/etc/passwd");
    if (!passwd)
      return context_.untranslated(domains, "local_recipient_maps",
                                   "/etc/passwd cannot be read: list the local parts in recipients");
    for (const auto line : base::split(*passwd, '\n')) add_user(line.substr(0, line.find(':')), users);
    context_.draft.remark(domains, Kind::changed, context_.view, "local_recipient_maps",
                          "the system's users are listed as they are now; later ones are to be added to recipients");
  }

  // ---- virtual_mailbox_domains

  void virtual_mailboxes() {
    auto deliver = deliver_of(context_, context_.view.get("virtual_transport"), "virtual_transport",
                              context_.view.place("virtual_transport"));
    if (!deliver) deliver = "maildir:/var/vmail/{domain}/{local}";
    const auto mailboxes = read_virtual_mailboxes(context_);
    const bool by_table = !mailboxes.table.empty();
    const auto unknown =
        by_table ? ", recipients: table:" + mailboxes.table : recipients_unlisted(*deliver, mailboxes.has_text);
    for (const auto& domain : listed("virtual_mailbox_domains", *deliver, unknown)) {
      if (!take(domain, "virtual_mailbox_domains")) continue;
      const auto found = mailboxes.by_domain.find(domain);
      if (by_table || !mailboxes.has_text)
        write(domain, *deliver, unknown);
      else if (found == mailboxes.by_domain.end())
        write(domain, *deliver, ", recipients: []");
      else
        write_listed(domain, *deliver, found->second);
    }
  }

  void write_listed(const std::string& domain, const std::string& deliver, const Mailboxes& mailboxes) {
    const auto folders = folders_of(context_, deliver, mailboxes, domain);
    write(domain, folders.deliver,
          ", recipients: " + (mailboxes.any ? "any" : yaml_list(mailboxes.locals)) + folders.users);
  }

  // Where no map lists them, Postfix took everything; or the map is one that cannot be asked here.
  std::string recipients_unlisted(const std::string& deliver, bool has_text) {
    if (context_.view.get("virtual_mailbox_domains").empty()) return {};
    const bool by_lmtp = deliver.starts_with("lmtp:");
    if (by_lmtp && !has_text)
      context_.draft.remark(domains, Kind::changed, context_.view, "virtual_mailbox_maps",
                            "no map lists the mailboxes here: the LMTP server is asked which exist");
    else if (!has_text && !context_.view.get("virtual_mailbox_maps").empty())
      context_.draft.remark(domains, Kind::to_do, context_.view, "virtual_mailbox_maps",
                            "the mailboxes are not known here: recipients: any takes all mail until they are listed");
    return by_lmtp ? ", recipients: lmtp" : ", recipients: any";
  }

  // ---- relay_domains

  void relayed() {
    std::vector<MapName> others;
    std::map<std::string, Mailboxes> found;
    for (const auto& entry : context_.entries("relay_recipient_maps", domains, &others)) {
      const auto at = entry.key.rfind('@');
      if (at == std::string::npos) continue;
      auto& mailboxes = found[base::to_lower(std::string_view(entry.key).substr(at + 1))];
      if (at == 0)
        mailboxes.any = true;
      else
        add_user(entry.key.substr(0, at), mailboxes.locals);
    }
    std::string table;
    for (const auto& other : others)
      if (const auto name = context_.source(other, "relay_recipient_maps", domains)) table = *name;
    const bool is_listed = !context_.view.get("relay_recipient_maps").empty();
    const auto unlisted = std::string(asks_recipients(context_) ? ", recipients: callout" : ", recipients: any");
    const auto rest = !table.empty() ? ", recipients: table:" + table : is_listed ? ", recipients: []" : unlisted;
    const auto deliver = relay_deliver();
    bool some = false;
    for (const auto& domain : listed("relay_domains", deliver, rest)) {
      if (context_.here.contains(domain) || !take(domain, "relay_domains"))
        continue;  // relay_domains may repeat mydestination
      some = true;
      const auto mailboxes = found.find(domain);
      const bool by_list = table.empty() && mailboxes != found.end();
      write(domain, deliver,
            !by_list                ? rest
            : mailboxes->second.any ? ", recipients: any"
                                    : ", recipients: " + yaml_list(mailboxes->second.locals));
    }
    if (some && context_.view.get("parent_domain_matches_subdomains").contains("relay_domains"))
      context_.draft.remark(domains, Kind::changed, context_.view, "relay_domains",
                            "names below these domains are not taken; list those that there are");
    if (some && !is_listed && !asks_recipients(context_))
      context_.draft.remark(
          domains, Kind::to_do, context_.view, "relay_domains",
          "recipients: any takes mail that will come back; recipients: callout asks the next hop first");
  }

  std::string relay_deliver() {
    const auto transport = context_.view.get("relay_transport");
    if (const auto colon = transport.find(':'); colon != std::string::npos && colon + 1 < transport.size())
      if (auto deliver = deliver_of(context_, transport, "relay_transport", context_.view.place("relay_transport")))
        return *deliver;
    const auto relays = context_.view.words("relayhost");
    const auto hop = relays.empty() ? std::nullopt : read_next_hop(relays.front(), false);
    return hop && !hop->hop.empty() ? "smtp:" + hop->hop : "mx";
  }

  // ---- virtual_alias_domains

  void virtual_aliases() {
    if (!context_.view.is_set("virtual_alias_domains")) {
      // Keys that are domains, in the tables of aliases.
      std::vector<MapName> databases;
      for (const auto& entry : context_.entries("virtual_alias_maps", domains, &databases))
        if (!entry.key.contains('@') && entry.key.contains('.') && is_domain(entry.key) &&
            !context_.here.contains(base::to_lower(entry.key)))
          alias_domain(base::to_lower(entry.key));
      return;
    }
    for (const auto& domain : listed("virtual_alias_domains", "discard:", ", recipients: []")) alias_domain(domain);
  }

  void alias_domain(const std::string& domain) {
    if (take(domain, "virtual_alias_domains"))
      context_.draft.line(
          domains, fmt::format("{}: {{deliver: \"discard:\", recipients: []}}  # aliases only", yaml_word(domain)));
  }

  Context& context_;
  std::set<std::string> sources_;
};

}  // namespace

void translate_domains(Context& context) {
  Domains(context).run();
}

}  // namespace godwit::setup::postfix
