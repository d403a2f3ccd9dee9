// SPDX-License-Identifier: Apache-2.0
// The client's side of one SMTP or LMTP connection as a machine without I/O: events in, actions out; the same shape as
// server_session.hpp.  One driver (deliver/smtp_connection) performs the actions.  Not thread-safe: one reactor owns
// it.
//
// Life: Connected → (greeting, EHLO, STARTTLS, AUTH) → Ready → Transaction → results → Ready → … → Quit → Close.
// A Transaction may be fed at once after Connected; it waits until the session is ready, and then begins without a
// Ready.
//
// The contract of the driver: perform the actions of a batch in order; when one fails (a write error), feed that
// (PeerClosed, TimedOut) and forget the rest of the batch. Do not read while the body is being sent. After Close
// nothing comes any more. With TLS from the first byte, feed TlsReady before Connected.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/scram_client.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::smtp {

enum class ClientTls { none, opportunistic, require };  // verification is the driver's: it answers TlsFailed
enum class ClientProtocol { smtp, lmtp };

// Durations of RFC 5321 section 4.5.3.2.
struct ClientTimeouts {
  base::Duration connect = std::chrono::seconds(30);
  base::Duration greeting = std::chrono::minutes(5);
  base::Duration command = std::chrono::minutes(5);
  base::Duration data = std::chrono::minutes(10);  // each block of data, and the reply to the final dot
};

struct ClientSettings {
  std::string hostname;  // EHLO argument
  ClientProtocol protocol = ClientProtocol::smtp;
  ClientTls tls = ClientTls::opportunistic;
  std::string user;  // AUTH when not empty; only under TLS
  std::string password;
  std::vector<std::string> mechanisms = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"};  // best first
  std::string nonce;  // for SCRAM, which is not spoken without one: printable ASCII without commas, never used before
  bool chunking = true;  // BDAT where the peer offers it (RFC 3030)
  ClientTimeouts timeouts;
  std::uint64_t min_data_rate = 500;  // bytes a second that the peer must take of a body; 0: no bound
};

// What the peer offered in its last EHLO.
struct PeerCapabilities {
  bool esmtp = false, pipelining = false, size = false, eight_bit_mime = false, starttls = false, dsn = false,
       smtputf8 = false, chunking = false, enhanced_status_codes = false, deliver_by = false, priority = false,
       binary_mime = false, require_tls = false;
  std::uint64_t size_limit = 0;       // 0: none said
  std::uint64_t most_recipients = 0;  // of a transaction (RFC 9422); 0: none said
  std::uint64_t most_messages = 0;    // the same of a connection
  std::uint64_t most_domains = 0;     // of recipients of a connection
  std::vector<std::string> auth;      // mechanisms, upper case
};

struct ClientRecipient {
  Mailbox address{};
  RecipientParameters parameters{};  // said to peers that offer DSN
};

struct ClientTransaction {
  ReversePath sender{};
  std::vector<ClientRecipient> recipients{};
  std::uint64_t size = 0;  // of the body, octets, before dot-stuffing
  // For a peer that takes less than the message has: sent as it takes it, or not at all, for another one may take it.
  enum class Conversion { refuse, allow } conversion = Conversion::allow;
  BodyType body = BodyType::seven_bit;
  bool smtputf8 = false;                  // the header or an address needs a peer that offers SMTPUTF8 (RFC 6531)
  std::uint8_t ret = 0;                   // Return; said to peers that offer DSN
  std::string envid{};                    // the same
  std::optional<DeliverBy> deliver_by{};  // what is left of the time
  std::int8_t priority = 0;               // said to peers that offer MT-PRIORITY
  // Over SMTP only to a peer that offers REQUIRETLS (RFC 8689); but from <> it is only said where it is offered
  // (section 5), and a store that speaks LMTP is the end of the way.
  bool require_tls = false;
  // No message is sent: only whether its recipients would be taken is asked, with MAIL and RCPT (a callout).
  bool inquiry = false;
};

// Where in the dialogue something happened; the names go to the log as `stage`.
enum class Stage { connect, greeting, ehlo, starttls, tls, auth, mail, rcpt, data, body, final_dot, quit };
std::string_view to_string(Stage stage);

