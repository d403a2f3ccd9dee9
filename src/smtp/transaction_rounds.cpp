// SPDX-License-Identifier: Apache-2.0
#include "godwit/smtp/transaction_rounds.hpp"

#include <numeric>
#include <utility>

namespace godwit::smtp {

TransactionRounds::TransactionRounds(ClientTransaction whole)
    : whole_(std::move(whole)), left_(whole_.recipients.size()), results_(whole_.recipients.size()) {
  std::iota(left_.begin(), left_.end(), 0U);
}

std::optional<ClientTransaction> TransactionRounds::next() {
  if (left_.empty()) return {};
  ClientTransaction part = whole_;
  part.recipients.clear();
  for (const auto index : left_) part.recipients.push_back(whole_.recipients[index]);
  return part;
}

void TransactionRounds::take(const std::vector<RecipientResult>& answers) {
  std::vector<std::size_t> again;
  bool progress = false;
  for (std::size_t i = 0; i < left_.size() && i < answers.size(); ++i) {
    results_[left_[i]] = answers[i];
    progress = progress || answers[i].verdict == RecipientResult::Verdict::delivered;
    if (answers[i].verdict == RecipientResult::Verdict::send_again) again.push_back(left_[i]);
  }
  left_ = progress ? std::move(again) : std::vector<std::size_t>();
}

}  // namespace godwit::smtp
