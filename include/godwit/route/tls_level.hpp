// SPDX-License-Identifier: Apache-2.0
// The words for levels of TLS, as the configuration has them.  Pure.
#pragma once

#include <string_view>

#include "godwit/route/settings.hpp"

namespace godwit::route {

std::string_view name_of(TlsLevel level);

}  // namespace godwit::route
