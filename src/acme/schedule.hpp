// SPDX-License-Identifier: Apache-2.0
// When a certificate is ordered: for want of one, some time before its end, and after a failure less and less often, so
// that neither a wrong configuration nor a daemon that dies again and again is a burden to the authority.  Pure;
// private to acme/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/acme/settings.hpp"
#include "godwit/base/clock.hpp"
#include "present.hpp"

namespace godwit::acme {

// What became of the tries since the last success; kept, for a restart must not forget it.
struct Attempts {
  std::string terms;            // what was tried to get: for others it counts nothing
  unsigned failures = 0;        // one after the other, the one under way included
  base::WallTime last{};        // when the last one began, or succeeded
  base::WallTime not_before{};  // that, for the next
  std::string error;            // of the last one; empty: none failed
};

struct Due {
  base::WallTime at{};
  std::string_view reason;  // "none", "names", "age"
};
// `fraction`: a random one that stays, so that not all hosts come at once.  `now`: what was kept of a later time counts
// nothing.
Due next_order(const std::optional<Present>& present, const Settings& settings, const Attempts& attempts,
               double fraction, base::WallTime now);

// Before it begins: as if the daemon were to die of it, so that it is tried again soon, but not for ever.
Attempts begun(Attempts attempts, const std::string& terms, base::WallTime now, double fraction);
Attempts failed(Attempts attempts, std::string error, std::optional<base::Duration> retry_after, base::WallTime now,
                double fraction);
// Even where the certificate looks as if it were due again at once, or cannot be read.
Attempts succeeded(const std::optional<Present>& present, const std::string& terms, base::WallTime now);

// All by which an order is another.
std::string terms_of(const Settings& settings);

}  // namespace godwit::acme
