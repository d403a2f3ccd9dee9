// SPDX-License-Identifier: Apache-2.0
// Messages that the daemon writes itself, to people of this host: from nobody, so that none is answered or returned.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

// Envelope::protocol of such messages.  Nobody is told when a notice cannot be delivered.
inline constexpr std::string_view internal_protocol = "internal";
inline constexpr std::string_view notice_protocol = "notice";

struct OwnMessage {
  std::string hostname;
  std::vector<mail::Recipient> recipients{};
  smtp::BodyType body = smtp::BodyType::seven_bit;
  std::function<std::string(base::MessageId id, base::WallTime now)> compose{};  // header and body, canonical
  std::shared_ptr<const mailauth::Signers> signers{};                            // null: it is not signed
  std::string_view protocol = internal_protocol;
};
// Completes when it survives power loss.  Errors: exhausted (the spool does not take it), io (it cannot be signed now).
// Spool and clock outlive it.
boost::asio::awaitable<base::Result<base::MessageId>> commit_own(spool::Spool& spool, const base::Clock& clock,
                                                                 OwnMessage message);

}  // namespace godwit::dispatch
