// SPDX-License-Identifier: Apache-2.0
// Endpoints as people write them: endpoint("192.0.2.1:25"), endpoint("[::]:25").
#pragma once

#include "godwit/base/ip_address.hpp"

namespace godwit::testing {

inline base::Endpoint endpoint(const char* text) {
  return base::Endpoint::parse(text).value();
}

}  // namespace godwit::testing
