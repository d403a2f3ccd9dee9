// SPDX-License-Identifier: Apache-2.0
// The server's side of one SMTP connection (RFC 5321) as a machine without I/O: events in, actions out.  It knows the
// protocol and nothing else: no socket, clock, log or file.  One driver (server/connection) performs the actions in
// order and feeds back what became of them.  Not thread-safe: one reactor owns it.
//
// The contract of the driver:
//  * Feed Connected (or ProxyHeader first on a PROXY listener), perform the returned actions in order, go on.
//  * At most one of the asking actions (StartTls, Authenticate, Exchange, CheckSender, CheckRecipient, LookUp,
//    StartQueue, SpeakFor, BeginMessage, Body, Commit) is open at a time, and it is the last of its batch; the session
//    takes no bytes until the answer (TlsReady, AuthResult | AuthChallenge, Verdict, Answer, MessageReady | Refused,
//    BodyTaken | Refused, Committed | Refused) arrives.  Bytes that arrived before (pipelining, RFC 2920) wait inside
//    the session and are processed after the answer.
//  * A message that was begun ends in exactly one of Commit and Discard; a Refused answer to Body is followed by
//  Discard at once, one
//    to BeginMessage or Commit is itself the end.  A Commit that is open when the session closes may still succeed.
//  * TimedOut, PeerClosed and Stopping may come at any time, also instead of an answer; Sent and Stopping answer
//  nothing: a Read
//    that is open stays open.  Every session ends in Close, after which nothing more comes.
//  * After a batch whose last action is Read, read at most `limit` bytes before `deadline` and feed Bytes, or TimedOut
//  or PeerClosed.
//  * Send carries reply bytes; with `flush` false the driver may gather them with later ones (a pipelined batch), but
//    writes them before it waits for input or an answer that takes long.
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
#include "godwit/base/ip_address.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/delivery_parameters.hpp"
#include "godwit/smtp/dsn_parameters.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::smtp {

// local: programs of this machine, over a Unix socket; addresses may be bare there.
enum class Service { mx, submission, local };
enum class TlsMode { none, starttls, implicit };
enum class BareNewline { reject, normalize };
// trusted: clients in trusted_networks, and those who have logged in.
enum class Audience { nobody, trusted, anyone };
enum class BodyType { seven_bit, eight_bit_mime, binary_mime };

// What a session needs to know before it starts; the same for all sessions of a listener but for `client`.
struct SessionSettings {
  std::string hostname;  // banner, EHLO
  Service service = Service::mx;
  TlsMode tls = TlsMode::starttls;  // none: STARTTLS is not offered
  // Mechanisms of AUTH, offered only under TLS.
  bool offer_auth = false;                  // PLAIN and LOGIN
  bool offer_scram = false;                 // SCRAM-SHA-256 and, where the TLS session can be bound to, -PLUS
  bool offer_bearer = false;                // OAUTHBEARER and XOAUTH2
  bool require_auth = false;                // MAIL without AUTH: 530 5.7.0
  bool trusted = false;                     // the client is in trusted_networks
  Audience vrfy = Audience::nobody;         // the others get 252
  Audience expn = Audience::nobody;         // the others get 502
  bool may_xclient = false;                 // the client may speak for others
  bool tell_unknown = false;                // somebody wants to know of commands that there are not
  base::Duration longest_hold{};            // FUTURERELEASE, on service submission; zero: not offered
  base::WallTime hold_until{};              // the same as a moment
  std::uint64_t message_size = 50U << 20U;  // SIZE; 0: no bound
  std::size_t recipients = 1000;            // more: 452 4.5.3
  std::uint32_t messages = 0;               // MAIL commands of one session; more: 421.  0: no bound
  std::uint32_t recipient_domains = 0;      // different ones of one session; more: 452 4.5.3.  0: no bound
  int errors = 10;                          // protocol errors before 421
  BareNewline bare_newline = BareNewline::reject;
  base::Duration command_timeout = std::chrono::minutes(5);       // RFC 5321 section 4.5.3.2.7
  base::Duration transaction_timeout = std::chrono::minutes(30);  // of waits for commands in all, for one message
  base::Duration data_timeout = std::chrono::minutes(10);         // between two reads of data
  std::uint64_t min_data_rate = 500;                              // bytes a second over all of the data; 0: no bound
};

