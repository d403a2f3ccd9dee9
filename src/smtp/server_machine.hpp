// SPDX-License-Identifier: Apache-2.0
// The machine behind ServerSession.  A state owns only its own data; what outlives a state (hello, TLS, account, the
// open transaction) are the few members below.  Sources: server_session.cpp (events, the loop), server_commands.cpp
// (the table of commands and the small ones), server_transaction.cpp (MAIL, RCPT, RSET), server_data.cpp (DATA, BDAT),
// server_auth.cpp (AUTH),
// server_inquiry.cpp (VRFY, EXPN, ETRN, XCLIENT).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "command.hpp"
#include "godwit/smtp/framing.hpp"
#include "godwit/smtp/server_session.hpp"
#include "input.hpp"
#include "line_reader.hpp"
#include "replies.hpp"
#include "sasl.hpp"

namespace godwit::smtp {

class ServerSession::Machine {
 public:
  explicit Machine(const SessionSettings& settings);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::vector<ServerAction>& next(const ServerEvent& event);

  void rest();

  const Hello& hello() const { return hello_; }
  const std::optional<TlsInfo>& tls() const;
  const std::string& account() const { return account_; }
  const ReversePath& sender() const;
  const MailParameters& mail_parameters() const;
  std::string_view protocol() const;
  std::string_view stage() const;
  std::uint64_t commands() const { return commands_; }
  int errors() const { return errors_; }

 private:
  struct Unconnected {};  // before Connected; on an implicit TLS listener: before the handshake
  struct AwaitingCommand {};
  struct StartingTls {};
  struct AwaitingResponse {  // the client's answer to a 334
    enum class Prompt { plain, user, password, exchange, external } prompt = Prompt::plain;
    std::string user;       // of LOGIN
    std::string mechanism;  // that an exchange begins with; empty: it goes on
  };
  struct Authenticating {};
  struct CheckingSender {};
  struct CheckingRecipient {};
  struct AwaitingAnswer {
    const FixedReply* in_ascii = nullptr;  // instead of an answer that is not; null: any will do
    const FixedReply* error = nullptr;     // the command is one, and this is said where the answer is nothing
  };
  struct Chunk {  // of BDAT
    std::uint64_t size = 0;
    std::uint64_t left = 0;
    bool last = false;
  };
  struct BeginningMessage {
    std::optional<Chunk> chunk;
  };
  struct Receiving {  // all of DATA, or one chunk
    Receiving() = default;
    explicit Receiving(const Chunk& of) : reader(DataReader::Framing::counted), chunk(of) {}

    DataReader reader;
    std::optional<Chunk> chunk;
    std::string body;  // what the Body action shows
    std::uint64_t size = 0;
    std::optional<Reply> refusal;  // set: the message was discarded; what still comes of it is read and forgotten
    bool ended = false;            // CRLF.CRLF, or all of the chunk, was read
    bool asking = false;           // a Body was given out and not answered
  };
  using ReceivingHere = std::unique_ptr<Receiving>;  // most connections receive nothing most of the time
  struct Committing {};
  struct Closed {};
  using State =
      std::variant<Unconnected, AwaitingCommand, StartingTls, AwaitingResponse, Authenticating, CheckingSender,
                   CheckingRecipient, AwaitingAnswer, BeginningMessage, ReceivingHere, Committing, Closed>;
  template <class S>
  bool in() const {
    return std::holds_alternative<S>(state_);
  }
  Receiving* receiving() const;  // null: in another state

  struct Transaction {
    ReversePath sender;
    MailParameters parameters;
    std::size_t recipients = 0;   // accepted
    std::size_t turned_away = 0;  // beyond settings.recipients
    bool recipient_refused = false;
    ReceivingHere chunked;  // a message that was begun with BDAT, between two chunks
  };

