// SPDX-License-Identifier: Apache-2.0
// A message that is ready to be handed in.
#pragma once

#include <memory>

#include "godwit/smtp/client_session.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::control {

// Memory that a request takes, given back with it.
class Share {
 public:
  explicit Share(std::uint64_t& used) : used_(used) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { used_ -= own_; }
  // False: beyond `most` in all.
  bool take(std::uint64_t bytes, std::uint64_t most) {
    if (used_ + bytes > most) return false;
    used_ += bytes;
    own_ += bytes;
    return true;
  }

 private:
  std::uint64_t& used_;
  std::uint64_t own_ = 0;
};

struct PreparedMessage {
  smtp::ClientTransaction transaction{};
  spool::Pieces body{};
  std::shared_ptr<Share> share{};  // null: it streams by
};

}  // namespace godwit::control
