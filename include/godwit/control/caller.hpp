// SPDX-License-Identifier: Apache-2.0
// Who makes a request of the control API: the bearer of a token, or a user of this machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/rate.hpp"
#include "godwit/control/settings.hpp"
#include "godwit/server/submissions.hpp"

namespace godwit::control {

struct Caller {
  Scopes scopes = 0;
  std::string name{};                            // whose idempotency keys and rates these are; no secret
  std::optional<server::Submitter> submitter{};  // nothing: it cannot hand in messages
  // How much it may hand in; all count.
  std::vector<base::Rate> messages{}, recipients{};
};

}  // namespace godwit::control
