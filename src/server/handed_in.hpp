// SPDX-License-Identifier: Apache-2.0
// A message that a part of this daemon hands in, as its connection knows it before its session says anything.
#pragma once

#include <optional>

#include "godwit/server/submissions.hpp"

namespace godwit::server {

struct HandedIn {
  Submitter who;
  BeforeCommit before_commit{};  // may be empty
  // Noted by the connection: the spool was asked to take it; it failed, and may have it all the same.
  std::optional<base::MessageId> committing{};
  bool spool_failed = false;
};

}  // namespace godwit::server
