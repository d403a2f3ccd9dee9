// SPDX-License-Identifier: Apache-2.0
// What the log, and with it the history, hears of a message's way out.
#include "godwit/log/events.hpp"
#include "dispatcher_implementation.hpp"

namespace godwit::dispatch {

void Dispatcher::Implementation::log_held(const queue::Key& key, const std::string& why) const {
  around_.log.info("held", {{"id", to_string(key.id)}, {"to", key.destination}, {"reason", why}});
}

// It is not tried yet.
void Dispatcher::Implementation::log_routed(const queue::Key& key, const route::Hop& hop,
                                            const std::string& site) const {
  if (!around_.log.enabled(log::Level::debug)) return;
  around_.log.debug(log::event::routed, {{log::field::id, to_string(key.id)},
                                         {log::field::to, key.destination},
                                         {"route", describe(hop)},
                                         {"site", site},
                                         {"reason", queue_.reason(key)}});
}

void Dispatcher::Implementation::log_attempt(const Parts& parts, const std::string& route, const std::string& site,
                                             base::MonoTime began, const deliver::Transcript& transcript) const {
  if (!around_.log.enabled(log::Level::debug)) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(around_.network.now() - began);
  around_.log.debug(log::event::attempt, {{log::field::id, to_string(parts.front().item.key.id)},
                                          {log::field::to, destinations_of(parts)},
                                          {"route", route},
                                          {"site", site},
                                          {"took", base::format_duration(took)},
                                          {"transcript", transcript.text()}});
}

void Dispatcher::Implementation::log_outcome(const Transaction& transaction, std::size_t recipient,
                                             const deliver::Outcome& outcome, const Attempted& attempted,
                                             mail::RecipientState state) {
  const std::string_view event = state == mail::RecipientState::waiting ? "deferred" : to_string(state);
  const auto level = state == mail::RecipientState::delivered ? log::Level::info : log::Level::warn;
  if (!around_.log.enabled(level)) return;
  const auto& envelope = transaction.message->envelope;
  const auto delay = around_.clock.wall() - envelope.accepted;
  const auto delay_ms = std::chrono::duration_cast<std::chrono::milliseconds>(delay);
  const auto& to = envelope.recipients[transaction.recipients[recipient]].address;
  const log::Field fields[] = {{"id", to_string(transaction.message->id)},
                               {"from", "<" + to_string(envelope.sender) + ">"},
                               {"to", "<" + to_string(to) + ">"},
                               {"relay", outcome.relay},
                               {"stage", to_string(outcome.stage)},
                               {"code", outcome.reply.code},
                               {"enhanced", to_string(outcome.reply.enhanced)},
                               {"reply", to_line(outcome.reply)},
                               {"delay", base::format_duration(delay_ms)},
                               {"attempts", transaction.attempts + (attempted.counts ? 1 : 0)},
                               {"tls", outcome.tls},
                               {"class", to_string(outcome.klass)}};
  // What was delivered has no class.
  const auto count = std::size(fields) - (state == mail::RecipientState::delivered ? 1 : 0);
  around_.log.write(level, event, std::span(fields).first(count));
}

}  // namespace godwit::dispatch
