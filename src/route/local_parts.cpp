// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/local_parts.hpp"

#include "godwit/base/text.hpp"

namespace godwit::route {

std::string address_key(std::string_view local, std::string_view domain) {
  return base::to_lower(local) + '@' + base::to_lower(domain);
}

bool looks_routed(std::string_view local) {
  return local.find_first_of("%!@") != std::string_view::npos;
}

std::string_view without_detail(std::string_view local, std::string_view separator) {
  if (separator.empty()) return {};
  const auto at = local.find(separator);
  return at == std::string_view::npos ? std::string_view() : local.substr(0, at);
}

}  // namespace godwit::route
