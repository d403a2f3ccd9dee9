// SPDX-License-Identifier: Apache-2.0
// A message that a part of this daemon hands in, as its connection knows it before its session says anything.
#pragma once

#include <optional>

#include "godwit/server/submissions.hpp"

namespace godwit::server {

struct HandedIn {
  Submitter who;
  BeforeCommit before_commit{};                 // may be empty
  std::optional<base::MessageId> committing{};  // noted by the connection: the spool was asked to take it
};

}  // namespace godwit::server
