// SPDX-License-Identifier: Apache-2.0
// The organisational domain by the public suffix list, as RFC 7489 section 3.2 had it, where that is wanted instead of
// the tree walk of RFC 9989.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::mailauth {

// Any thread.
using OrganizationalDomain = std::function<std::string(std::string_view domain)>;

// By the newest list of this machine, else the one that libpsl was built with.  Reads a file; the list stays as it was
// read.  Error not_found: there is none.
base::Result<OrganizationalDomain> by_public_suffix_list();

}  // namespace godwit::mailauth
