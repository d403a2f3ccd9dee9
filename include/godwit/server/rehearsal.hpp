// SPDX-License-Identifier: Apache-2.0
// What the rules would say of an envelope that somebody sent once, as the connection asks them at MAIL, RCPT and the
// message's end: without a client, and without a trace.  Nothing is counted, greylisted or asked of other hosts, so
// limits in a time, milters and what inspects the message have no say; SPF and checks have theirs where DNS may be
// asked.  Any reactor, with DNS that of the surroundings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/mail/envelope.hpp"
#include "godwit/policy/relay.hpp"
#include "godwit/server/server.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::server {

struct PastEnvelope {
  policy::Client client{};
  std::string hello{};
  smtp::ReversePath sender{};
  std::vector<smtp::Mailbox> recipients{};  // as in RCPT
  std::size_t before = 0;                   // of its recipients, those that were asked for before these
  std::size_t asked = 0;                    // how many there were; perhaps more than are known
  std::uint64_t size = 0;                   // of the message; 0: it never came
};

struct RehearsalRules {
  Rules rules;  // of them settings, policy, router, may_send_as, canonical; with DNS also verification and checks
  // Whether somebody can be logged in as this account.
  std::function<bool(const std::string& account)> knows_account;
  std::string own_user{};                             // whose programs may send as anybody, as the daemon's own
  const policy::CheckSurroundings* checks = nullptr;  // where DNS is asked; null: it is not
};

struct Rehearsal {
  struct Recipient {
    smtp::Mailbox asked{};
    std::optional<smtp::Reply> refusal{};
    // What refuses it: "relaying", "domains.example.com", "limits.recipients", "tables", "spf", "checks.dns_lists".
    std::string rule{};
    std::vector<mail::Recipient> recipients{};  // what it stands for
  };
  smtp::ReversePath sender{};  // as it goes on
  // Of all: "accounts", "sender", "limits.message_size", "tables".
  std::optional<smtp::Reply> refusal{};
  std::string rule{};
  std::vector<Recipient> recipients{};  // none where all is refused
};

// The rules outlive the call.
boost::asio::awaitable<Rehearsal> rehearse(const RehearsalRules& rules, PastEnvelope envelope);

}  // namespace godwit::server
