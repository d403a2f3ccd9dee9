// SPDX-License-Identifier: Apache-2.0
#include "ways_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/text.hpp"
#include "godwit/route/tls_level.hpp"
#include "json.hpp"
#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

json::value tls_to_json(const route::TlsPolicy& policy) {
  json::array names;
  for (const auto& name : policy.names) names.emplace_back(text(name));
  return json::object{{"level", text(name_of(policy.level))},
                      {"names", std::move(names)},
                      {"tlsa", policy.tlsa.size()},
                      {"source", text(policy.source)},
                      {"skip", text_or_null(policy.skip)}};
}

json::value host_to_json(const route::Host& host) {
  json::array addresses;
  for (const auto& address : host.addresses) addresses.emplace_back(text(base::to_string(address)));
  return json::object{{"name", text(host.name)},
                      {"preference", host.preference},
                      {"addresses", std::move(addresses)},
                      {"why_none", text_or_null(host.why_none)},
                      {"remark", text_or_null(host.remark)},
                      {"tls", tls_to_json(host.tls)}};
}

// What the kinds of hops have beside their words.
struct Details {
  json::object& way;
  void operator()(const route::MaildirHop& hop) const { way["maildir"] = text(hop.path_template); }
  void operator()(const route::SmtpHop& hop) const {
    json::array hosts;
    for (const auto& host : hop.hosts) hosts.emplace_back(host_to_json(host));
    way["hosts"] = std::move(hosts);
    way["next_hop"] = text_or_null(hop.next_hop);
    way["user"] = text_or_null(hop.user);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

json::value limits_to_json(const dispatch::Way& way) {
  if (way.site.empty()) return nullptr;
  const auto messages = way.messages_per_connection;
  return json::object{{"connections", way.limits.connections},
                      {"rate", text_or_null(base::to_string(way.limits.rate))},
                      {"messages_per_connection", messages == 0 ? json::value() : json::value(messages)}};
}

std::string_view name_of(route::ExpansionStep::By by) {
  switch (by) {
    case route::ExpansionStep::By::alias:
      return "alias";
    case route::ExpansionStep::By::postmaster:
      return "postmaster";
    case route::ExpansionStep::By::catch_all:
      return "catch_all";
  }
  return {};
}

json::value step_to_json(const route::ExpansionStep& step) {
  json::array targets;
  for (const auto& target : step.targets) targets.emplace_back(text(target));
  return json::object{{"address", text(step.address)}, {"by", text(name_of(step.by))}, {"targets", std::move(targets)}};
}

json::value way_to_json(const dispatch::Way& way) {
  json::array recipients;
  for (const auto& recipient : way.recipients) recipients.emplace_back(text(smtp::to_string(recipient.address)));
  json::object object{{"destination", text(way.destination)},
                      {"recipients", std::move(recipients)},
                      {"rule", text(way.rule)},
                      {"route", text(route::describe(way.hop))},
                      {"site", text_or_null(way.site)},
                      {"limits", limits_to_json(way)},
                      {"queued", way.queued ? control::to_json(*way.queued) : json::value()},
                      {"waits", text_or_null(way.waits)}};
  std::visit(Details{object}, way.hop);
  return object;
}

}  // namespace

json::value to_json(const dispatch::Ways& ways) {
  json::array all, missing, steps;
  for (const auto& way : ways.ways) all.emplace_back(way_to_json(way));
  for (const auto& step : ways.expansion.steps) steps.emplace_back(step_to_json(step));
  for (const auto& address : ways.expansion.missing) missing.emplace_back(text(address));
  const auto& refusal = ways.expansion.refusal;
  return json::object{{"address", text(smtp::to_string(ways.asked))},
                      {"local", ways.expansion.local},
                      {"refusal", refusal ? text(to_line(*refusal)) : json::value()},
                      {"steps", std::move(steps)},
                      {"missing", std::move(missing)},
                      {"ways", std::move(all)}};
}

json::value to_json(const std::vector<dispatch::Waiting>& waiting) {
  json::array all;
  for (const auto& one : waiting)
    all.emplace_back(json::object{{"destination", text_or_null(one.destination)},
                                  {"site", text_or_null(one.site)},
                                  {"state", text(one.state)},
                                  {"reason", text_or_null(one.reason)},
                                  {"next", one.next ? text(base::format_rfc3339(*one.next)) : json::value()},
                                  {"id", one.id ? text(base::to_string(*one.id)) : json::value()},
                                  {"last_reply", text_or_null(one.last_reply)},
                                  {"messages", one.messages}});
  return json::object{{"waiting", std::move(all)}};
}

}  // namespace godwit::control
