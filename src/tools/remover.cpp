// SPDX-License-Identifier: Apache-2.0
#include "remover.hpp"

#include "blocking.hpp"
#include "godwit/base/checksum.hpp"
#include "own_spool.hpp"

namespace godwit::tools {
namespace {

// Settles what waits, as `godwitctl queue delete` does.
mail::Update deletion(const mail::Envelope& envelope) {
  mail::Update update;
  for (std::uint32_t i = 0; i < envelope.recipients.size(); ++i) {
    if (envelope.recipients[i].state != mail::RecipientState::waiting) continue;
    mail::RecipientUpdate& recipient = update.recipients.emplace_back();
    recipient.index = i;
    recipient.state = mail::RecipientState::deleted;
    recipient.last_reply = "moved to another host";
  }
  return update;
}

}  // namespace

std::uint32_t state_of(const mail::Envelope& envelope) {
  return base::crc32c(mail::encode(envelope));
}

base::Result<Removed> remove_exported(const spool::Settings& settings, const std::vector<ExportedState>& exported) {
  OwnSpool spool;
  if (auto opened = spool.open(settings); !opened) return std::unexpected(std::move(opened.error()));
  Removed removed;
  for (const ExportedState& one : exported) {
    const auto message = run_here(spool.context(), spool->read(one.id));
    // A daemon may have worked between the export and now.
    if (!message || state_of(message->envelope) != one.envelope_crc) {
      ++removed.changed;
      continue;
    }
    spool->update(one.id, deletion(message->envelope));
    ++removed.messages;
  }
  if (auto closed = spool.close(); !closed) return std::unexpected(std::move(closed.error()));
  return removed;
}

}  // namespace godwit::tools
