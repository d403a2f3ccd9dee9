// SPDX-License-Identifier: Apache-2.0
// How clients and header fields are written in the milter protocol.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"
#include "milter_change.hpp"

namespace godwit::policy {

// Data of `connect`.  client: empty where it has no address.
std::string milter_client(std::string_view host_name, const std::optional<base::Endpoint>& client);
// Data of `header`: lines end with LF alone, one space behind the colon stays only where it was agreed on; a field that
// is longer than a packet is cut at the end of a line.
std::string milter_field(std::string_view name, std::string_view body, bool keeps_space);
// What a milter that knows no space behind the colon gives gets one.
void add_leading_space(MilterChange& change);

}  // namespace godwit::policy
