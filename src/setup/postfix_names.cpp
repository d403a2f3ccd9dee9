// SPDX-License-Identifier: Apache-2.0
// Who the host is.
#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr auto general = Section::general;
using Kind = Draft::Kind;

std::string full_name(const Context& context) {
  const auto& view = context.view;
  auto name = view.get("myhostname");
  if (name.empty()) name = context.wishes.hostname.empty() ? "localhost" : context.wishes.hostname;
  name = base::to_lower(name);
  if (name.contains('.')) return name;
  // As Postfix completes a name without domain.
  const auto domain = view.get("mydomain");
  return name + "." + (domain.empty() ? "localdomain" : base::to_lower(domain));
}

std::string origin_of(Context& context) {
  auto origin = context.view.get("myorigin");
  if (origin.starts_with('/')) {
    const auto words = context.tables.words(origin, "myorigin", context.view.place("myorigin"));
    origin = words && !words->empty() ? words->front() : context.names.hostname;
  }
  return base::to_lower(origin.empty() ? context.names.hostname : origin);
}

void own_addresses(Context& context) {
  std::vector<std::string> addresses;
  for (const auto& word : context.view.words("proxy_interfaces")) {
    if (base::IpAddress::parse(word))
      addresses.push_back(word);
    else
      context.untranslated(general, "proxy_interfaces", "\"" + shown_text(word, 80) + "\" is no address");
  }
  if (!addresses.empty()) context.draft.line(general, "own_addresses: " + yaml_list(addresses));
}

void detail_separator(Context& context) {
  const auto separators = context.view.get("recipient_delimiter");
  if (separators.size() > 1)
    context.draft.remark(general, Kind::changed, context.view, "recipient_delimiter",
                         fmt::format("one character only; of {} the first is taken", separators));
  const bool known = !separators.empty() && std::string_view("+-=._#~").contains(separators.front());
  if (!separators.empty() && !known)
    context.untranslated(general, "recipient_delimiter", "it can be one of + - = . _ # ~");
  context.draft.line(general, fmt::format("detail_separator: {}", yaml_string(known ? separators.substr(0, 1) : "")));
}

void who_may_verify(Context& context) {
  if (context.view.is_set("disable_vrfy_command"))
    context.draft.line(general, context.view.is_yes("disable_vrfy_command") ? "vrfy: nobody" : "vrfy: anyone");
}

}  // namespace

void translate_names(Context& context) {
  auto& names = context.names;
  names.hostname = full_name(context);
  if (!is_domain(names.hostname)) {
    context.untranslated(general, "myhostname", "\"" + shown_text(names.hostname, 80) + "\" is no host name");
    names.hostname = "localhost.localdomain";
  }
  if (names.hostname.ends_with(".localdomain"))
    context.draft.remark(general, Kind::to_do, context.view, "myhostname",
                         "set hostname to the full name under which others know this host");
  names.origin = origin_of(context);
  if (!is_domain(names.origin)) names.origin = names.hostname;
  context.draft.line(general, "hostname: " + yaml_word(names.hostname));
  context.draft.line(general, "origin: " + yaml_word(names.origin));
  own_addresses(context);
  translate_networks(context);
  detail_separator(context);
  who_may_verify(context);
}

}  // namespace godwit::setup::postfix
