// SPDX-License-Identifier: Apache-2.0
// The text of conf/bounce-patterns.yaml, which the build puts in (bounce_patterns.cpp.in).
#pragma once

#include <string_view>

namespace godwit::config {

extern const std::string_view bounce_patterns;

}  // namespace godwit::config
