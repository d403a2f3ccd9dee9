// SPDX-License-Identifier: Apache-2.0
// The pieces of a message that a client sends for import, for a task that may outlast the request: it knows since when
// the spool, and not the client, is waited for, and gives no more once the request is over.  Home reactor.
#pragma once

#include <optional>
#include <utility>

#include "godwit/net/patience.hpp"
#include "godwit/spool/add_message.hpp"

namespace godwit::daemon {

class PatientPieces {
 public:
  PatientPieces(const net::Patience& patience, spool::Pieces pieces)
      : patience_(patience), pieces_(std::move(pieces)), since_(patience.now()) {}

  // While the client's turn lasts: now.
  base::MonoTime spool_asked_at() const { return since_.value_or(patience_.now()); }
  // What the pieces come from is about to go.
  void end() { pieces_ = nullptr; }

  disk::Task<std::string_view> next() {
    if (!pieces_) co_return base::fail(base::ErrorKind::cancelled, "the request is over");
    since_.reset();
    auto reading = pieces_();
    auto piece = co_await std::move(reading);
    since_ = patience_.now();
    co_return piece;
  }

 private:
  const net::Patience& patience_;
  spool::Pieces pieces_;
  std::optional<base::MonoTime> since_;
};

}  // namespace godwit::daemon
