// SPDX-License-Identifier: Apache-2.0
#include "sim/host/orders.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace godwit::sim {

void Orders::give() {
  constexpr Verb verbs[] = {Verb::hold, Verb::hold, Verb::release, Verb::retry, Verb::bounce, Verb::remove};
  auto& host = *hosts_[world_.random().below(hosts_.size())];
  const auto verb = verbs[world_.random().below(std::size(verbs))];
  if (world_.chance(70))
    about_one(host, verb);
  else
    about_many(host, verb);
}

// What an order may do it may have done as soon as it is given.
void Orders::begins(const base::IpAddress& host, Verb verb, const Ledger::Meant& meant) {
  if (verb == Verb::remove) ledger_.may_be_deleted(host, meant);
  if (verb == Verb::hold) may_be_held_[host].push_back(meant);
  if (verb != Verb::release) return;
  for (const auto& id : ledger_.names_of(host, meant)) standing_[{host, id}].must_be_held = false;
}

void Orders::about_one(Daemon& host, Verb verb) {
  const auto kept = ledger_.kept_by(host.address());
  if (kept.empty()) return;
  const auto id = kept[world_.random().below(kept.size())];
  begins(host.address(), verb, {.id = id});
  host.order({.verb = verb}, base::parse_message_id(id), {}, [this, name = Name(host.address(), id), verb](bool done) {
    if (!done) return;
    auto& standing = standing_[name];
    if (verb == Verb::hold) standing.must_be_held = true;
    if (verb == Verb::remove) standing.must_be_gone = true;
  });
}

// Reports have no sender: what they tell must not be lost.
void Orders::about_many(Daemon& host, Verb verb) {
  const std::string senders[] = {"@senders.example", "s3@senders.example", "@h0.example", "@h1.example"};
  const std::string recipients[] = {"", "@r0.example", "u1@r1.example", "@h2.example"};
  const Ledger::Meant meant{.sender = senders[world_.random().below(std::size(senders))],
                            .recipient = recipients[world_.random().below(std::size(recipients))]};
  begins(host.address(), verb, meant);
  host.order({.verb = verb}, {}, {.sender = meant.sender, .recipient = meant.recipient}, [](bool) {});
}

void Orders::release_all() {
  for (const auto& host : hosts_) {
    begins(host->address(), Verb::release, {});
    host->order({.verb = Verb::release}, {}, {}, [](bool) {});
  }
}

void Orders::check(const Daemon& host, const control::QueueEntry& entry) {
  const auto id = to_string(entry.id);
  const auto found = standing_.find({host.address(), id});
  const auto sender = to_string(entry.envelope.sender);
  const auto found_holds = may_be_held_.find(host.address());
  const bool may_be_held =
      found_holds != may_be_held_.end() && std::ranges::any_of(found_holds->second, [&](const auto& meant) {
        return (meant.id.empty() || meant.id == id) && Ledger::is_meant(meant.sender, sender);
      });
  const auto standing = found == standing_.end() ? Standing{} : found->second;
  const auto complain = [&](std::string_view kind, std::string_view what) {
    ledger_.complain(kind, fmt::format("{} has mail {} in its queue that {}", host.name(), id, what));
  };
  for (const auto& item : entry.items) {
    const bool is_held = item.state == queue::State::held;
    if (is_held && !may_be_held) complain("held", "nobody held");
    if (!is_held && standing.must_be_held && item.state != queue::State::active) complain("forgotten", "was held");
  }
  const bool waits = std::ranges::any_of(entry.envelope.recipients, [](const auto& recipient) {
    return recipient.state == mail::RecipientState::waiting;
  });
  if (waits && standing.must_be_gone) complain("forgotten", "was deleted");
}

}  // namespace godwit::sim
