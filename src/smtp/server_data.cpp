// SPDX-License-Identifier: Apache-2.0
// DATA, BDAT and what follows them (RFC 5321 sections 3.3, 4.1.1.4, 4.5.2, 4.5.4, RFC 3030).  A message that cannot be
// taken is read to its end all the same: a client that is cut off in the middle tries again, one that is answered does
// not.
#include <cassert>
#include <utility>

#include "godwit/smtp/canonical_lines.hpp"
#include "server_machine.hpp"

namespace godwit::smtp {

std::optional<FixedReply> ServerSession::Machine::content_out_of_place() const {
  if (!transaction_) return hello_.name.empty() ? replies::need_hello : replies::need_mail;
  if (transaction_->recipients > 0) return {};
  // RFC 2920 section 3.1: a pipelining client goes on before it knows that no recipient was good; that is no error.
  return transaction_->recipient_refused ? replies::no_valid_recipients : replies::need_recipient;
}

bool ServerSession::Machine::is_binary() const {
  return mail_parameters().body == BodyType::binary_mime;
}

void ServerSession::Machine::data() {
  if (const auto wrong = content_out_of_place()) {
    if (wrong->code == replies::no_valid_recipients.code) {
      send(*wrong);
      count_useless();
    } else {
      reject(*wrong);
    }
    return expect_no_message();
  }
  if (transaction_->chunked || is_binary()) {
    reject(transaction_->chunked ? replies::bdat_under_way : replies::binary_needs_bdat);
    return expect_no_message();
  }
  actions_.emplace_back(action::BeginMessage{transaction_->parameters.size});
  state_ = BeginningMessage{};
}

// RFC 3030 section 2.  Whatever is wrong, the octets of the chunk are read before it is said, and never as commands.
void ServerSession::Machine::bdat(std::string_view argument) {
  const auto command = parse_bdat(argument);
  if (!command) {
    // Nobody knows how many octets follow that are no commands.
    send(command.error());
    return close(action::Close::Reason::errors);
  }
  const Chunk chunk{.size = command->size, .left = command->size, .last = command->last};
  if (const auto wrong = content_out_of_place()) {
    auto receiving = std::make_unique<Receiving>(chunk);
    receiving->refusal = make_reply(*wrong);
    return receive_chunk(std::move(receiving));
  }
  if (!transaction_->chunked) {
    actions_.emplace_back(action::BeginMessage{chunk.last ? chunk.size : transaction_->parameters.size});
    state_ = BeginningMessage{chunk};
    return;
  }
  auto receiving = std::exchange(transaction_->chunked, nullptr);
  receiving->chunk = chunk;
  receiving->ended = false;
  receive_chunk(std::move(receiving));
}

void ServerSession::Machine::receive_chunk(ReceivingHere receiving) {
  auto& now = *state_.emplace<ReceivingHere>(std::move(receiving));
  const bool too_large = settings_.message_size != 0 && now.chunk->size > settings_.message_size - now.size;
  if (!now.refusal && too_large) refuse_message(now, make_reply(replies::too_large));
  if (now.chunk->size == 0) receive(now);
}

void ServerSession::Machine::on(const event::MessageReady&) {
  assert(in<BeginningMessage>());
  if (stopping_) return stop();
  const auto chunk = std::get<BeginningMessage>(state_).chunk;
  if (chunk) return receive_chunk(std::make_unique<Receiving>(*chunk));
  send(replies::start_data);
  state_ = std::make_unique<Receiving>();
}

void ServerSession::Machine::on(const event::BodyTaken&) {
  assert(in<ReceivingHere>());
  auto& message = *std::get<ReceivingHere>(state_);
  message.asking = false;
  if (message.ended) end_data(message);
}

void ServerSession::Machine::on(const event::Refused& event) {
  assert(in<BeginningMessage>() || in<ReceivingHere>() || in<Committing>());
  auto reply = replies::refused(event);
  if (auto* message = receiving()) {
    message->asking = false;
    refuse_message(*message, std::move(reply));
    if (message->ended) end_data(*message);
    return;
  }
  const auto* beginning = std::get_if<BeginningMessage>(&state_);
  if (beginning != nullptr && beginning->chunk) {
    auto skipped = std::make_unique<Receiving>(*beginning->chunk);
    skipped->refusal = std::move(reply);
    return receive_chunk(std::move(skipped));
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
  receiving.body.clear();
  read_data(receiving);
  if (receiving.ended && receiving.chunk && receiving.chunk->last && !receiving.refusal)
    receiving.body.append(is_binary() ? receiving.reader.finish_binary() : receiving.reader.finish());
  check_content(receiving);
  if (!receiving.refusal && !receiving.body.empty()) {
    actions_.emplace_back(action::Body{receiving.body});
    receiving.asking = true;
  } else if (receiving.ended) {
    end_data(receiving);
  }
}

void ServerSession::Machine::read_data(Receiving& receiving) {
  auto& input = input_.unread();
  if (receiving.chunk) receiving.ended = receiving.chunk->left == 0;
  while (!input.empty() && !receiving.ended) {
    auto offered = receiving.chunk ? input.substr(0, receiving.chunk->left) : input;
    const auto before = offered.size();
    const auto piece = receiving.reader.read(offered);
    const auto taken = before - offered.size();
    input.remove_prefix(taken);
    receiving.ended = piece.end;
    if (receiving.chunk) receiving.ended = (receiving.chunk->left -= taken) == 0;
    receiving.size += piece.bytes.size();
    if (receiving.refusal) continue;
    const bool normalize =
        settings_.bare_newline == BareNewline::normalize && !is_binary() && receiving.reader.bare_newline();
    if (normalize)
      append_canonical(piece.bytes, receiving.body);
    else
      receiving.body.append(piece.bytes);
  }
}

void ServerSession::Machine::check_content(Receiving& receiving) {
  if (receiving.refusal) return;
  const bool any_octets = is_binary();
  if (!any_octets && receiving.reader.has_nul()) {
    refuse_message(receiving, make_reply(replies::data_nul));
  } else if (!any_octets && receiving.reader.bare_newline() && settings_.bare_newline == BareNewline::reject) {
    refuse_message(receiving, make_reply(replies::data_bare_newline));
  } else if (settings_.message_size != 0 && receiving.size > settings_.message_size) {
    refuse_message(receiving, make_reply(replies::too_large));
  }
}

// The reply waits for the end of the data; the message is forgotten at once.
void ServerSession::Machine::refuse_message(Receiving& receiving, Reply reply) {
  receiving.refusal = std::move(reply);
  std::string().swap(receiving.body);  // an assignment would keep its memory
  actions_.emplace_back(action::Discard{});
}

void ServerSession::Machine::end_data(Receiving& receiving) {
  if (!receiving.refusal && receiving.chunk && !receiving.chunk->last) {
    send(replies::chunk_taken(receiving.chunk->size));
    transaction_->chunked = std::move(std::get<ReceivingHere>(state_));
    state_ = AwaitingCommand{};
    return;
  }
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
