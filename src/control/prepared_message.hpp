// SPDX-License-Identifier: Apache-2.0
// A message that is ready to be handed in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "godwit/control/submission_desk.hpp"
#include "godwit/smtp/client_session.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::control {

// What one request takes of the memory of all, given back with it.
class Share {
 public:
  struct Bounds {
    std::uint64_t of_caller, in_all;
  };

  Share(TakenMemory& taken, std::string caller) : taken_(taken), caller_(std::move(caller)) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() {
    taken_.in_all -= own_;
    const auto of = taken_.of.find(caller_);
    if (of == taken_.of.end()) return;
    of->second -= own_;
    if (of->second == 0) taken_.of.erase(of);
  }
  // False: beyond what this caller, or all, may take.
  bool take(std::uint64_t bytes, Bounds most) {
    auto& of_caller = taken_.of[caller_];
    if (of_caller + bytes > most.of_caller || taken_.in_all + bytes > most.in_all) return false;
    of_caller += bytes;
    taken_.in_all += bytes;
    own_ += bytes;
    return true;
  }

 private:
  TakenMemory& taken_;
  const std::string caller_;
  std::uint64_t own_ = 0;
};

struct PreparedMessage {
  smtp::ClientTransaction transaction{};
  spool::Pieces body{};
  std::shared_ptr<Share> share{};  // null: it streams by
};

}  // namespace godwit::control
