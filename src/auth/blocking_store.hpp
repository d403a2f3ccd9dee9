// SPDX-License-Identifier: Apache-2.0
// What the stores that block have in common: a look-up on the pool, and the rest after a failure.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "godwit/auth/back_ends.hpp"

namespace godwit::auth {

// What a look-up gives that cannot tell.
Answer unavailable(std::string reason);

class BlockingStore : public BackEnd, public std::enable_shared_from_this<BlockingStore> {
 public:
  BlockingStore(StoreSettings settings, const BackEndParts& parts);

  std::string_view name() const override { return name_; }
  bool serves_scram() const override { return false; }
  boost::asio::awaitable<Answer> ask(std::shared_ptr<const Login> login) override;
  bool tells_names() const override { return auth::tells_names(settings_); }
  std::optional<Answer> find_now(const std::string&) const override { return std::nullopt; }
  boost::asio::awaitable<Answer> find(std::string user) override;

 protected:
  // On the pool, on several threads at once; until `deadline`.
  virtual Answer look_up(const Login& login, base::MonoTime deadline) = 0;
  virtual Answer find_name(const std::string& user, base::MonoTime deadline) = 0;
  base::MonoTime deadline() const { return parts_.clock.mono() + settings_.timeout; }

  const StoreSettings settings_;
  const BackEndParts parts_;

 private:
  boost::asio::awaitable<Answer> on_the_pool(std::function<Answer()> look);
  Answer look_or_rest(const std::function<Answer()>& look);

  std::string name_;
  std::atomic<base::Duration::rep> rests_until_;  // monotonic
};

}  // namespace godwit::auth
