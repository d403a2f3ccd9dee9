// SPDX-License-Identifier: Apache-2.0
#include "postfix_mailboxes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr const char* mailbox_maps = "virtual_mailbox_maps";

// "example.com/alice/" of alice@example.com → "{domain}/{local}".
std::string folder_template(std::string_view value, const std::string& local, const std::string& domain) {
  std::vector<std::string> parts;
  for (const auto part : base::split(value, '/')) {
    if (part.empty()) continue;
    parts.push_back(base::iequals(part, domain)  ? "{domain}"
                    : base::iequals(part, local) ? "{local}"
                                                 : std::string(part));
  }
  return base::join(parts, "/");
}

void add_mailbox(Context& context, const Entry& entry, VirtualMailboxes& all) {
  const auto at = entry.key.rfind('@');
  if (at == std::string::npos) return;  // a domain, for virtual_mailbox_domains
  const auto local = base::to_lower(std::string_view(entry.key).substr(0, at));
  const auto domain = base::to_lower(std::string_view(entry.key).substr(at + 1));
  auto& mailboxes = all.by_domain[domain];
  if (local.empty()) {
    mailboxes.any = true;
    return;
  }
  if (!read_address(entry.key, domain))
    return context.draft.remark(Section::domains, Draft::Kind::untranslated, entry.place, entry.key, "is no address");
  mailboxes.locals.push_back(local);
  if (entry.value.contains('/')) mailboxes.folders[folder_template(entry.value, local, domain)].push_back(local);
  if (!entry.value.ends_with('/') && context.view.get("virtual_transport") == "virtual")
    context.draft.remark(Section::domains, Draft::Kind::changed, entry.place, entry.key,
                         "was an mbox file; it becomes a Maildir");
}

}  // namespace

VirtualMailboxes read_virtual_mailboxes(Context& context) {
  VirtualMailboxes all;
  std::vector<MapName> others;
  for (const auto& entry : context.entries(mailbox_maps, Section::domains, &others)) {
    all.has_text = true;
    add_mailbox(context, entry, all);
  }
  for (const auto& other : others) {
    const auto name = context.source(other, mailbox_maps, Section::domains);
    if (name && all.table.empty())
      all.table = *name;
    else if (name)
      context.untranslated(Section::domains, mailbox_maps,
                           "one table can list the recipients of a domain; left out: " + other.name);
  }
  if (!all.table.empty() && all.has_text)
    context.untranslated(Section::domains, mailbox_maps,
                         "one table can list the recipients of a domain; the mailboxes in text files are left out");
  return all;
}

Folders folders_of(const Context& context, const std::string& deliver, const Mailboxes& mailboxes,
                   const std::string& domain) {
  Folders folders{.deliver = deliver, .users = {}};
  if (!deliver.starts_with("maildir:") || mailboxes.folders.empty()) return folders;
  const auto whole = [&](const std::string& form) {
    return fmt::format("maildir:{}/{}", context.view.get("virtual_mailbox_base"), form);
  };
  const auto most = std::ranges::max_element(mailboxes.folders, {}, [](const auto& one) { return one.second.size(); });
  if (most->first.contains("{local}")) folders.deliver = whole(most->first);
  std::vector<std::string> words;
  for (const auto& [form, locals] : mailboxes.folders) {
    if (whole(form) == folders.deliver) continue;
    for (const auto& local : locals) {
      if (form.contains("{local}"))
        words.push_back(fmt::format("{}: {}", yaml_string(local), yaml_string(whole(form))));
      else
        context.untranslated(
            Section::domains, mailbox_maps,
            fmt::format("{}@{} has the folder {}, which does not have its name in it", local, domain, form));
    }
  }
  if (!words.empty()) folders.users = fmt::format(", users: {{{}}}", base::join(words, ", "));
  return folders;
}

}  // namespace godwit::setup::postfix
