// SPDX-License-Identifier: Apache-2.0
// Mail that this host writes by itself (what it tells others once a day) on its way into the spool: routed as any mail,
// and signed for the domain of its author.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mailauth/signers.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

struct OwnMail {
  smtp::ReversePath sender{};
  smtp::Mailbox to;
  std::string text;
  std::string_view protocol;  // Envelope::protocol
  bool tls_optional = false;
};
struct OwnMailWay {
  spool::Spool& spool;
  const base::Clock& clock;
  std::shared_ptr<const route::Router> router;
  std::shared_ptr<const mailauth::Signers> signers;  // null: it is not signed
};
// Completes when it survives power loss.  Errors: not_found (there is no such address here), io (a table cannot be
// asked, or it cannot be signed now), those of the spool.
boost::asio::awaitable<base::Result<base::MessageId>> send_own_mail(OwnMail own, OwnMailWay way);

}  // namespace godwit::dispatch
