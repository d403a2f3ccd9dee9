// SPDX-License-Identifier: Apache-2.0
// Fetching a policy (RFC 8461 section 3.3), here and for the doctor (setup/).
#pragma once

#include <expected>
#include <string>

#include "godwit/net/http_client.hpp"
#include "godwit/route/mta_sts.hpp"

namespace godwit::route {

struct StsFailure {
  std::string_view type;  // result type of RFC 8460 section 4.3.2.2
  std::string why;
};
using StsFetched = std::expected<StsPolicy, StsFailure>;

net::HttpRequest sts_request(const std::string& domain, std::uint16_t port);
// What an exchange came to; pure.
StsFetched sts_fetched(const net::HttpClient::Outcome& outcome);

}  // namespace godwit::route
