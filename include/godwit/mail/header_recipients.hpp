// SPDX-License-Identifier: Apache-2.0
// Who a message is to and from by its header, where no envelope says it: sendmail -t, and messages handed in over HTTP.
// Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// Those of To, Cc and Bcc; of a message that is sent again (Resent-...), of these fields instead.  `message`: its
// beginning, with all of the header.  Errors: invalid (a field that cannot be read, or a header without an end), for
// then somebody might be left out.
base::Result<std::vector<smtp::Mailbox>> header_recipients(std::string_view message);

// The one of Sender, else the first of From; of a message that is sent again, of these fields with Resent-.  Nothing:
// none is named.  Errors: as above.
base::Result<std::optional<smtp::Mailbox>> header_sender(std::string_view message);

}  // namespace godwit::mail
