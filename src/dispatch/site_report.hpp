// SPDX-License-Identifier: Apache-2.0
// What the outcomes of an attempt tell of the site it was made at.  Pure.
#pragma once

#include "godwit/deliver/agent.hpp"
#include "godwit/queue/queue.hpp"

namespace godwit::dispatch {

// `fraction` in [0,1): jitter of the site's next probe.
queue::SiteReport site_report(const deliver::Outcomes& outcomes, double fraction);

}  // namespace godwit::dispatch
