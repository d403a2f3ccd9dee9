// SPDX-License-Identifier: Apache-2.0
// Sender addresses of ours that lead bounces back.  An alias that leads to another host makes us the one who sends, and
// the sender's SPF does not name us.  Const; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/mail/srs.hpp"
#include "godwit/mail/verp.hpp"
#include "godwit/route/settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::route {

class ReturnPaths {
 public:
  // Requires: there is a secret.  The clock outlives this.
  ReturnPaths(const std::vector<std::string>& secrets, const Settings& settings, const base::Clock& clock)
      : srs_(secrets), settings_(settings.srs), clock_(clock) {
    if (!settings.detail_separator.empty()) verp_.emplace(secrets, settings.detail_separator);
  }

  // What the next host is told of a message by `sender` that an alias of `alias_domain` forwards.  The sender itself
  // where a rewritten address would be too long, or none is wanted.
  smtp::Mailbox rewritten(const smtp::Mailbox& sender, const std::string& alias_domain) const;
  // Whom an address of ours leads back to, or why nobody; nothing: it is no rewritten address.
  std::optional<std::expected<smtp::Mailbox, smtp::Reply>> restored(const smtp::Mailbox& address) const;

  // `sender` as an address that tells which recipient a bounce is about; the sender itself where that would be too
  // long.
  smtp::Mailbox tagged(const smtp::Mailbox& sender, const smtp::Mailbox& recipient) const;
  // Whom what came back to this address is about; nothing: it does not tell.
  std::optional<smtp::Mailbox> recipient_told_by(const smtp::Mailbox& address) const;

 private:
  mail::Srs srs_;
  std::optional<mail::Verp> verp_;
  SrsSettings settings_;
  const base::Clock& clock_;
};

}  // namespace godwit::route
