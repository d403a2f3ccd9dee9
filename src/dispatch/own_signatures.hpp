// SPDX-License-Identifier: Apache-2.0
// DKIM for mail of the host itself: reports and notices are signed as what users send is.  Pure.
#pragma once

#include <string>
#include <string_view>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mailauth/signers.hpp"

namespace godwit::dispatch {

// The fields that belong above the message; none where no key is for the domain in its From.  Errors: io (a key cannot
// be used now; who gets it might refuse it for good as it is).
base::Result<std::string> own_signatures(std::string_view message, const mailauth::Signers* signers,
                                         base::WallTime now);

}  // namespace godwit::dispatch
