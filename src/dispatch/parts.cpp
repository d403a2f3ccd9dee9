// SPDX-License-Identifier: Apache-2.0
#include "parts.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace godwit::dispatch {
namespace {

constexpr std::size_t most_named = 20;

void leave_untried(Part& part, deliver::Outcomes& outcomes) {
  std::vector<std::uint32_t> tried;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (!outcomes[i].untried) tried.push_back(part.transaction.recipients[i]);
  if (std::erase_if(outcomes, [](const auto& outcome) { return outcome.untried; }) > 0) part.others_wait = true;
  part.transaction.recipients = std::move(tried);
}

}  // namespace

Transaction together(const Parts& parts) {
  const auto& first = parts.front().transaction;
  auto all = first;
  all.recipients.clear();
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

void leave_untried(Parts& parts, std::vector<deliver::Outcomes>& outcomes) {
  for (std::size_t i = parts.size(); i-- > 0;) {
    leave_untried(parts[i], outcomes[i]);
    if (!parts[i].others_wait || !outcomes[i].empty()) continue;
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    outcomes.erase(outcomes.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::string destinations_of(const Parts& parts) {
  std::string names;
  for (std::size_t i = 0; i < parts.size() && i < most_named; ++i)
    names += (i == 0 ? "" : ",") + parts[i].item.key.destination;
  return names;
}

}  // namespace godwit::dispatch
