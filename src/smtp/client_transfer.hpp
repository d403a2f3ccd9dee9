// SPDX-License-Identifier: Apache-2.0
// One transaction of the client (RFC 5321 section 3.3): MAIL, RCPTs and DATA, pipelined where offered (RFC 2920), and
// what became of each recipient.  A part of ClientSession's machine, which sends what is appended to `out` and hands in
// the replies.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/smtp/client_session.hpp"

namespace godwit::smtp {

// Remark to a reply that is no answer to what was asked.
inline constexpr std::string_view unexpected_reply = "unexpected reply";

class ClientTransfer {
 public:
  // What the session does next.  From `done` on, every recipient is decided.
  enum class Want {
    reply,   // wait for the next reply
    body,    // send the body, then body_sent()
    done,    // the connection can be used again
    reset,   // … after RSET
    ignore,  // … after one more reply, which means nothing
    broken,  // the connection cannot be used any more: cause() says why
  };

  ClientTransfer(ClientTransaction transaction, const PeerCapabilities& offered, ClientProtocol protocol);

  Want begin(std::string& out);
  Want take(const Reply& reply, std::string& out);
  // The final dot is sent.  early: bytes of the peer came before.
  void body_sent(bool early);
  // The connection is gone, or of no use; decides who is undecided.  Before the final dot another host may be tried.
  void lost(std::string_view why);
  // Our side cannot go on with the body: another host would not help.
  void abandoned(std::string_view why);
  // … and never will.
  void unfit(std::string_view why);
  // The peer refused while the body was being sent, and hung up.
  void refused_in_body(const Reply& reply);

  // How the body is to be sent; see client_action::SendBody.
  bool uses_bdat() const;
  std::optional<BodyType> recoded_to() const;
  bool downgraded() const { return transaction_.smtputf8 && !offered_.smtputf8; }

  bool undecided() const;
  Stage stage() const;
  const RecipientResult& cause() const { return cause_; }
  std::vector<RecipientResult> results() const;

 private:
  using Verdict = RecipientResult::Verdict;
  struct Command {
    Stage stage = Stage::mail;
    std::size_t recipient = 0;
  };
  enum class Phase { commands, body, final_replies };

  std::optional<RecipientResult> unsendable() const;
  std::optional<RecipientResult> unsendable_address(const std::string& address) const;
  void plan();
  void fill(std::string& out);
  std::string text(const Command& command) const;
  std::string rcpt_text(const ClientRecipient& recipient) const;
  Verdict verdict_of_refusal(const Command& command, const Reply& reply) const;
  Want take_command_reply(const Reply& reply, std::string& out);
  Want take_data_reply(const Reply& reply, std::string& out);
  Want take_final_reply(const Reply& reply);
  Want go_on(std::string& out);
  Want give_up(Verdict verdict, Stage stage, const Reply& reply, std::string_view why);
  void decide(std::size_t recipient, const RecipientResult& result);
  void decide_rest(const RecipientResult& result);

  ClientTransaction transaction_;
  const PeerCapabilities& offered_;
  ClientProtocol protocol_;
  bool smtputf8_ = false;

  Phase phase_ = Phase::commands;
  std::vector<Command> commands_;
  std::size_t sent_ = 0;
  std::size_t answered_ = 0;
  bool mail_accepted_ = false;
  bool mail_refused_ = false;
  std::vector<std::size_t> accepted_;  // recipients
  std::size_t final_replies_ = 0;
  bool early_ = false;

  std::vector<std::optional<RecipientResult>> results_;
  RecipientResult cause_;
};

}  // namespace godwit::smtp
