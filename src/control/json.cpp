// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <algorithm>
#include <numeric>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/text.hpp"
#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

// Of the recipients of one message in the list.
constexpr std::size_t recipients_listed = 10;

json::value time(base::WallTime value) {
  return text(base::format_rfc3339(value));
}

// The state of the message is that of the destination that is furthest on.
std::string_view state_of(const QueueEntry& entry) {
  for (const queue::State state : {queue::State::active, queue::State::due, queue::State::waiting, queue::State::held})
    if (std::ranges::count(entry.items, state, &queue::Item::state) > 0) return queue::to_string(state);
  return entry.envelope.held ? "held" : "done";
}

json::value next_attempt_of(const queue::Item& item) {
  return item.state == queue::State::waiting ? time(item.next_attempt) : json::value();
}

json::value next_attempt_of(const QueueEntry& entry) {
  const queue::Item* first = nullptr;
  for (const queue::Item& item : entry.items)
    if (item.state == queue::State::waiting && (first == nullptr || item.next_attempt < first->next_attempt))
      first = &item;
  return first == nullptr ? json::value() : next_attempt_of(*first);
}

// The most attempts of any destination still open.
std::uint32_t attempts_of(const QueueEntry& entry) {
  std::uint32_t attempts = 0;
  for (const queue::Item& item : entry.items) attempts = std::max(attempts, item.attempts);
  return entry.items.empty() ? entry.envelope.attempts : attempts;
}

json::object head_of(const QueueEntry& entry) {
  return {{"id", text(base::to_string(entry.id))},
          {"state", text(state_of(entry))},
          {"sender", text(smtp::to_string(entry.envelope.sender))},
          {"size", entry.size},
          {"accepted", time(entry.envelope.accepted)},
          {"attempts", attempts_of(entry)},
          {"next_attempt", next_attempt_of(entry)}};
}

json::value to_json(const std::optional<mail::DeliverBy>& by) {
  if (!by) return {};
  const bool returned = by->mode == smtp::DeliverBy::Mode::give_back;
  return json::object{{"time", time(by->time)}, {"then", returned ? "return" : "notify"}};
}

json::value to_json(const mail::Recipient& recipient, std::optional<mail::FailureClass> klass) {
  return json::object{{"address", text(smtp::to_string(recipient.address))},
                      {"original", text_or_null(recipient.original)},
                      {"expanded_alias", recipient.expanded_alias},
                      {"owner", recipient.owner ? text(smtp::to_string(*recipient.owner)) : json::value()},
                      {"notify", text_or_null(smtp::notify_text(recipient.notify))},
                      {"orcpt", text_or_null(recipient.orcpt)},
                      {"state", text(mail::to_string(recipient.state))},
                      {"last_reply", text_or_null(recipient.last_reply)},
                      {"class", klass ? text(mail::to_string(*klass)) : json::value()}};
}

json::value to_json(const queue::Item& item, std::string_view reason) {
  return json::object{{"name", text(item.key.destination)},
                      {"state", text(queue::to_string(item.state))},
                      {"attempts", item.attempts},
                      {"next_attempt", next_attempt_of(item)},
                      {"reason", text_or_null(reason)}};
}

json::value to_json(const policy::StoppedAccount& account) {
  return json::object{{"name", text(account.name)},
                      {"since", time(account.since)},
                      {"reason", text(account.reason)},
                      {"purged", account.purged}};
}

json::value to_json(const Certificate& certificate) {
  return json::object{{"file", text(certificate.file)},
                      {"subject", text(certificate.subject)},
                      {"names", list_of_text(certificate.names)},
                      {"expires", certificate.expires ? time(*certificate.expires) : json::value()},
                      {"staple_until", certificate.staple_until ? time(*certificate.staple_until) : json::value()},
                      {"staple_error", text_or_null(certificate.staple_error)},
                      {"error", text_or_null(certificate.error)},
                      {"out_of_date", text_or_null(certificate.out_of_date)}};
}

json::value to_json(const std::optional<acme::State>& state) {
  if (!state) return {};
  return json::object{{"directory", text(state->directory)},
                      {"names", list_of_text(state->names)},
                      {"challenge", text(state->challenge)},
                      {"ordering", state->is_ordering},
                      {"next", state->next ? time(*state->next) : json::value()},
                      {"failures", state->failures},
                      {"error", text_or_null(state->error)},
                      {"failed", state->failed ? time(*state->failed) : json::value()}};
}

