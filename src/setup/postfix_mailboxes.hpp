// SPDX-License-Identifier: Apache-2.0
// virtual_mailbox_maps: which mailboxes there are, and in which folders.  Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "postfix_context.hpp"

namespace godwit::setup::postfix {

// Of one domain.
struct Mailboxes {
  std::vector<std::string> locals;
  std::map<std::string, std::vector<std::string>> folders;  // "{domain}/{local}" → local parts
  bool any = false;                                         // every address exists
};

struct VirtualMailboxes {
  std::map<std::string, Mailboxes> by_domain;  // of text tables
  bool has_text = false;
  std::string table;  // a database that knows them, in `tables`; empty: there is none
};
VirtualMailboxes read_virtual_mailboxes(Context& context);

// Where a domain's mail goes, as the folders of most say, and what is said of the others.
struct Folders {
  std::string deliver;
  std::string users;  // ", users: {…}" or nothing
};
Folders folders_of(const Context& context, const std::string& deliver, const Mailboxes& mailboxes,
                   const std::string& domain);

}  // namespace godwit::setup::postfix
