// SPDX-License-Identifier: Apache-2.0
// Who gets a copy of a message beside those it is for: archives and journals.  A copy is a recipient like others, but
// nobody is told of it, and nobody but the log what becomes of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::policy {

class MessageCopies {
 public:
  // The rules that are for mail of this origin.
  MessageCopies(const std::vector<CopySettings>& rules, MailOrigin origin, std::shared_ptr<const route::Router> router);

  bool empty() const { return rules_.empty(); }
  // Adds them to the envelope, for all rules that fit its sender and those it is for, either as they were `given` in
  // MAIL and `asked` for in RCPT, or as the envelope has them now; whoever has it anyway is not added.  Gives to whom
  // it goes.
  //
  // A copy that leaves for another host has a return path of ours, signed, that leads to the postmaster: no bounce
  // tells its sender about it, and one that comes back from there is known and not copied again.
  // Errors: io (an address cannot be looked up now), refused (it does not exist); nothing was added.
  boost::asio::awaitable<base::Result<std::vector<std::string>>> add(mail::Envelope& envelope,
                                                                     const smtp::ReversePath& given,
                                                                     const std::vector<smtp::Mailbox>& asked) const;

 private:
  bool came_back(const smtp::ReversePath& sender) const;
  smtp::Mailbox return_path() const;

  std::vector<CopySettings> rules_;
  std::shared_ptr<const route::Router> router_;
};

}  // namespace godwit::policy
