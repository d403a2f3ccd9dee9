// SPDX-License-Identifier: Apache-2.0
// What others answer: VRFY and EXPN (RFC 5321 section 3.5), ETRN (RFC 1985), XCLIENT, and commands that there are not.
#include <algorithm>
#include <cassert>
#include <utility>

#include "godwit/base/text.hpp"
#include "server_machine.hpp"
#include "xclient.hpp"

namespace godwit::smtp {

void ServerSession::Machine::look_up(std::string_view argument, action::LookUp::Kind kind) {
  const bool expands = kind == action::LookUp::Kind::expand;
  if (argument.empty()) return reject(expands ? replies::expn_syntax : replies::vrfy_syntax);
  if (expands && !is_for_client(settings_.expn)) return reject(replies::not_implemented);
  if (!expands && !is_for_client(settings_.vrfy)) {
    send(replies::vrfy);
    return count_useless();
  }
  auto inquiry = parse_inquiry(argument);
  if (!inquiry) return reject(inquiry.error());
  actions_.emplace_back(action::LookUp{kind, std::move(inquiry->mailbox)});
  const auto& instead = expands ? replies::expn_needs_utf8 : replies::vrfy_needs_utf8;
  state_ = AwaitingAnswer{inquiry->utf8 ? nullptr : &instead};
}

bool ServerSession::Machine::is_for_client(Audience audience) const {
  if (audience == Audience::trusted) return settings_.trusted || !account_.empty();
  return audience == Audience::anyone;
}

void ServerSession::Machine::etrn(std::string_view argument) {
  if (!settings_.trusted) return reject(replies::etrn_refused);
  if (transaction_) return reject(replies::etrn_in_transaction);
  auto domain = parse_domain(argument);
  if (!domain) return reject(replies::etrn_syntax);
  actions_.emplace_back(action::StartQueue{*std::move(domain)});
  state_ = AwaitingAnswer{};
}

void ServerSession::Machine::unknown(std::string_view line) {
  if (!settings_.tell_unknown) return reject(replies::unknown_command);
  actions_.emplace_back(action::TellUnknown{std::string(line)});
  state_ = AwaitingAnswer{.error = &replies::unknown_command};
}

void ServerSession::Machine::on(const event::Answer& event) {
  assert(in<AwaitingAnswer>() || in<StartingTls>());
  const auto* awaiting = std::get_if<AwaitingAnswer>(&state_);
  const auto* in_ascii = awaiting != nullptr ? awaiting->in_ascii : nullptr;
  const auto* error = awaiting != nullptr ? awaiting->error : nullptr;
  state_ = AwaitingCommand{};
  if (error != nullptr) {
    pass_on(event.reply.lines.empty() ? make_reply(*error) : event.reply);
    if (!in<Closed>()) count_error();
    return;
  }
  // RFC 6531 section 3.7.4.2.
  const bool has_utf8 = !std::ranges::all_of(event.reply.lines, base::is_ascii);
  pass_on(has_utf8 && in_ascii != nullptr ? make_reply(*in_ascii) : event.reply);
  if (!in<Closed>()) count_useless();
}

void ServerSession::Machine::xclient(std::string_view argument) {
  if (!settings_.may_xclient) return reject(replies::xclient_refused);
  if (transaction_) return reject(replies::xclient_in_transaction);
  auto client = parse_xclient(argument);
  if (!client) return reject(client.error());
  hello_ = {client->extended.value_or(hello_.extended), client->hello.value_or("")};
  account_ = client->account.value_or("");
  logged_in_ = !account_.empty();
  actions_.emplace_back(action::SpeakFor{*std::move(client)});
  state_ = AwaitingAnswer{};
}

}  // namespace godwit::smtp
