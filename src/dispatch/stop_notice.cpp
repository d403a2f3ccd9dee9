// SPDX-License-Identifier: Apache-2.0
#include "stop_notice.hpp"

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::dispatch {

std::string compose_stop_notice(const policy::StoppedAccount& account, const std::string& hostname,
                                const smtp::Mailbox& to, base::MessageId id, base::WallTime now) {
  const auto name = base::printable(account.name, 200);
  return fmt::format(
      "From: Mail Delivery System <MAILER-DAEMON@{host}>\r\n"
      "To: <{to}>\r\n"
      "Subject: Account {name} was stopped\r\n"
      "Date: {date}\r\n"
      "Message-ID: <{id}@{host}>\r\n"
      "Auto-Submitted: auto-generated\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=us-ascii\r\n"
      "\r\n"
      "The account {name} sends as it never did before:\r\n"
      "\r\n"
      "    {reason}\r\n"
      "\r\n"
      "Perhaps somebody else has its password.  Its waiting mail is held, and it can\r\n"
      "send no more.  Look at what it sent:\r\n"
      "\r\n"
      "    godwitctl queue list --state held\r\n"
      "\r\n"
      "If that is good mail, let it go; as much is taken as usual from then on:\r\n"
      "\r\n"
      "    godwitctl account release {name}\r\n"
      "\r\n"
      "If it is not, give the account a new password, throw the mail away, and let\r\n"
      "the account send again:\r\n"
      "\r\n"
      "    godwitctl account purge {name}\r\n"
      "    godwitctl account release {name}\r\n",
      fmt::arg("host", hostname), fmt::arg("to", smtp::to_string(to)), fmt::arg("name", name),
      fmt::arg("date", base::format_rfc5322(now)), fmt::arg("id", base::to_string(id)),
      fmt::arg("reason", base::printable(account.reason, 200)));
}

}  // namespace godwit::dispatch
