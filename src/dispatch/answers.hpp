// SPDX-License-Identifier: Apache-2.0
// Recipients that are answered for without an attempt: an expanded alias is no place to deliver to, and who is on the
// suppression list gets no mail for a time.
#pragma once

#include <optional>
#include <vector>

#include "transaction.hpp"

namespace godwit::dispatch {

// One for each of Transaction::recipients; nothing: it is to be attempted.
using Answers = std::vector<std::optional<deliver::Outcome>>;

Answers answers_for(const Transaction& transaction, const route::Router& router,
                    const state::Suppressions* suppressions);
// What is to be attempted.
Transaction unanswered(const Transaction& transaction, const Answers& answers);
// Puts them among the outcomes of the others, in the order of the transaction.
void add_answers(Answers answers, deliver::Outcomes& outcomes);

}  // namespace godwit::dispatch
