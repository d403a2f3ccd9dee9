// SPDX-License-Identifier: Apache-2.0
// Which addresses have accounts, for `recipients: accounts`: the stores asked in their order, those that cannot tell
// left out.  One that cannot be asked ends the search, since it may be the one.  Answers are kept for a while.
#pragma once

#include "godwit/auth/store.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/lookup/answer_cache.hpp"
#include "godwit/lookup/table.hpp"

namespace godwit::auth {

class AccountNames final : public lookup::Table {
 public:
  // The clock outlives it.
  AccountNames(StoreList stores, const lookup::CacheSettings& cache, const base::Clock& clock);
  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string& address) override;
  boost::asio::awaitable<lookup::Answer> ask(std::string address) override;

 private:
  const std::string name_ = "accounts";
  StoreList stores_;
  lookup::AnswerCache cache_;
  const base::Clock& clock_;
};

}  // namespace godwit::auth
