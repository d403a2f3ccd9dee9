// SPDX-License-Identifier: Apache-2.0
// What must be true of a spool, whatever happened.
#include <algorithm>

#include "sim/spool_model.hpp"

namespace godwit::test {
namespace {

spool::Summary expected_summary(base::MessageId id, const mail::Envelope& envelope, std::uint64_t size) {
  std::map<std::string, std::uint32_t> domains;
  for (const auto& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) ++domains[recipient.address.domain];
  spool::Summary summary{.id = id,
                         .accepted = envelope.accepted,
                         .next_attempt = envelope.next_attempt,
                         .attempts = envelope.attempts,
                         .size = size,
                         .held = envelope.held,
                         .warned = envelope.warned,
                         .bounce = envelope.is_bounce(),
                         .sender = smtp::to_string(envelope.sender)};
  for (const auto& [domain, count] : domains) summary.waiting.push_back({domain, count});
  return summary;
}

}  // namespace

std::string World::check_message(const spool::Summary& listed) {
  const base::MessageId id = listed.id;
  const auto found = ledger_.entries.find(id);
  if (found == ledger_.entries.end()) return base::to_string(id) + " was never sent";
  const Ledger::Entry& entry = found->second;
  if (entry.finished_durable) return base::to_string(id) + " was finished and is back";
  auto stored = run(spool_->read(id));
  if (!stored) return base::to_string(id) + " is not readable: " + stored.error().message;
  std::string body(entry.body.size() + 1, '\0');
  auto got = run(stored->body->read(0, body));
  if (!got) return base::to_string(id) + " body: " + got.error().message;
  body.resize(*got);
  if (body != entry.body || stored->body->size() != entry.body.size()) return base::to_string(id) + " has another body";
  const mail::Envelope& envelope = stored->envelope;
  if (!(listed == expected_summary(id, envelope, entry.body.size())))
    return base::to_string(id) + " is listed otherwise than read";
  const auto from = entry.versions.begin() + static_cast<std::ptrdiff_t>(entry.durable_version);
  if (std::ranges::find(from, entry.versions.end(), envelope, &Ledger::Version::envelope) == entry.versions.end())
    return base::to_string(id) + " has an envelope that was never current";
  found->second.seen = envelope;
  return {};
}

// What recovery showed once must stay: a message that was never acknowledged but came back too, an update that got lost
// too.
void World::settle(const std::set<base::MessageId>& live) {
  for (auto& [id, entry] : ledger_.entries) {
    if (!live.contains(id)) {
      entry.finished = entry.finished_durable = true;
      continue;
    }
    entry.acknowledged = true;
    entry.finished = false;
    entry.versions = {{entry.seen}};
    entry.durable_version = 0;
  }
}

std::string World::check() {
  if (!wrong_.empty()) return wrong_;
  std::vector<spool::Summary> listed;
  std::set<base::MessageId> live;
  auto result = run(spool_->for_each_live(spool::Listing::fast, [&](const spool::Summary& summary) {
    listed.push_back(summary);
    return true;
  }));
  if (!result) return "listing failed: " + result.error().message;
  for (const spool::Summary& summary : listed) {
    if (!live.insert(summary.id).second) return base::to_string(summary.id) + " is listed twice";
    if (std::string wrong = check_message(summary); !wrong.empty()) return wrong;
  }
  for (const auto& [id, entry] : ledger_.entries)
    if (entry.is_open() && !live.contains(id)) return base::to_string(id) + " was acknowledged and is lost";
  const auto statistics = spool_->statistics();
  if (statistics.quarantined != 0) return "quarantined without damage";
  if (statistics.messages != live.size()) return "the count of messages is wrong";
  settle(live);
  return {};
}

}  // namespace godwit::test
