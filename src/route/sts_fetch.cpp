// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/sts_fetch.hpp"

#include <string_view>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::route {
namespace {

std::unexpected<StsFailure> failed(std::string_view type, std::string why) {
  return std::unexpected(StsFailure{.type = type, .why = std::move(why)});
}

}  // namespace

net::HttpRequest sts_request(const std::string& domain, std::uint16_t port) {
  net::HttpRequest request;
  request.url = {.tls = true, .host = "mta-sts." + domain, .port = port, .target = "/.well-known/mta-sts.txt"};
  request.accept = "text/plain";
  return request;
}

StsFetched sts_fetched(const net::HttpClient::Outcome& outcome) {
  if (!outcome) {
    const bool certificate = outcome.error().step == net::HttpFailure::Step::certificate;
    return failed(certificate ? "sts-webpki-invalid" : "sts-policy-fetch-error", outcome.error().why);
  }
  if (outcome->status != 200)
    return failed("sts-policy-fetch-error", fmt::format("the server answers {}", outcome->status));
  // A page that users may fill must not pass for a policy.
  const std::string_view sent_type = outcome->content_type;
  const auto type = base::trim(sent_type.substr(0, sent_type.find(';')));
  if (!base::iequals(type, "text/plain"))
    return failed("sts-policy-fetch-error",
                  fmt::format("the policy is \"{}\", not text/plain", base::printable(type, 80)));
  auto policy = parse_sts_policy(outcome->body);
  if (!policy) return failed("sts-policy-invalid", policy.error().message);
  return std::move(*policy);
}

}  // namespace godwit::route