// Sums since the start, from which rates can be told.
json::value to_json(const EventCounts::Values& events) {
  json::object totals{{"accepted", events.accepted}, {"accepted_bytes", events.accepted_bytes}};
  for (std::size_t i = 0; i < EventCounts::outcomes.size(); ++i)
    totals[EventCounts::outcomes[i]] =
        std::accumulate(events.by_outcome[i].begin(), events.by_outcome[i].end(), std::uint64_t{0});
  totals["rejected"] = std::accumulate(events.rejected.begin(), events.rejected.end(), std::uint64_t{0});
  totals["put_off"] = std::accumulate(events.put_off.begin(), events.put_off.end(), std::uint64_t{0});
  return totals;
}

json::value to_json(const base::HistogramCounts& histogram) {
  return json::object{{"bounds", json::array(histogram.bounds.begin(), histogram.bounds.end())},
                      {"counts", json::array(histogram.counts.begin(), histogram.counts.end())},
                      {"sum", histogram.sum}};
}

}  // namespace

json::value to_json(const Status& status) {
  const json::object queue{{"messages", status.messages},
                           {"waiting", status.queue.waiting},
                           {"due", status.queue.due},
                           {"active", status.queue.active},
                           {"held", status.queue.held},
                           {"destinations", status.queue.destinations},
                           {"sites", status.queue.sites},
                           {"audit", json::object{{"checked", status.audit.checked}, {"errors", status.audit.errors}}}};
  const json::object spool{{"directory", text(status.spool_directory)},
                           {"healthy", status.spool.healthy},
                           {"messages", status.spool.messages},
                           {"groups", status.spool.groups},
                           {"syncs", status.spool.syncs},
                           {"records", status.spool.records},
                           {"segments", status.spool.segments},
                           {"bytes_live", status.spool.bytes_live},
                           {"bytes_used", status.spool.bytes_used},
                           {"quarantined", status.spool.quarantined}};
  const json::object history{{"events", status.history.events},
                             {"lost", status.history.lost},
                             {"bytes", status.history.bytes},
                             {"index_bytes", status.history.index_bytes},
                             {"not_indexed", status.history.behind},
                             {"segments", status.history.segments},
                             {"since", status.history.since ? time(*status.history.since) : json::value()}};
  json::array certificates;
  for (const Certificate& certificate : status.certificates) certificates.emplace_back(to_json(certificate));
  json::array stopped;
  for (const auto& account : status.stopped_accounts) stopped.emplace_back(to_json(account));
  json::array dns_lists;
  for (const auto& list : status.dns_lists)
    dns_lists.emplace_back(json::object{{"zone", text(list.zone)},
                                        {"state", text(policy::to_string(list.state))},
                                        {"reason", text_or_null(list.reason)}});
  return json::object{{"version", text(status.version)},
                      {"uptime", std::chrono::floor<std::chrono::seconds>(status.uptime).count()},
                      {"healthy", status.healthy},
                      {"queue", queue},
                      {"connections", json::object{{"in", status.connections_in}, {"out", status.connections_out}}},
                      {"spool", spool},
                      {"history", history},
                      {"listeners", list_of_text(status.listeners)},
                      {"dns", json::object{{"validation", text(status.dns_validation)}}},
                      {"dns_lists", std::move(dns_lists)},
                      {"accounts", json::object{{"stopped", std::move(stopped)}}},
                      {"tls", json::object{{"certificates", std::move(certificates)}, {"acme", to_json(status.acme)}}},
                      {"totals", to_json(status.events)},
                      {"accept_time", to_json(status.accept_time)},
                      {"commit_time", to_json(status.spool.commit_time)}};
}

json::value summary_to_json(const QueueEntry& entry) {
  json::object object = head_of(entry);
  json::array recipients;
  std::size_t waiting = 0;
  std::string_view last_reply;
  for (const mail::Recipient& recipient : entry.envelope.recipients) {
    if (recipient.state != mail::RecipientState::waiting) continue;
    if (++waiting <= recipients_listed) recipients.emplace_back(text(smtp::to_string(recipient.address)));
    if (last_reply.empty()) last_reply = recipient.last_reply;
  }
  object["recipients_waiting"] = waiting;
  object["recipients"] = std::move(recipients);
  object["last_reply"] = text_or_null(last_reply);
  return object;
}

