// SPDX-License-Identifier: Apache-2.0
// Internationalized domain names (RFC 5890, UTS 46) in the form in which DNS knows them.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::smtp {

// "bücher.example" → "xn--bcher-kva.example".  `domain` is valid UTF-8.  Errors: invalid (no such name can exist).
base::Result<std::string> to_a_labels(std::string_view domain);

}  // namespace godwit::smtp
