// SPDX-License-Identifier: Apache-2.0
#include "replay_verdicts.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/route/tls_level.hpp"

namespace godwit::daemon {
namespace {

using boost::asio::awaitable;
using control::ReplayVerdict;

std::string smtp_words(const route::SmtpHop& hop, WayWords words) {
  auto text = hop.from_dns ? std::string("mx") : "smtp:" + route::site_of(hop);
  if (hop.from_dns && words == WayWords::with_dns) text += ":" + route::site_of(hop);
  if (!hop.user.empty()) text += " as " + hop.user;
  if (!hop.certificate.empty()) text += " with " + hop.certificate;
  std::vector<std::string> sources;
  sources.reserve(hop.source_addresses.size());
  for (const auto& source : hop.source_addresses)
    sources.push_back(base::to_string(source.address) + (source.hostname.empty() ? "" : "=" + source.hostname));
  if (!sources.empty()) text += " from " + base::join(sources, ",");
  return text;
}

// What several ways of one recipient have to say, each once, in an order of its own.
std::string joined(const std::set<std::string>& words) {
  return base::join(std::vector<std::string>(words.begin(), words.end()), ", ");
}

// Some have commas in them.
std::string joined_lists(const std::set<std::string>& words) {
  return base::join(std::vector<std::string>(words.begin(), words.end()), "; ");
}

std::string refusal_words(const std::optional<smtp::Reply>& refusal) {
  return refusal ? to_line(*refusal) : std::string();
}

std::string becomes_words(const route::Router& router, const server::Rehearsal& rehearsal,
                          const std::vector<mail::Recipient>& recipients) {
  std::set<std::string> words;
  for (const auto& recipient : recipients) {
    if (recipient.expanded_alias) continue;
    auto text = "<" + smtp::to_string(recipient.address) + ">";
    // As for each attempt: a list's owner, or another address that leads back.
    const auto& path = rehearsal.sender && recipient.owner ? recipient.owner : rehearsal.sender;
    text += " from <" + smtp::to_string(router.sender_for(path, recipient)) + ">";
    words.insert(std::move(text));
  }
  return joined(words);
}

awaitable<ReplayVerdict> verdict_of(const ReplayedRules& rules, const server::Rehearsal& rehearsal, std::size_t at,
                                    dispatch::WaySources sources, WayWords words) {
  const auto& recipient = rehearsal.recipients[at];
  ReplayVerdict verdict{.refusal = refusal_words(recipient.refusal), .rule = recipient.rule};
  if (recipient.refusal) co_return verdict;
  const auto& router = *rules.rehearsal.rules.router;
  auto finding = dispatch::find_ways(router, recipient.recipients, rehearsal.sender, sources);
  const auto ways = co_await std::move(finding);
  std::set<std::string> routes, tls, limits, held;
  for (const auto& way : ways) {
    routes.insert(route_words(way.hop, words));
    const auto* rule = router.route_of(way.destination, rehearsal.sender);
    if (auto text = tls_words(way.hop, rule == nullptr ? std::string() : rule->tls_name); !text.empty())
      tls.insert(std::move(text));
    if (const auto given = rules.limits.of(way.hop, way.destination))
      limits.insert(limits_words(way.hop, *given, rules.messages_per_connection));
    if (router.why_held(way.destination, rehearsal.sender)) held.insert("a route holds it");
  }
  verdict.route = joined(routes);
  verdict.tls = joined(tls);
  verdict.limits = joined_lists(limits);
  verdict.held = joined(held);
  verdict.becomes = becomes_words(router, rehearsal, recipient.recipients);
  co_return verdict;
}

}  // namespace

std::string route_words(const route::Hop& hop, WayWords words) {
  if (const auto* smtp = std::get_if<route::SmtpHop>(&hop)) return smtp_words(*smtp, words);
  if (const auto* maildir = std::get_if<route::MaildirHop>(&hop)) return "maildir:" + maildir->path_template;
  return route::describe(hop);
}

std::string tls_words(const route::Hop& hop, const std::string& tls_name) {
  const auto* smtp = std::get_if<route::SmtpHop>(&hop);
  if (smtp == nullptr) return {};
  std::set<std::string> levels;
  for (const auto& host : smtp->hosts) levels.emplace(name_of(host.tls.level));
  auto text = joined(levels);
  return tls_name.empty() ? text : text + " " + tls_name;
}

std::string limits_words(const route::Hop& hop, const dispatch::SiteLimits::Given& given, std::size_t usual) {
  auto text = fmt::format("at most {} connections", given.limits.connections);
  if (const auto rate = base::to_string(given.limits.rate); !rate.empty()) text += fmt::format(", {} messages", rate);
  if (!std::holds_alternative<route::SmtpHop>(hop)) return text;
  const auto messages = given.messages_per_connection == 0 ? usual : given.messages_per_connection;
  return text + fmt::format(", {} messages a connection", messages);
}

awaitable<std::vector<ReplayVerdict>> replay_verdicts(const ReplayedRules& rules, server::PastEnvelope envelope,
                                                      dispatch::WaySources sources, WayWords words) {
  const auto count = std::max<std::size_t>(envelope.recipients.size(), 1);
  auto rehearsing = server::rehearse(rules.rehearsal, std::move(envelope));
  const auto rehearsal = co_await std::move(rehearsing);
  std::vector<ReplayVerdict> verdicts;
  if (rehearsal.refusal || rehearsal.recipients.empty()) {
    verdicts.assign(count, {.refusal = refusal_words(rehearsal.refusal), .rule = rehearsal.rule});
    co_return verdicts;
  }
  for (std::size_t i = 0; i < rehearsal.recipients.size(); ++i) {
    auto asking = verdict_of(rules, rehearsal, i, sources, words);
    auto verdict = co_await std::move(asking);
    verdicts.push_back(std::move(verdict));
  }
  co_return verdicts;
}

}  // namespace godwit::daemon
