// SPDX-License-Identifier: Apache-2.0
// sendmail -t: whom a message's header names.  Pure.
#pragma once

#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::tools {

// Those of To, Cc and Bcc; of a message that is sent again (Resent-...), of these fields instead.  `message`: its
// beginning, with all of the header.  Errors: invalid (a field that cannot be read, or a header without an end), for
// then somebody might be left out.
base::Result<std::vector<smtp::Mailbox>> header_recipients(std::string_view message);

}  // namespace godwit::tools
