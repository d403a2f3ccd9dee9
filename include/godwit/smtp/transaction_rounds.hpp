// SPDX-License-Identifier: Apache-2.0
// A transaction in as many messages as its recipients need: those for whom there was no room in one (send_again) are
// sent another (RFC 5321 section 4.5.3.1.10).  Used by those who submit; pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "godwit/smtp/client_session.hpp"

namespace godwit::smtp {

class TransactionRounds {
 public:
  explicit TransactionRounds(ClientTransaction whole);

  // What to send next; empty: all is decided, or the last round brought nobody further.
  std::optional<ClientTransaction> next();
  // What became of that.
  void take(const std::vector<RecipientResult>& answers);
  // Of all recipients, in their order; who was not tried yet has the default: try_next.
  const std::vector<RecipientResult>& results() const { return results_; }

 private:
  ClientTransaction whole_;
  std::vector<std::size_t> left_;  // indexes into whole_.recipients
  std::vector<RecipientResult> results_;
};

}  // namespace godwit::smtp