json::value to_json(const QueueEntry& entry) {
  const mail::Envelope& envelope = entry.envelope;
  json::object object = head_of(entry);
  object["client"] = json::object{{"address", text_or_null(envelope.client_address)},
                                  {"hello", text_or_null(envelope.client_hello)},
                                  {"account", text_or_null(envelope.account)},
                                  {"protocol", text_or_null(envelope.protocol)}};
  json::array recipients, destinations;
  for (std::size_t i = 0; i < envelope.recipients.size(); ++i)
    recipients.emplace_back(
        to_json(envelope.recipients[i], i < entry.classes.size() ? entry.classes[i] : std::nullopt));
  object["envid"] = text_or_null(envelope.envid);
  object["priority"] = envelope.priority;
  object["tls"] = text_or_null(envelope.tls_wish());
  object["release"] = envelope.release == base::WallTime{} ? json::value() : time(envelope.release);
  object["deliver_by"] = to_json(envelope.deliver_by);
  object["ret"] = envelope.ret == 0 ? json::value() : text(smtp::return_text(envelope.ret));
  for (std::size_t i = 0; i < entry.items.size(); ++i)
    destinations.emplace_back(to_json(entry.items[i], i < entry.reasons.size() ? entry.reasons[i] : std::string()));
  object["recipients"] = std::move(recipients);
  object["destinations"] = std::move(destinations);
  return object;
}

json::value to_json(const queue::SiteView& site) {
  json::array domains;
  for (const auto& domain : site.domains) domains.emplace_back(text(domain));
  return json::object{{"name", text(site.name)},
                      {"state", text(queue::to_string(site.state))},
                      {"reason", text_or_null(site.reason)},
                      {"next", site.next ? time(*site.next) : json::value()},
                      {"domain_count", site.domain_count},
                      {"domains", std::move(domains)},
                      {"waiting", site.waiting},
                      {"due", site.due},
                      {"active", site.active},
                      {"held", site.held},
                      {"connections", site.connections},
                      {"connections_now", site.window},
                      {"connections_limit", site.limits.connections},
                      {"rate", text_or_null(base::to_string(site.limits.rate))}};
}

json::value to_json(const DestinationPage& page) {
  json::array destinations, suspensions;
  for (const auto& site : page.destinations) destinations.emplace_back(to_json(site));
  for (const auto& [name, suspension] : page.suspensions)
    suspensions.emplace_back(
        json::object{{"destination", text_or_null(name)},
                     {"until", suspension.until == queue::never ? json::value() : time(suspension.until)},
                     {"reason", text_or_null(suspension.reason)}});
  return json::object{{"destinations", std::move(destinations)},
                      {"next", text_or_null(page.next)},
                      {"suspensions", std::move(suspensions)}};
}

json::value to_json(const std::vector<Lockouts::Lockout>& lockouts, std::size_t limit) {
  json::array all;
  for (const auto& one : lockouts)
    all.emplace_back(json::object{{"name", text(one.name)},
                                  {"kind", one.is_account ? "account" : "network"},
                                  {"failures", one.failures},
                                  {"until", time(one.until)}});
  const bool more = !lockouts.empty() && lockouts.size() == limit;
  return json::object{{"lockouts", std::move(all)}, {"next", more ? text(lockouts.back().name) : json::value()}};
}

json::value to_json(const std::vector<LimitUse>& limits, std::size_t limit, std::size_t skipped) {
  json::array all;
  for (const auto& one : limits)
    all.emplace_back(json::object{{"by", text(one.by)},
                                  {"of", text(one.of)},
                                  {"rate", text(one.rate)},
                                  {"key", text(one.key)},
                                  {"used", one.used},
                                  {"allowed", one.allowed},
                                  {"next", one.next ? time(*one.next) : json::value()},
                                  {"unused", time(one.unused)}});
  const bool more = limits.size() == limit;
  return json::object{{"limits", std::move(all)}, {"next", more ? json::value(skipped + limit) : json::value()}};
}

json::value to_json(const std::vector<Suppression>& suppressions, std::size_t limit) {
  json::array all;
  for (const auto& one : suppressions)
    all.emplace_back(json::object{{"address", text(one.address)},
                                  {"class", text(one.klass)},
                                  {"source", text(one.source)},
                                  {"reason", text_or_null(one.reason)},
                                  {"added", time(one.added)},
                                  {"expires", time(one.expires)}});
  const bool more = !suppressions.empty() && suppressions.size() == limit;
  return json::object{{"suppressions", std::move(all)},
                      {"next", more ? text(suppressions.back().address) : json::value()}};
}

json::value to_json(const ReloadResult& result) {
  return json::object{{"applied", result.applied},
                      {"errors", list_of_text(result.errors)},
                      {"restart_needed", list_of_text(result.restart_needed)}};
}

}  // namespace godwit::control
