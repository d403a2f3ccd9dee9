// SPDX-License-Identifier: Apache-2.0
// The words for what a listener serves, in the log, in the history and to hooks.  Pure.
#pragma once

#include <optional>
#include <string_view>

#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

std::string_view name_of(smtp::Service service);  // "mx", "submission", "local"
std::optional<smtp::Service> service_named(std::string_view name);

}  // namespace godwit::policy
