// SPDX-License-Identifier: Apache-2.0
// Ways out: transport_maps, relayhosts, their passwords, and policies of TLS.
#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "postfix_passwords.hpp"
#include "postfix_sending.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

using Kind = Draft::Kind;
constexpr auto routes = Section::routes;

// smtp_tls_security_level and the first word of a policy.
std::optional<std::string> level_of(std::string_view word) {
  if (word == "none") return "none";
  if (word == "may" || word == "dane") return "opportunistic";  // DANE counts there anyway
  if (word == "encrypt") return "require";
  if (word == "dane-only") return "dane";
  if (word == "verify" || word == "secure") return "verify";
  return {};
}

std::string usual_level(const View& view) {
  const auto level = view.get("smtp_tls_security_level");
  if (!level.empty()) return level;
  return view.is_yes("smtp_enforce_tls") ? "encrypt" : view.is_yes("smtp_use_tls") ? "may" : "";
}

class Routes {
 public:
  explicit Routes(Context& context) : context_(context) {}

  void run() {
    read_policies();
    if (context_.view.is_yes("smtp_sasl_auth_enable")) passwords_.read();
    for (const auto& entry : context_.transport_maps) by_transport(entry);
    by_sender();
    policies();
    default_route();
    usual_tls();
  }

 private:
  void untranslated(const Entry& entry, const std::string& why) {
    context_.draft.remark(routes, Kind::untranslated, entry.place, shown_text(entry.key + " " + entry.value, 200), why);
  }

  void by_transport(const Entry& entry) {
    auto key = base::to_lower(entry.key);
    if (context_.here.contains(key)) return;  // its `deliver`
    if (key.contains('@')) return untranslated(entry, "a way of one recipient: an alias, or domains.DOMAIN.users");
    std::string domain = key;
    if (key.starts_with('.')) domain = "*" + key;
    if (key != "*" && !is_domain(key.starts_with('.') ? key.substr(1) : key))
      return untranslated(entry, "its key is no domain");
    const auto transport = entry.value.substr(0, entry.value.find(':'));
    if (transport == "discard")
      return untranslated(entry, fmt::format("mail that is thrown away: domains: {{\"{}\": {{deliver: \"discard:\", "
                                             "recipients: any}}}}",
                                             domain));
    const auto* service = find_service(context_.services, transport);
    const bool is_usual = transport.empty() || transport == "smtp" || transport == "relay";
    if (!is_usual && (service == nullptr || service->command != "smtp"))
      return untranslated(entry, service != nullptr && service->command == "pipe"
                                     ? "runs a program: nothing is ever executed"
                                     : "is no transport that Godwit has for domains elsewhere");
    const auto hop = read_next_hop(entry.value, true);
    if (!hop) return untranslated(entry, "its next hop cannot be read");
    write({domain}, {}, *hop, hop->transport.empty() ? nullptr : service);
  }

  // A transport of its own in master.cf, or `relay`: its source address, its pace.  What else it says is named at the
  // end; the usual transport is in `delivery`.
  std::string of_service(const Service* service) {
    if (service == nullptr || service == usual_transport(context_)) return {};
    const auto view = view_of(context_, *service);
    const auto own = [&](const auto&... names) { return (view.is_overridden(names) || ...); };
    std::string text;
    if (own("smtp_bind_address", "smtp_bind_address6", "smtp_helo_name"))
      if (const auto words = source_addresses(context_, view, routes); !words.empty())
        text += fmt::format(", source_addresses: [{}]", base::join(words, ", "));
    if (own("inet_protocols", "smtp_address_preference"))
      if (const auto family = address_family(view)) text += ", address_family: " + *family;
    const auto connections = base::parse_unsigned(context_.view.get(service->name + "_destination_concurrency_limit"));
    if (connections && *connections > 0)
      text += fmt::format(", connections: {}", std::min<std::uint64_t>(*connections, 10000));
    const auto delay = parse_time(context_.view.get(service->name + "_destination_rate_delay"), 's');
    if (delay && *delay > 0) text += fmt::format(", rate: 1/{}", time_text(*delay));
    return text;
  }

