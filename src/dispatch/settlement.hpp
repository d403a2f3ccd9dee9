// SPDX-License-Identifier: Apache-2.0
// Turns the outcomes of an attempt into what is written and told: the update of each recipient, which recipients the
// sender is told about, and when to try again.  Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/deliver/agent.hpp"
#include "godwit/dispatch/settings.hpp"
#include "godwit/mail/dsn.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/spool/summary.hpp"
#include "transaction.hpp"

namespace godwit::dispatch {

struct Settlement {
  mail::Update update;
  std::vector<mail::DsnRecipient> failures;   // bounced or expired: a failure report is due
  std::vector<mail::DsnRecipient> delays;     // still waiting, the delay warning is due
  std::vector<mail::DsnRecipient> successes;  // delivered, and the sender asked to be told
  std::vector<std::uint32_t> unreachable{};   // sorted: a host said for good that mail does not reach them
  bool waiting = false;                       // some recipients of this transaction wait on
};

// `fraction` in [0,1) is the jitter; `schedule`: the one of this message's way.
Settlement settle(const Settings& settings, const queue::RetrySettings& schedule, const Transaction& transaction,
                  const deliver::Outcomes& outcomes, base::WallTime now, double fraction);

// Of its recipients nobody waits, at other destinations either, of whose delay the sender does not know once these are
// recorded.
bool all_warned(const mail::Envelope& envelope, const std::vector<Settlement>& settlements);

// What decides when a message must be spoken for even if nothing could be attempted.
struct Patience {
  base::WallTime since{};  // when its age began
  std::optional<mail::DeliverBy> deliver_by{};
  bool bounce = false;
  bool warned = false;  // its sender knows that it is late
};
// `jumped`: by how much the clock was set since it was accepted.
Patience patience_of(const mail::Envelope& envelope, base::Duration jumped);
Patience patience_of(const spool::Summary& summary, base::Duration jumped);
// The delay warning, the time that the sender set, else the expiry.  `earliest` puts off all but the sender's time.
base::WallTime next_deadline(const queue::RetrySettings& retry, const Patience& patience, base::WallTime earliest = {});
// When it is returned, if nothing becomes of it until then.
base::WallTime given_up_at(const queue::RetrySettings& retry, Patience patience);

// An administrator ends the wait of those whom `means` means, as bounced or deleted; only the former are reported.
Settlement settle_ended(const mail::Envelope& envelope, const std::function<bool(const mail::Recipient&)>& means,
                        mail::RecipientState ended, const smtp::Reply& reply);

}  // namespace godwit::dispatch
