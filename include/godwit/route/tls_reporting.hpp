// SPDX-License-Identifier: Apache-2.0
// For whom sessions with the hosts of a hop are counted, and under what policy (RFC 8460).  Plain data.
#pragma once

#include <memory>
#include <string>

#include "godwit/route/mta_sts.hpp"

namespace godwit::route {

struct TlsReporting {
  std::string domain{};                    // whose mail it is; empty: not counted
  std::shared_ptr<const StsPolicy> sts{};  // enforced or testing; null: none
  std::string problem{};                   // why there is none although one is announced: a result type of RFC 8460
  std::string why{};                       // the same in words
};

}  // namespace godwit::route
