// SPDX-License-Identifier: Apache-2.0
// When a message may and must be delivered, from what MAIL said (RFC 2852, RFC 4865).  Pure.
#pragma once

#include <expected>
#include <optional>

#include "godwit/base/clock.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::server {

struct Schedule {
  base::WallTime release{};  // epoch: at once
  std::optional<mail::DeliverBy> deliver_by{};
};

// Errors: the refusal of MAIL.
std::expected<Schedule, smtp::Reply> make_schedule(const smtp::MailParameters& parameters, base::WallTime now,
                                                   base::Duration longest_hold);

}  // namespace godwit::server