  void write(const std::vector<std::string>& domains, const std::vector<std::string>& senders, const NextHop& hop,
             const Service* service, const std::string& fallback = {}) {
    std::string line = "- {";
    if (!domains.empty()) line += fmt::format("domains: {}, ", yaml_one_or_list(domains));
    if (!senders.empty()) line += fmt::format("senders: {}, ", yaml_one_or_list(senders));
    if (!hop.hop.empty())
      line += fmt::format("next_hop: {}, ", fallback.empty()
                                                ? yaml_string(hop.hop)
                                                : fmt::format("[{}, {}]", yaml_string(hop.hop), yaml_string(fallback)));
    const auto credentials = hop.hop.empty() ? std::nullopt : passwords_.find(hop, senders);
    const auto tls = tls_for(domains, hop, service, credentials.has_value());
    if (!tls.empty()) line += fmt::format("tls: {}, ", tls);
    if (credentials)
      line += fmt::format("credentials: {{user: {}, password_file: {}}}, ", yaml_string(credentials->user),
                          yaml_word(credentials->file));
    line.resize(line.size() - 2);
    context_.draft.line(routes, line + of_service(service) + "}");
  }

  // ---- TLS

  void read_policies() {
    for (const auto& entry : context_.entries("smtp_tls_policy_maps", routes))
      policies_.emplace(base::to_lower(entry.key), entry);
  }

  std::string tls_of_policy(const Entry& entry) {
    const auto words = words_of(entry.value);
    const auto level = words.empty() ? std::nullopt : level_of(words.front());
    if (!level)
      return untranslated(entry, "is no level of TLS that Godwit has: none, opportunistic, require, verify, dane"), "";
    std::string name;
    for (const auto& word : words) {
      if (!word.starts_with("match=")) continue;
      for (const auto part : base::split(std::string_view(word).substr(6), ':'))
        if (name.empty() && is_domain(part) && part.contains('.') && !part.starts_with('.')) name = part;
      if (name.empty() || word.contains(':'))
        context_.draft.remark(routes, Kind::changed, entry.place, shown_text(entry.key + " " + entry.value, 200),
                              "the name that is verified is one, or the host's");
    }
    return name.empty() || *level != "verify" ? *level : fmt::format("{{level: verify, name: {}}}", yaml_word(name));
  }

  std::string tls_for(const std::vector<std::string>& domains, const NextHop& hop, const Service* service,
                      bool has_credentials) {
    auto keys = hop.hop.empty() ? domains : std::vector{hop.written};
    std::string tls;
    for (const auto& key : keys)
      if (const auto policy = policies_.find(base::to_lower(key)); tls.empty() && policy != policies_.end()) {
        tls = tls_of_policy(policy->second);
        used_.insert(policy->first);
      }
    if (tls.empty() && service != nullptr && service->options.contains("smtp_tls_security_level"))
      tls = level_of(view_of(context_, *service).get("smtp_tls_security_level")).value_or("");
    if (!has_credentials) return tls;
    const auto level = tls.empty() ? level_of(usual_level(usual_)).value_or("opportunistic") : tls;
    if (level != "none" && level != "opportunistic") return level;
    context_.draft.remark(routes, Kind::changed, context_.view, "smtp_sasl_password_maps",
                          "passwords go over TLS only: tls: require, where Postfix also took none; verify is better");
    return "require";
  }

  // Of domains that no other route is for.
  void policies() {
    for (const auto& [key, entry] : policies_) {
      if (used_.contains(key) || context_.here.contains(key)) continue;
      const auto relays = context_.view.words("relayhost");
      if (std::ranges::find(relays, entry.key) != relays.end()) continue;
      const bool below = key.starts_with('.');
      if (!is_domain(below ? key.substr(1) : key)) {
        untranslated(entry, "no route goes to this next hop");
        continue;
      }
      if (!relays.empty()) continue;  // mail to the domain goes another way
      if (const auto tls = tls_of_policy(entry); !tls.empty())
        context_.draft.line(routes,
                            fmt::format("- {{domains: {}, tls: {}}}", yaml_string(below ? "*" + key : key), tls));
    }
  }

