// SPDX-License-Identifier: Apache-2.0
// Which messages of the queue an administrator means, and how many of them at a time.  control/ makes it of what the
// user said; selection.hpp finds the messages.  Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/summary.hpp"

namespace godwit::dispatch {

// Whatever is set must hold.  A pattern is an address or domain in which "*" stands for any run of characters, case
// does not matter, and "@domain" means all of that domain.
struct Selector {
  std::string sender{};     // "<>" is the null sender
  std::string recipient{};  // one that still waits
  std::string destination{};
  std::optional<queue::State> state{};
  std::optional<base::Duration> older{};  // accepted longer ago
  bool operator==(const Selector&) const = default;

  bool selects_all() const { return *this == Selector{}; }
  // Items and summaries know no recipients but their domains: what passes these may still fail in the envelope.
  bool needs_envelope() const;

  // destination, state, older, and the domain of recipient.
  bool may_mean(const queue::Item& item, base::WallTime now) const;
  // The same but for state, and sender.
  bool may_mean(const spool::Summary& summary, base::WallTime now) const;
  bool means(const mail::Recipient& recipient) const;  // recipient and destination; the item it is in has the rest

 private:
  bool may_mean_domain(std::string_view domain) const;
  bool is_old_enough(base::WallTime accepted, base::WallTime now) const;
};

struct Page {
  std::size_t limit = 0;
  std::optional<base::MessageId> after{};  // goes on behind this one
};

struct Selected {
  std::vector<base::MessageId> ids{};     // in order; at most the page's limit, and fewer where that took too long
  std::optional<base::MessageId> next{};  // `after` of the page that follows; nothing: there is none
};

}  // namespace godwit::dispatch
