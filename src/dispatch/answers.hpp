// SPDX-License-Identifier: Apache-2.0
// Recipients that are answered for without an attempt: an expanded alias is no place to deliver to, who is on the
// suppression list gets no mail for a time, and what an alias has forwarded to another host already is in a loop.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "transaction.hpp"

namespace godwit::dispatch {

// One for each of Transaction::recipients; nothing: it is to be attempted.
using Answers = std::vector<std::optional<deliver::Outcome>>;

// Where the message has been by its own words (mail::delivered_to); nowhere, unless an alias forwards it.
boost::asio::awaitable<std::set<std::string>> passed_before(std::shared_ptr<const spool::StoredMessage> message,
                                                            std::shared_ptr<const route::Router> router);
Answers answers_for(const Transaction& transaction, const route::Router& router,
                    const state::Suppressions* suppressions, const std::set<std::string>& passed);
// What is to be attempted.
Transaction unanswered(const Transaction& transaction, const Answers& answers);
// Puts them among the outcomes of the others, in the order of the transaction.
void add_answers(Answers answers, deliver::Outcomes& outcomes);

}  // namespace godwit::dispatch