struct TlsInfo {
  std::string version;          // "TLSv1.3"
  std::string cipher;           // "TLS_AES_256_GCM_SHA384"
  std::string peer_subject;     // of a verified client certificate; empty: none
  std::string channel_binding;  // tls-exporter bytes (RFC 9266)
  std::string server_name;      // SNI
  std::string end_point = {};   // tls-server-end-point bytes (RFC 5929)
};

// ---- parameters of MAIL and RCPT
// --------------------------------------------------------------------------------------

struct MailParameters {
  std::uint64_t size = 0;  // SIZE=, 0: not said
  BodyType body = BodyType::seven_bit;
  bool smtputf8 = false;                // SMTPUTF8 (RFC 6531)
  std::string auth;                     // AUTH= mailbox as sent; informational
  std::uint8_t ret = 0;                 // RET=, a Return; 0: not said
  std::string envid;                    // ENVID=, decoded
  std::optional<DeliverBy> deliver_by;  // BY=
  std::optional<Hold> hold;             // HOLDFOR= or HOLDUNTIL=
  std::int8_t priority = 0;             // MT-PRIORITY=
  bool require_tls = false;             // REQUIRETLS (RFC 8689)
};

// For whom XCLIENT says that it speaks; what is empty was not said.
struct ClaimedClient {
  std::optional<base::IpAddress> address;
  bool anonymous = false;           // the address is not known
  std::optional<std::string> name;  // of the host; "": it is not known
  std::optional<std::string> hello;
  std::optional<bool> extended;  // it said EHLO
  std::optional<std::string> account;
};

struct Hello {
  bool extended = false;  // EHLO
  std::string name;       // the argument, printable; may be syntactically wrong (many are)
};

// ---- events
// -----------------------------------------------------------------------------------------------------------
namespace event {
struct Connected {};
struct ProxyHeader {};  // was read and understood; the session starts as for Connected
struct Bytes {
  std::string_view bytes;
};               // copied as far as not consumed
struct Sent {};  // everything sent so far left; only informs
struct TlsReady {
  TlsInfo info;
};  // to StartTls, or at once on an implicit TLS listener before Connected
struct AuthChallenge {
  std::string challenge;
};  // to Exchange; not base 64
struct AuthResult {
  enum class Outcome { accepted, rejected, unavailable, locked_out, malformed } outcome = Outcome::rejected;
  std::string account;  // canonical name, when accepted
};
struct Verdict {                 // to CheckSender and CheckRecipient
  std::optional<Reply> refusal;  // empty: accepted
  bool disconnect = false;       // close after the refusal
};
// To LookUp, StartQueue and SpeakFor, and to a StartTls that is refused before its 220; and to TellUnknown, where
// nothing to say is the usual.
struct Answer {
  Reply reply;
};
struct MessageReady {};
enum class RefusedWhy { unhealthy, full, back_pressure, too_large, not_canonical, policy };
struct Refused {
  RefusedWhy why = RefusedWhy::unhealthy;
  std::optional<Reply> reply;  // instead of the usual one for `why`
};
struct BodyTaken {};
struct Committed {
  base::MessageId id;
};
struct TimedOut {};
struct PeerClosed {};
struct Stopping {};  // say 421 at the next moment where the protocol allows it, then close
}  // namespace event
using ServerEvent =
    std::variant<event::Connected, event::ProxyHeader, event::Bytes, event::Sent, event::TlsReady, event::AuthChallenge,
                 event::AuthResult, event::Verdict, event::Answer, event::MessageReady, event::Refused,
                 event::BodyTaken, event::Committed, event::TimedOut, event::PeerClosed, event::Stopping>;

