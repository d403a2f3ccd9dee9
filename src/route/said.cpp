// SPDX-License-Identifier: Apache-2.0
#include "said.hpp"

namespace godwit::route {

const lookup::Answer* Said::keep(Question question, lookup::Answer answer) {
  if (answer.kind == lookup::Answer::Kind::unavailable) {
    ++unknowns_;
    if (!outage_) outage_ = question.first->name() + ": " + answer.reason;
    return nullptr;
  }
  return &answers_.insert_or_assign(std::move(question), std::move(answer)).first->second;
}

const lookup::Answer* Said::about(lookup::Table& table, const std::string& key) {
  Question question(&table, key);
  if (const auto found = answers_.find(question); found != answers_.end()) return &found->second;
  if (auto known = table.recall(key)) return keep(std::move(question), std::move(*known));
  if (others_ == OtherHosts::are_left_alone)
    if (auto assumed = table.assume(key)) return keep(std::move(question), std::move(*assumed));
  missing_.insert(std::move(question));
  ++unknowns_;
  return nullptr;
}

boost::asio::awaitable<void> Said::learn() {
  for (const auto missing = std::exchange(missing_, {}); const auto& question : missing) {
    if (outage_) co_return;
    auto asking = question.first->ask(question.second);
    auto answer = co_await std::move(asking);
    keep(question, std::move(answer));
  }
}

}  // namespace godwit::route
