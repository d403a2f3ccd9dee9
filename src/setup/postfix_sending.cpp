// SPDX-License-Identifier: Apache-2.0
#include "postfix_sending.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

std::string transport_name(std::string_view text) {
  return std::string(base::trim(text.substr(0, text.find(':'))));
}

}  // namespace

const Service* usual_transport(const Context& context) {
  const auto* service = find_service(context.services, transport_name(context.view.get("default_transport")));
  return service != nullptr && service->command == "smtp" ? service : nullptr;
}

View view_of_usual_transport(const Context& context) {
  const auto* usual = usual_transport(context);
  return usual != nullptr ? view_of(context, *usual) : context.view;
}

bool is_transport_used(const Context& context, const Service& service) {
  if (&service == usual_transport(context)) return true;
  for (const auto& entry : context.transport_maps)
    if (transport_name(entry.value) == service.name) return true;
  return transport_name(context.view.get("relay_transport")) == service.name &&
         !context.view.get("relay_domains").empty();
}

std::vector<std::string> source_addresses(Context& context, const View& view, Section section) {
  std::vector<std::string> words;
  const auto helo = base::to_lower(view.get("smtp_helo_name"));
  const bool has_name = !helo.empty() && helo != context.names.hostname && is_domain(helo) && helo.contains('.');
  for (const auto* setting : {"smtp_bind_address", "smtp_bind_address6"}) {
    auto address = view.get(setting);
    std::erase(address, '[');
    std::erase(address, ']');
    if (address.empty() || address == "0.0.0.0" || address == "::") continue;
    if (base::IpAddress::parse(address))
      words.push_back(has_name ? fmt::format("{{address: {}, hostname: {}}}", yaml_string(address), yaml_word(helo))
                               : yaml_string(address));
    else
      context.draft.remark(section, Draft::Kind::untranslated, view, setting,
                           "\"" + shown_text(address, 60) + "\" is no such value");
  }
  if (words.empty() && !helo.empty() && helo != context.names.hostname && view.is_set("smtp_helo_name"))
    context.draft.remark(
        section, Draft::Kind::untranslated, view, "smtp_helo_name",
        "a name of its own belongs to a source address: delivery.source_addresses: [{address, hostname}]");
  return words;
}

std::optional<std::string> address_family(const View& view) {
  const auto protocols = view.words("inet_protocols");
  const auto preference = view.get("smtp_address_preference");
  if (protocols == std::vector<std::string>{"ipv4"}) return "ipv4";
  if (protocols == std::vector<std::string>{"ipv6"}) return "ipv6";
  if (preference == "ipv4") return "prefer_ipv4";
  return {};
}

}  // namespace godwit::setup::postfix
