// SPDX-License-Identifier: Apache-2.0
// Mail that was kept for want of a postmaster goes to the one that the configuration names now: as a message of its
// own, because recipients of a stored message do not change.
#pragma once

#include <optional>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/route/router.hpp"
#include "transaction.hpp"

namespace godwit::dispatch {

// Both outlive the calls.  The recipients of the transaction that takes its place; empty: not all of its own have
// somebody now.
boost::asio::awaitable<std::vector<mail::Recipient>> forwarded_recipients(const Transaction& transaction,
                                                                          const route::Router& router);

// Stores the message for these.  Nothing: the spool did not take it, and the log says why.
boost::asio::awaitable<std::optional<base::MessageId>> store_forwarded(const Transaction& transaction,
                                                                       std::vector<mail::Recipient> recipients,
                                                                       Surroundings& surroundings);

// The transaction's recipients are done with.
mail::Update forwarded_update(const Transaction& transaction, base::MessageId as);

}  // namespace godwit::dispatch
