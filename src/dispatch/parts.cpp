// SPDX-License-Identifier: Apache-2.0
#include "parts.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace godwit::dispatch {
namespace {

constexpr std::size_t most_named = 20;

}  // namespace

Transaction together(const Parts& parts) {
  const auto& first = parts.front().transaction;
  Transaction all{.message = first.message, .recipients = {}, .attempts = first.attempts};
  for (const auto& part : parts) {
    const auto real = unanswered(part.transaction, part.answers);
    all.recipients.insert(all.recipients.end(), real.recipients.begin(), real.recipients.end());
  }
  return all;
}

std::vector<deliver::Outcomes> apart(Parts& parts, deliver::Outcomes outcomes) {
  std::vector<deliver::Outcomes> of_parts;
  auto next = outcomes.begin();
  for (auto& part : parts) {
    const auto count = std::ranges::count_if(part.answers, [](const auto& answer) { return !answer.has_value(); });
    auto& own = of_parts.emplace_back(std::make_move_iterator(next), std::make_move_iterator(next + count));
    next += count;
    add_answers(std::move(part.answers), own);
  }
  return of_parts;
}

std::string destinations_of(const Parts& parts) {
  std::string names;
  for (std::size_t i = 0; i < parts.size() && i < most_named; ++i)
    names += (i == 0 ? "" : ",") + parts[i].item.key.destination;
  return names;
}

}  // namespace godwit::dispatch
