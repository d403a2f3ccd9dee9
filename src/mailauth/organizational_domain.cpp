// SPDX-License-Identifier: Apache-2.0
#include "godwit/mailauth/organizational_domain.hpp"

#include <libpsl.h>

#include <memory>

#include "godwit/base/text.hpp"

namespace godwit::mailauth {

base::Result<OrganizationalDomain> by_public_suffix_list() {
  std::shared_ptr<psl_ctx_t> list(psl_latest(nullptr), psl_free);
  if (!list) return base::fail(base::ErrorKind::not_found, "there is no public suffix list on this machine");
  return [list = std::move(list)](std::string_view domain) {
    const auto name = base::to_lower(domain);
    const char* organizational = psl_registrable_domain(list.get(), name.c_str());
    return organizational == nullptr ? name : std::string(organizational);
  };
}

}  // namespace godwit::mailauth
