// SPDX-License-Identifier: Apache-2.0
// The table of commands, and those that concern the connection.
#include "server_machine.hpp"

namespace godwit::smtp {
namespace {

constexpr std::size_t max_hello = 255;  // RFC 5321 section 4.5.3.1.2

bool takes_no_argument(Verb verb) {
  return verb == Verb::data || verb == Verb::rset || verb == Verb::quit || verb == Verb::starttls;
}

}  // namespace

void ServerSession::Machine::execute(const Command& command) {
  if (takes_no_argument(command.verb) && !command.argument.empty()) {
    reject(replies::no_parameters);
    if (command.verb == Verb::data) expect_no_message();
    return;
  }
  switch (command.verb) {
    case Verb::helo:
    case Verb::ehlo:
      return hello_command(command);
    case Verb::mail:
      return mail(command.argument);
    case Verb::rcpt:
      return rcpt(command.argument);
    case Verb::data:
      return data();
    case Verb::bdat:
      return bdat(command.argument);
    case Verb::rset:
      return rset();
    case Verb::quit:
      return quit();
    case Verb::starttls:
      return starttls();
    case Verb::auth:
      return auth(command.argument);
    case Verb::vrfy:
      return look_up(command.argument, action::LookUp::Kind::verify);
    case Verb::expn:
      return look_up(command.argument, action::LookUp::Kind::expand);
    case Verb::etrn:
      return etrn(command.argument);
    case Verb::xclient:
      return xclient(command.argument);
    case Verb::unknown:
      return unknown(command.line);
    case Verb::header_field:
      send(replies::not_a_command);
      return close(action::Close::Reason::policy);
    case Verb::http:
      send(replies::not_http);
      return close(action::Close::Reason::policy);
    case Verb::noop:
      send(replies::ok);
      return count_useless();
    case Verb::help:
      send(replies::help);
      return count_useless();
  }
}

// RFC 5321 section 4.1.1.1 and 4.1.4.  The name is not checked here: many hosts that send good mail say a bad one.
void ServerSession::Machine::hello_command(const Command& command) {
  if (command.argument.empty() || command.argument.size() > max_hello) return reject(replies::hello_syntax);
  end_transaction();
  hello_ = {command.verb == Verb::ehlo, std::string(command.argument)};
  send(hello_.extended ? replies::ehlo(settings_, offers()) : replies::helo(settings_));
  count_useless();
}

Offers ServerSession::Machine::offers() const {
  const bool submission = settings_.service == Service::submission;
  return {.vrfy = is_for_client(settings_.vrfy),
          .expn = is_for_client(settings_.expn),
          .etrn = settings_.trusted,
          .xclient = settings_.may_xclient,
          .starttls = settings_.tls == TlsMode::starttls && !tls_,
          .mechanisms = logged_in_ ? std::string() : offered_mechanisms(),
          .mail = {.future_release = submission && settings_.longest_hold > base::Duration::zero(),
                   .priority = submission || settings_.trusted,
                   .require_tls = tls_ != nullptr}};
}

void ServerSession::Machine::starttls() {
  if (tls_) return reject(replies::starttls_twice);
  if (settings_.tls != TlsMode::starttls) return reject(replies::starttls_not_offered);
  end_transaction();
  actions_.emplace_back(action::StartTls{to_wire(make_reply(replies::starttls_ready))});
  input_.unread() = {};  // what a man in the middle put behind the command is never executed
  state_ = StartingTls{};
}

void ServerSession::Machine::quit() {
  send(replies::bye);
  close(action::Close::Reason::quit);
}

}  // namespace godwit::smtp