  void usual_tls() {
    const auto level = usual_level(usual_);
    if (level.empty()) {
      context_.draft.remark(
          Section::delivery, Kind::changed, usual_, "smtp_tls_security_level",
          "is not set: Postfix sent in clear; Godwit takes TLS where it is offered (delivery.tls: none does not)");
      return;
    }
    if (const auto known = level_of(level))
      context_.draft.line(Section::delivery, "tls: " + *known);
    else
      context_.draft.remark(Section::delivery, Kind::untranslated, usual_, "smtp_tls_security_level",
                            "\"" + shown_text(level, 40) + "\" is no level that Godwit has");
    if (context_.view.is_set("smtp_tls_cert_file") && !context_.view.get("smtp_tls_cert_file").empty())
      context_.draft.remark(
          routes, Kind::to_do, context_.view, "smtp_tls_cert_file",
          "a client certificate belongs to a route: routes[].tls: {level: require, certificate: …, private_key: …}");
  }

  // ---- relayhosts

  void by_sender() {
    for (const auto& entry : context_.entries("sender_dependent_relayhost_maps", routes)) {
      const auto sender = entry.key.starts_with('@') && is_domain(entry.key.substr(1))
                              ? std::optional(base::to_lower(entry.key))
                              : read_address(entry.key, context_.names.origin);
      const auto hop = read_next_hop(entry.value, false);
      if (!sender)
        untranslated(entry, "its key is neither an address nor @domain");
      else if (entry.value == "DUNNO")
        untranslated(entry, "a sender that is excepted: write its route yourself");
      else if (!hop || hop->hop.empty())
        untranslated(entry, "its next hop cannot be read");
      else
        write({}, {*sender}, *hop, nullptr);
    }
  }

  void default_route() {
    for (const auto& entry : context_.transport_maps)
      if (entry.key == "*") return;  // it takes all
    const auto relays = context_.view.words("relayhost");
    const auto fallbacks =
        usual_.words(usual_.is_set("smtp_fallback_relay") ? "smtp_fallback_relay" : "fallback_relay");
    auto hop = relays.empty() ? by_default_transport() : read_next_hop(relays.front(), false);
    if (!relays.empty() && !hop)
      return context_.untranslated(routes, "relayhost", "\"" + shown_text(relays.front(), 80) + "\" cannot be read");
    if (!hop || hop->hop.empty()) {
      if (!fallbacks.empty())
        context_.untranslated(routes, "smtp_fallback_relay",
                              "there is a second next hop only where a route names the first");
      return;
    }
    std::vector<std::string> more(relays.size() > 1 ? std::vector(relays.begin() + 1, relays.end())
                                                    : std::vector<std::string>());
    more.insert(more.end(), fallbacks.begin(), fallbacks.end());
    std::string fallback;
    if (!more.empty()) {
      const auto second = read_next_hop(more.front(), false);
      if (second) fallback = second->hop;
      if (more.size() > 1) context_.untranslated(routes, "relayhost", "only the first two next hops are taken");
    }
    write({"*"}, {}, *hop, nullptr, fallback);
  }

  std::optional<NextHop> by_default_transport() {
    const auto transport = context_.view.get("default_transport");
    const auto hop = read_next_hop(transport, true);
    if (hop && (hop->transport == "smtp" || hop->transport == "relay")) return hop;
    const auto* service = hop ? find_service(context_.services, hop->transport) : nullptr;
    if (service != nullptr && service->command == "smtp") return hop;
    if (hop && (hop->transport == "error" || hop->transport == "retry"))
      context_.draft.remark(routes, Kind::changed, context_.view, "default_transport",
                            "mail to other hosts was refused; here only users and trusted_networks can send it, and it "
                            "is held: routes with hold: true");
    else
      context_.untranslated(routes, "default_transport",
                            "\"" + shown_text(transport, 80) + "\" is no transport that Godwit has");
    context_.draft.line(routes, "- {domains: \"*\", hold: true}");
    return {};
  }

  Context& context_;
  View usual_ = view_of_usual_transport(context_);
  RelayPasswords passwords_{context_};
  std::map<std::string, Entry> policies_;
  std::set<std::string> used_;
};

}  // namespace

void read_transports(Context& context) {
  context.transport_maps = context.entries("transport_maps", routes);
  for (const auto& entry : context.transport_maps)
    if (is_domain(entry.key)) context.transports.try_emplace(base::to_lower(entry.key), entry);
}

void translate_routes(Context& context) {
  Routes(context).run();
}

}  // namespace godwit::setup::postfix