  // Events (server_session.cpp; verdicts beside their commands).
  void on(const event::Connected&);
  void on(const event::ProxyHeader&);
  void on(const event::Bytes&) {}  // next() gave them to input_
  void on(const event::Sent&) {}
  void on(const event::TlsReady& event);
  void on(const event::AuthChallenge& event);
  void on(const event::AuthResult& event);
  void on(const event::Verdict& event);
  void on(const event::Answer& event);
  void on(const event::MessageReady& event);
  void on(const event::Refused& event);
  void on(const event::BodyTaken& event);
  void on(const event::Committed& event);
  void on(const event::TimedOut& event);
  void on(const event::PeerClosed& event);
  void on(const event::Stopping& event);

  // The loop.
  bool takes_input() const;
  bool may_stop() const { return in<AwaitingCommand>() || in<AwaitingResponse>(); }
  void run();
  bool step();
  bool step_line();
  void ask_to_read();
  void settle_flush();
  void forget_actions();

  // What handlers say.
  void send(const Reply& reply);
  void send(const FixedReply& reply) { send(make_reply(reply)); }
  void reject(const FixedReply& reply);  // the client's mistake: counts towards settings.errors
  void pass_on(const Reply& reply);      // others' words; a 421 among them closes
  void count_error();
  void count_useless();
  void close_for_errors();
  void close(action::Close::Reason reason);
  void stop();
  void end_transaction();

  // Only programs of this machine may leave a domain out.
  BareLocal bare_local() const { return settings_.service == Service::local ? BareLocal::allow : BareLocal::refuse; }

  // Commands.
  Offers offers() const;
  void execute(const Command& command);
  void hello_command(const Command& command);
  void starttls();
  void quit();
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void turn_away(const FixedReply& reply);
  bool is_one_domain_too_many(const std::string& domain);
  void rset();
  void look_up(std::string_view argument, action::LookUp::Kind kind);
  bool is_for_client(Audience audience) const;
  void etrn(std::string_view argument);
  void unknown(std::string_view line);
  void xclient(std::string_view argument);
  void data();
  bool is_binary() const;
  void expect_no_message();
  void bdat(std::string_view argument);
  void auth(std::string_view argument);

  bool may_offer_auth() const {
    return settings_.offer_auth || settings_.offer_scram || settings_.offer_bearer || offers(Mechanism::external);
  }
  bool offers(Mechanism mechanism) const;
  std::string offered_mechanisms() const;
  void first_response(Mechanism mechanism, std::string_view initial);
  void ask_for_first(Mechanism mechanism);
  void exchange(std::string_view mechanism, std::string_view response);
  void response(AwaitingResponse state, std::string_view line);
  void plain_response(std::string_view response);
  void user_response(std::string_view response);
  void external_response(std::string_view response);
  void authenticate(std::string_view mechanism, Credentials credentials);

  // Why no message can come now.
  std::optional<FixedReply> content_out_of_place() const;
  void receive_chunk(ReceivingHere receiving);
  void receive(Receiving& receiving);
  void read_data(Receiving& receiving);
  void check_content(Receiving& receiving);
  void refuse_message(Receiving& receiving, Reply reply);
  void end_data(Receiving& receiving);

  const SessionSettings& settings_;
  State state_;
  Input input_;
  LineReader lines_;
  std::vector<ServerAction> actions_;
  Hello hello_;
  std::unique_ptr<const std::optional<TlsInfo>> tls_;  // null: none, and the many without TLS pay for none
  std::string account_;                                // by AUTH, or of the client's certificate
  bool logged_in_ = false;                             // by AUTH
  std::unique_ptr<Transaction> transaction_;           // most connections have none most of the time
  std::uint64_t commands_ = 0;
  std::uint32_t mails_ = 0;           // MAIL commands
  std::vector<std::string> domains_;  // of recipients, where settings.recipient_domains bounds them
  bool chunk_line_ = false;           // the line that is being read, and too long, began as BDAT
  int errors_ = 0;
  int useless_ = 0;            // refusals and commands that lead nowhere, since the last message
  bool data_refused_ = false;  // by the command before
  bool stopping_ = false;
};

}  // namespace godwit::smtp
