// SPDX-License-Identifier: Apache-2.0
// What the milters of the configuration say to a client, its senders, recipients and messages.
#include <utility>

#include "connection.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;
namespace action = smtp::action;

// RFC 5321 section 4.3.2 knows two refusals in the place of a greeting.
smtp::Reply as_greeting(smtp::Reply refusal) {
  refusal.code = refusal.permanent() ? 554 : 421;
  return refusal;
}

}  // namespace

policy::Milters* Connection::milters() {
  if (around_.milters == nullptr || rules_->policy.milters.empty()) return nullptr;
  if (!milters_) make_milters();
  return milters_->empty() ? nullptr : milters_.get();
}

void Connection::make_milters() {
  const base::Endpoint local_program{.address = base::IpAddress::v4({127, 0, 0, 1}), .port = 0, .unix_path = {}};
  const bool direct = stream_->remote().address == sender_.client.address;
  const base::Endpoint client{
      .address = sender_.client.address, .port = direct ? stream_->remote().port : std::uint16_t{0}, .unix_path = {}};
  policy::Milters::Session session{.hostname = std::string(sender_.hostname),
                                   .service = listener_.service,
                                   .listener = stream_->local(),
                                   .client = {},
                                   .client_name = sender_.client_name,
                                   .client_text = sender_.client_address};
  if (is_local()) session.client = local_program;
  if (!is_local() && sender_.client.can_be_trusted) session.client = client;
  milters_ =
      std::make_unique<policy::Milters>(rules_->policy.milters, std::move(session), *around_.milters, around_.log);
}

// False: the client was sent away.
boost::asio::awaitable<bool> Connection::meet_milters() {
  if (milters() == nullptr) co_return true;
  auto refusal = co_await milters_->connect();
  if (!refusal) co_return true;
  log_refusal("connect", *refusal, {});
  output_ = to_wire(as_greeting(std::move(*refusal)));
  co_await flush();
  stream_->shutdown();
  co_return false;
}

boost::asio::awaitable<Connection::Event> Connection::ask_about_sender(action::CheckSender asked) {
  end_transaction();
  if (asked.sender) asked.sender = rules_->router->complete(std::move(*asked.sender));
  auto schedule = make_schedule(asked.parameters, around_.clock.wall(), session_settings_.longest_hold);
  auto refusal = check_sender(asked.sender);
  if (!refusal && !schedule) refusal = schedule.error();
  if (!refusal) {
    auto beginning = begin_transaction(asked, *schedule);
    refusal = co_await std::move(beginning);
  }
  if (!refusal && milters() != nullptr) {
    const bool sent = co_await flush();
    if (!sent) co_return event::PeerClosed{};
    const bool by_auth = authenticator_ && !authenticator_->mechanism().empty();
    policy::Milters::Sender sender{.hello = session_.hello(),
                                   .tls = shown_tls(),
                                   .account = sender_.client.account,
                                   .mechanism = by_auth ? authenticator_->mechanism() : "EXTERNAL",
                                   .address = asked.sender,
                                   .parameters = asked.parameters};
    auto asking = milters_->mail(std::move(sender));
    refusal = co_await std::move(asking);
  }
  if (refusal) {
    log_refusal("mail", *refusal, {}, asked.sender);
    receiver_.reset();
  }
  co_return event::Verdict{.refusal = std::move(refusal)};
}

boost::asio::awaitable<void> Connection::ask_about_recipient(smtp::Mailbox recipient,
                                                             std::optional<smtp::Reply>& refusal) {
  if (milters() == nullptr) co_return;
  if (refusal) {
    auto telling = milters_->rejected_rcpt(std::move(recipient), *refusal);
    co_return co_await std::move(telling);
  }
  co_await flush();  // who is gone is noticed later
  auto asking = milters_->rcpt(std::move(recipient));
  refusal = co_await std::move(asking);
}

boost::asio::awaitable<Connection::Event> Connection::tell_unknown(action::TellUnknown told) {
  event::Answer answer;
  if (milters() == nullptr) co_return answer;
  const bool sent = co_await flush();
  if (!sent) co_return event::PeerClosed{};
  auto asking = milters_->unknown(std::move(told.line));
  if (auto refusal = co_await std::move(asking)) answer.reply = *std::move(refusal);
  co_return answer;
}

// The message was begun.  Nothing: its content may come.
boost::asio::awaitable<std::optional<smtp::Reply>> Connection::begin_filtering() {
  auto refusal = co_await milters_->data(receiver().id());
  if (!refusal && (milters_->wants_message() || milters_->discards()))
    receiver().filter_with({.milters = *milters_, .router = rules_->router}, session_.mail_parameters().body);
  co_return refusal;
}

}  // namespace godwit::server
