// SPDX-License-Identifier: Apache-2.0
// DATA and what follows it (RFC 5321 sections 3.3, 4.1.1.4, 4.5.2, 4.5.4).  A message that cannot be taken is read to
// its end all the same: a client that is cut off in the middle tries again, one that is answered does not.
#include <cassert>
#include <utility>

#include "canonical.hpp"
#include "server_machine.hpp"

namespace godwit::smtp {

void ServerSession::Machine::data() {
  if (!transaction_) {
    reject(hello_.name.empty() ? replies::need_hello : replies::need_mail);
    return expect_no_message();
  }
  // RFC 2920 section 3.1: a pipelining client sends DATA before it knows that no recipient was good; that is no error.
  if (transaction_->recipients == 0 && transaction_->recipient_refused) {
    send(replies::no_valid_recipients);
    count_useless();
    return expect_no_message();
  }
  if (transaction_->recipients == 0) {
    reject(replies::need_recipient);
    return expect_no_message();
  }
  actions_.emplace_back(action::BeginMessage{transaction_->parameters.size});
  state_ = BeginningMessage{};
}

void ServerSession::Machine::on(const event::MessageReady&) {
  assert(in<BeginningMessage>());
  if (stopping_) return stop();
  send(replies::start_data);
  state_ = Receiving{};
}

void ServerSession::Machine::on(const event::BodyTaken&) {
  assert(in<Receiving>());
  auto& receiving = std::get<Receiving>(state_);
  receiving.asking = false;
  if (receiving.ended) end_data(receiving);
}

void ServerSession::Machine::on(const event::Refused& event) {
  assert(in<BeginningMessage>() || in<Receiving>() || in<Committing>());
  auto reply = replies::refused(event);
  if (auto* receiving = std::get_if<Receiving>(&state_)) {
    receiving->asking = false;
    refuse_message(*receiving, std::move(reply));
    if (receiving->ended) end_data(*receiving);
    return;
  }
  const bool is_read = in<Committing>();
  if (is_read) end_transaction();
  state_ = AwaitingCommand{};
  pass_on(reply);
  count_useless();
  if (!is_read) expect_no_message();
}

// After a refusal of DATA.  A client that did not wait for 354 sends its message all the same, and what is in it would
// be read as commands.  DATA ends a batch (RFC 2920 section 3.1), so what stands behind it is no command; what comes
// later must at least begin as one.
void ServerSession::Machine::expect_no_message() {
  if (in<Closed>()) return;
  if (!input_.unread().empty()) return close(action::Close::Reason::policy);
  data_refused_ = true;
}

void ServerSession::Machine::on(const event::Committed& event) {
  assert(in<Committing>());
  transaction_.reset();
  useless_ = 0;
  state_ = AwaitingCommand{};
  send(replies::queued(event.id));
}

// Takes all input up to the end of the data, and gives it out in one piece.
void ServerSession::Machine::receive(Receiving& receiving) {
  auto& input = input_.unread();
  receiving.body.clear();
  while (!input.empty() && !receiving.ended) {
    const auto chunk = receiving.reader.read(input);
    receiving.ended = chunk.end;
    receiving.size += chunk.bytes.size();
    if (receiving.refusal) continue;
    const bool normalize = settings_.bare_newline == BareNewline::normalize && receiving.reader.bare_newline();
    if (normalize)
      append_canonical(chunk.bytes, receiving.body);
    else
      receiving.body.append(chunk.bytes);
  }
  check_content(receiving);
  if (!receiving.refusal && !receiving.body.empty()) {
    actions_.emplace_back(action::Body{receiving.body});
    receiving.asking = true;
  } else if (receiving.ended) {
    end_data(receiving);
  }
}

void ServerSession::Machine::check_content(Receiving& receiving) {
  if (receiving.refusal) return;
  if (receiving.reader.has_nul()) {
    refuse_message(receiving, make_reply(replies::data_nul));
  } else if (receiving.reader.bare_newline() && settings_.bare_newline == BareNewline::reject) {
    refuse_message(receiving, make_reply(replies::data_bare_newline));
  } else if (settings_.message_size != 0 && receiving.size > settings_.message_size) {
    refuse_message(receiving, make_reply(replies::too_large));
  }
}

// The reply waits for the end of the data; the message is forgotten at once.
void ServerSession::Machine::refuse_message(Receiving& receiving, Reply reply) {
  receiving.refusal = std::move(reply);
  receiving.body = {};
  actions_.emplace_back(action::Discard{});
}

void ServerSession::Machine::end_data(Receiving& receiving) {
  if (!receiving.refusal) {
    actions_.emplace_back(action::Commit{});
    state_ = Committing{};
    return;
  }
  const auto reply = *std::move(receiving.refusal);
  state_ = AwaitingCommand{};
  end_transaction();
  pass_on(reply);
  count_useless();
}

}  // namespace godwit::smtp
