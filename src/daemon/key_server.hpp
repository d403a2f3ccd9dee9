// SPDX-License-Identifier: Apache-2.0
// Does what the daemon asks of its private keys: reads their files, and signs.  They never leave it.  Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "godwit/net/key_holder.hpp"
#include "key_messages.hpp"

namespace godwit::daemon {

class KeyServer {
 public:
  // The reply to a request, whatever it is.
  std::string answer(std::string_view request);

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  base::Result<std::string> keep(const std::string& path, std::uint64_t& key);
  base::Result<std::string> sign(std::uint64_t key, const net::SigningOrder& order) const;
  void release(const std::vector<std::uint64_t>& keys);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Key> keys_;
  std::uint64_t last_ = 0;
};

}  // namespace godwit::daemon