// ---- actions
// ----------------------------------------------------------------------------------------------------------
namespace action {
struct Send {
  std::string bytes;
  bool flush = true;
};
// With `minimum_rate`, `deadline` is also the budget of time that all Reads in a row with it share (net/pace.hpp).
// With `budget`, waiting in all Reads with it may take no longer than that, from Committed to Committed.
struct Read {
  std::size_t limit = 0;
  base::Duration deadline{};       // relative to now
  std::uint64_t minimum_rate = 0;  // bytes a second; 0: each Read stands alone
  base::Duration budget{};         // zero: none
};
struct StartTls {     // input that came before is forgotten
  std::string ready;  // "220", said in the clear before the handshake
};
struct Authenticate {
  std::string mechanism;
  std::string user;
  std::string password;
};  // PLAIN and LOGIN, decoded
// What the client says in a mechanism that is carried on outside the machine (SCRAM); not base 64.  Answered by
// AuthChallenge, then the client's next words come in another Exchange, or by AuthResult.
struct Exchange {
  std::string mechanism;  // in upper case; empty: goes on with the one begun
  std::string response;
};
struct CheckSender {
  ReversePath sender;
  MailParameters parameters;
};
struct CheckRecipient {
  Mailbox recipient;
  RecipientParameters parameters;
};
struct LookUp {  // VRFY, EXPN
  enum class Kind { verify, expand } kind = Kind::verify;
  Mailbox mailbox;
};
struct StartQueue {  // ETRN: what waits for this domain shall be tried now
  std::string domain;
};
struct TellUnknown {  // a command that there is not
  std::string line;
};
struct SpeakFor {  // XCLIENT: from now on; settings may change with it.  The answer is a greeting, or a refusal.
  ClaimedClient client;
};
struct BeginMessage {
  std::uint64_t size_hint = 0;
};
// Canonical bytes of the message (CRLF line ends, dots unstuffed), valid until the next call of next().
struct Body {
  std::string_view bytes;
};  // answered by BodyTaken or Refused
struct Commit {};
struct Discard {};  // forget the message begun; no answer
// The transaction (sender, recipients) ended without a message: RSET, new EHLO, refusal.  No answer.
struct Reset {};
struct Close {
  enum class Reason { quit, timed_out, peer_closed, errors, stopping, policy, tls_failed } reason = Reason::quit;
};
}  // namespace action
using ServerAction = std::variant<action::Send, action::Read, action::StartTls, action::Authenticate, action::Exchange,
                                  action::CheckSender, action::CheckRecipient, action::LookUp, action::StartQueue,
                                  action::TellUnknown, action::SpeakFor, action::BeginMessage, action::Body,
                                  action::Commit, action::Discard, action::Reset, action::Close>;

class ServerSession {
 public:
  explicit ServerSession(const SessionSettings& settings);  // settings outlive the session
  ~ServerSession();
  ServerSession(ServerSession&&) noexcept;
  ServerSession& operator=(ServerSession&&) noexcept;

  // The actions are valid until the next call.
  const std::vector<ServerAction>& next(const ServerEvent& event);
  // All actions are done: a connection that waits for its client keeps none.
  void rest();

  // What was said so far; for logs, Received and policy.
  const Hello& hello() const;
  const std::optional<TlsInfo>& tls() const;
  const std::string& account() const;  // empty: not authenticated
  const ReversePath& sender() const;
  const MailParameters& mail_parameters() const;
  // "SMTP", "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA" (RFC 3848), "UTF8SMTPSA" (RFC 6531 section 4.3), for Received.
  std::string_view protocol() const;
  // Command lines so far, good and bad.
  std::uint64_t commands() const;
  int errors() const;  // as settings.errors counts them
  // The word of the state, for logs: "greeting", "command", "data", ...
  std::string_view stage() const;

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace godwit::smtp
