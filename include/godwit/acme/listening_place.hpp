// SPDX-License-Identifier: Apache-2.0
// Where the authority's question is waited for, while an order is under way: for who binds, and for who checks before
// whether that will be possible.  Pure.
#pragma once

#include <optional>

#include "godwit/acme/settings.hpp"

namespace godwit::acme {

// Empty: nowhere (a web server answers).
inline std::optional<base::Endpoint> listening_place(const Settings& settings) {
  if (!settings.webroot.empty()) return {};
  if (settings.listen) return settings.listen;
  const bool is_http = settings.challenge == ChallengeKind::http_01;
  return base::Endpoint::parse(is_http ? "[::]:80" : "[::]:443");
}

}  // namespace godwit::acme