// What one recipient's part of an attempt came to.
struct RecipientResult {
  enum class Verdict {
    delivered,    // 2yz after the final dot; of an inquiry: to RCPT
    try_next,     // temporary, nothing taken: another host may be tried in the same attempt
    retry_later,  // temporary, but the final dot was sent: another host could duplicate; wait for the next attempt
    failed,       // 5yz to a command or the final dot
    send_again,   // too many recipients for one transaction: in the next one with this host
    not_here,     // this host never will; another one may, and where none does it has failed
    lacks,        // the host does not offer what the message needs as it is; another one may
  } verdict = Verdict::try_next;
  Stage stage = Stage::connect;
  std::optional<Reply> reply{};  // the peer's words, when it said any
  std::string why{};  // our words: "connection lost", "timed out"; beside a reply where that alone does not explain
  EnhancedCode enhanced{};  // that fits our words, where a special one does
  bool lost = false;        // of a handshake: see TlsFailed
};

namespace client_event {
struct Connected {};
struct Bytes {
  std::string_view bytes;
};
struct TlsReady {
  TlsInfo info;
};
struct TlsFailed {
  std::string why;
  bool lost = false;  // the connection ended or time did, which says nothing about what the host can do
};                    // opportunistic: the session closes with retry_in_clear
struct Transaction {
  ClientTransaction transaction;
};
struct BodySent {};  // the driver sent all bytes of SendBody
// Our own body could not be read or made fit in the middle: drop the connection, never end the data.
struct BodyFailed {
  std::string why;
  bool for_good = false;  // no host could ever get it so
};
struct KeysMade {
  std::optional<ScramClientKeys> keys;
  std::string why{};  // there are none
};
struct TimedOut {};
struct PeerClosed {};  // also: reset, write error
struct Quit {};        // no further transaction: QUIT, then Close
}  // namespace client_event
using ClientEvent =
    std::variant<client_event::Connected, client_event::Bytes, client_event::TlsReady, client_event::TlsFailed,
                 client_event::Transaction, client_event::BodySent, client_event::BodyFailed, client_event::KeysMade,
                 client_event::TimedOut, client_event::PeerClosed, client_event::Quit>;

namespace client_action {
struct Send {
  std::string bytes;
};
// continued: the reply is not whole yet, and the deadline of the former Read goes on (a peer that trickles bytes gains
// nothing).
struct Read {
  base::Duration deadline{};
  bool continued = false;
};
struct StartTls {};
// Send the body through a DotStuffer, then its terminator; feed BodySent.  The driver watches each write by `deadline`,
// which is also the budget of time for all of them at `minimum_rate` bytes a second (net/pace.hpp; 0: no bound).
struct SendBody {
  base::Duration deadline{};
  std::uint64_t minimum_rate = 0;
  bool raw = false;                         // byte by byte, as one chunk of BDAT: no dots, no terminator
  std::optional<BodyType> recoded_to = {};  // the body is sent as one of this type, which the peer takes
  bool downgraded = false;                  // … and its headers in US-ASCII
};
// make_scram_client_keys() of it, elsewhere than on a reactor; feed KeysMade.
struct MakeKeys {
  std::string password;
  ScramClient::Question question;
};
struct Ready {};  // feed Transaction or Quit
struct TransactionDone {
  std::vector<RecipientResult> results;
};  // one per recipient, in order
struct Close {
  // retry_in_clear: a transaction that waits was not touched; feed it to a session with ClientTls::none on a new
  // connection.
  enum class Reason { quit, failed, retry_in_clear } reason = Reason::quit;
  // Why the connection could not be used any more; the results of an open transaction were given in a TransactionDone
  // before.
  RecipientResult cause{};
};
}  // namespace client_action
using ClientAction =
    std::variant<client_action::Send, client_action::Read, client_action::StartTls, client_action::SendBody,
                 client_action::MakeKeys, client_action::Ready, client_action::TransactionDone, client_action::Close>;

class ClientSession {
 public:
  explicit ClientSession(const ClientSettings& settings);  // settings outlive the session
  ~ClientSession();
  ClientSession(ClientSession&&) noexcept;
  ClientSession& operator=(ClientSession&&) noexcept;

  const std::vector<ClientAction>& next(const ClientEvent& event);

  const PeerCapabilities& capabilities() const;
  const std::optional<TlsInfo>& tls() const;
  Stage stage() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace godwit::smtp
