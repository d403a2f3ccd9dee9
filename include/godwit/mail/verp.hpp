// SPDX-License-Identifier: Apache-2.0
// Variable envelope return paths: each recipient is sent to with a sender address of its own, so that a bounce tells
// whom it is about whatever it says:
//
//   news+b=hash=time=domain=local@ours         of news@ours, sent to local@domain
//
// The rest of the local part is a detail (route::Settings::detail_separator), so that the bounce reaches the sender's
// mailbox like any mail.  hash and time are those of SRS (srs.hpp).  Pure; const, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::mail {

class Verp {
 public:
  // The first secret signs, all of them verify.  Requires: there is one, and a separator.
  Verp(std::vector<std::string> secrets, std::string separator)
      : secrets_(std::move(secrets)), separator_(std::move(separator)) {}

  // Nothing: it would be longer than every host takes.
  std::optional<smtp::Mailbox> sender_for(const smtp::Mailbox& sender, const smtp::Mailbox& recipient,
                                          base::WallTime now) const;
  // Whom mail to this address is about; nothing: we did not make it, or more than three weeks ago.
  std::optional<smtp::Mailbox> recipient_of(const smtp::Mailbox& address, base::WallTime now) const;

 private:
  std::string mark() const { return separator_ + "b="; }

  std::vector<std::string> secrets_;
  std::string separator_;
};

}  // namespace godwit::mail
