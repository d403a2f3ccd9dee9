// SPDX-License-Identifier: Apache-2.0
// One attempt at one transaction (a message and its waiting recipients of one domain): route it, hand it to the agent
// of its hop, and give the outcomes.  Pure choice of agent; settling is settlement.hpp's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/dispatch/dispatcher.hpp"

namespace godwit::dispatch {

struct Transaction {
  std::shared_ptr<const spool::StoredMessage> message;
  std::vector<std::uint32_t> recipients;  // indexes into the envelope
  std::uint32_t attempts = 0;             // before this one
};

// The waiting recipients of `domain`.
Transaction make_transaction(std::shared_ptr<const spool::StoredMessage> message, const std::string& domain,
                             std::uint32_t attempts);

struct Attempted {
  std::string relay_kind;           // "smtp", "maildir", …
  std::optional<std::string> hold;  // not tried: a rule holds it, and why
  deliver::Outcomes outcomes;       // one for each of Transaction::recipients
};

boost::asio::awaitable<Attempted> attempt(const Transaction& transaction, const std::string& domain,
                                          std::shared_ptr<const route::Router> router, Surroundings& surroundings,
                                          Lane lane);

}  // namespace godwit::dispatch
