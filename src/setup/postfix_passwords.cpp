// SPDX-License-Identifier: Apache-2.0
#include "postfix_passwords.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::setup::postfix {
namespace {

// As Postfix looks a next hop up: as it is written, and without its port; people leave the brackets out, too.
std::vector<std::string> keys_of(const std::string& written) {
  const auto close = written.find("]:");
  const auto host = written.substr(0, close == std::string::npos ? written.find(':') : close + 1);
  auto bare = host;
  std::erase(bare, '[');
  std::erase(bare, ']');
  return {written, host, bare};
}

}  // namespace

void RelayPasswords::read() {
  entries_ = context_.entries("smtp_sasl_password_maps", Section::routes);
}

std::optional<Credentials> RelayPasswords::find(const NextHop& hop, const std::vector<std::string>& senders) {
  std::vector<std::string> keys;
  if (context_.view.is_yes("smtp_sender_dependent_authentication")) keys = senders;
  std::ranges::copy(keys_of(hop.written), std::back_inserter(keys));
  for (const auto& key : keys)
    for (const auto& entry : entries_)
      if (!entry.is_for_all && base::iequals(entry.key, key)) return credentials_of(entry);
  const auto all = std::ranges::find_if(entries_, &Entry::is_for_all);
  return all == entries_.end() ? std::nullopt : credentials_of(*all);
}

std::optional<Credentials> RelayPasswords::credentials_of(const Entry& entry) {
  const auto colon = entry.value.find(':');
  if (colon == std::string::npos || colon == 0) {
    context_.draft.remark(Section::routes, Draft::Kind::untranslated, entry.place, entry.key, "has no user:password");
    return {};
  }
  auto& path = files_[entry.place + entry.key];
  if (path.empty()) {
    path = fmt::format("{}/{}.pass", context_.wishes.folder, context_.draft.unique_name("relay_" + entry.key));
    context_.draft.file({.path = path, .text = entry.value.substr(colon + 1) + "\n", .is_secret = true});
  }
  return Credentials{.user = entry.value.substr(0, colon), .file = path};
}

}  // namespace godwit::setup::postfix
