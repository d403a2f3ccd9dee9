// SPDX-License-Identifier: Apache-2.0
// One attempt at one transaction (a message and its waiting recipients of one domain) over a hop: choose the agent, and
// give the outcomes; settling is settlement.hpp's.
#pragma once

#include <cstdint>
#include <functional>
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
  base::Duration jumped{};                // by how much the clock was set since the message was accepted
};

// The waiting recipients of `domain`.
Transaction make_transaction(std::shared_ptr<const spool::StoredMessage> message, const std::string& domain,
                             std::uint32_t attempts);

// The same answer of ours for every recipient.
deliver::Outcomes same_for_all(const Transaction& transaction, deliver::Outcome::Kind kind, const smtp::Reply& reply,
                               std::string relay);
deliver::Outcomes no_route(const Transaction& transaction, const route::NoRoute& none);

// Told of recipients who got the message while the attempt goes on with others; in any thread, some twice.  By index
// into the envelope's recipients.
using Early = std::function<void(std::uint32_t recipient, const deliver::Outcome& outcome)>;

// One outcome for each of Transaction::recipients; what happened is written into `transcript`.  Requires: not HoldHop,
// not NoRoute.
boost::asio::awaitable<deliver::Outcomes> attempt(const Transaction& transaction, route::Hop hop,
                                                  std::shared_ptr<const route::Router> router,
                                                  Surroundings& surroundings, Lane lane,
                                                  std::shared_ptr<deliver::Transcript> transcript, Early early);

}  // namespace godwit::dispatch
