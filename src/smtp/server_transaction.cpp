// SPDX-License-Identifier: Apache-2.0
// MAIL, RCPT and RSET (RFC 5321 sections 3.3, 4.1.1.2, 4.1.1.3, 4.1.1.5).
#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "server_machine.hpp"

namespace godwit::smtp {

void ServerSession::Machine::mail(std::string_view argument) {
  // RFC 9422 section 4.1: good and bad ones count.
  if (settings_.messages > 0 && ++mails_ > settings_.messages) {
    send(replies::too_many_messages(settings_));
    return close(action::Close::Reason::policy);
  }
  if (hello_.name.empty()) return reject(replies::need_hello);
  if (transaction_) return reject(replies::nested_mail);
  if (settings_.require_auth && account_.empty()) {
    const bool needs_tls = !tls_ && settings_.tls == TlsMode::starttls;
    return reject(needs_tls ? replies::tls_required : replies::auth_required);
  }
  auto command = parse_mail(argument, offers().mail, bare_local());
  if (!command) return reject(command.error());
  // RFC 1870 section 6.1.  Not an error of the client: it asked before it sent.
  const auto bound =
      settings_.message_size != 0 ? settings_.message_size : std::numeric_limits<std::uint64_t>::max() - 1;
  if (command->parameters.size > bound) {
    send(replies::too_large);
    return count_useless();
  }
  transaction_ = std::make_unique<Transaction>(std::move(command->sender), std::move(command->parameters));
  actions_.emplace_back(action::CheckSender{transaction_->sender, transaction_->parameters});
  state_ = CheckingSender{};
}

void ServerSession::Machine::rcpt(std::string_view argument) {
  if (!transaction_) return reject(replies::need_mail);
  if (transaction_->chunked) return reject(replies::bdat_under_way);
  const auto utf8 = transaction_->parameters.smtputf8 ? Utf8::allow : Utf8::refuse;
  auto command = parse_rcpt(argument, utf8, bare_local());
  if (!command) return reject(command.error());
  if (transaction_->recipients >= settings_.recipients) return turn_away(replies::too_many_recipients);
  if (is_one_domain_too_many(command->recipient.domain)) return turn_away(replies::too_many_domains);
  actions_.emplace_back(action::CheckRecipient{std::move(command->recipient), std::move(command->parameters)});
  state_ = CheckingRecipient{};
}

// RFC 5321 section 4.5.3.1.10: the client sends to those accepted, and to the rest again; so no error either.
// But who goes on and on with them sends no list, unless it is a program of this machine, which knows no bound.
void ServerSession::Machine::turn_away(const FixedReply& reply) {
  send(reply);
  transaction_->recipient_refused = true;
  if (++transaction_->turned_away > settings_.recipients && settings_.service != Service::local) close_for_errors();
}

// RFC 9422 section 4.3: those of the whole session, whatever is said to their recipients.
bool ServerSession::Machine::is_one_domain_too_many(const std::string& domain) {
  if (settings_.recipient_domains == 0 || std::ranges::find(domains_, domain) != domains_.end()) return false;
  if (domains_.size() >= settings_.recipient_domains) return true;
  domains_.push_back(domain);
  return false;
}

void ServerSession::Machine::on(const event::Verdict& event) {
  assert(in<CheckingSender>() || in<CheckingRecipient>());
  const bool of_sender = in<CheckingSender>();
  state_ = AwaitingCommand{};
  if (!event.refusal) {
    if (!of_sender) ++transaction_->recipients;
    return send(of_sender ? replies::sender_ok : replies::recipient_ok);
  }
  if (of_sender)
    end_transaction();
  else
    transaction_->recipient_refused = true;
  pass_on(*event.refusal);
  if (event.disconnect && !in<Closed>()) return close(action::Close::Reason::policy);
  count_useless();
}

void ServerSession::Machine::rset() {
  end_transaction();
  send(replies::ok);
  count_useless();
}

}  // namespace godwit::smtp
