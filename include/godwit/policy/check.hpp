// SPDX-License-Identifier: Apache-2.0
// A check: one of several that are asked about a client, its sender, its recipients and its message (black lists,
// greylisting, policy servers ...).  Milters, mail authentication, limits and callouts are none: they stand at fixed
// places around the checks (docs/operations.md, "Who is asked when").  The configuration lists them by name, in order,
// for each service; a CheckChain asks them for one connection.  A check knows nothing of the others, and never decides
// what is said when it fails.
//
// To add one: derive from Check in a file of its own, and give it a name in check_list.cpp.
//
// When they are asked: nothing is asked before a recipient was named that exists and may be reached, so that who
// guesses at addresses costs no look-ups.  Then connect, helo and mail are asked in this order where they were not yet,
// then rcpt for this and each further recipient, data before the message is taken, end when it is whole.  What refuses
// at connect, helo or mail is said to each RCPT, so that the log knows whom it concerned.
//
// Diagnostics: one that takes longer than its patience, throws, or says that it failed, gives its entry's verdict
// on_failure, is logged (check_failed) and is not asked again on this connection.  When the daemon stops, no answer
// is awaited for long (CheckSurroundings::haste), and what is cut short so is deferred, whatever on_failure says.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/haste.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/policy/client_name.hpp"
#include "godwit/policy/kept_connections.hpp"
#include "godwit/policy/message_inspection.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

std::string_view to_string(Stage stage);

struct Verdict {
  enum class Kind : std::uint8_t {
    no_opinion,  // the next check is asked
    accept,      // those behind it in the list are not asked any more: at connect and helo of this connection, at mail
                 // of this transaction, at rcpt of this recipient, at data and end of this message
    reject,      // 5xx
    defer,       // 4xx
    discard,     // the client is told that its message was taken, and it is thrown away
    quarantine,  // taken, but kept from its recipients (held in the queue) for `reason`
  };
  Kind kind = Kind::no_opinion;
  std::string evidence = {};              // for the log: "zen.example=127.0.0.2 score=4"
  std::optional<smtp::Reply> reply = {};  // of reject and defer; nothing: a usual one
  std::string reason = {};                // of quarantine
  std::string header = {};                // whole fields, put above the message if it is taken; with any kind
  bool vouches = false;                   // this sender is known to be good: nothing shall delay it
  bool if_others_take = false;            // of defer: those behind it are asked first, and may refuse for good
  bool softens = false;                   // what those behind it reject at this stage is deferred
  std::string failure = {};               // why the check has no verdict; nothing else of this counts
};
std::string_view to_string(Verdict::Kind kind);  // "none", "accept", "reject" ...
Verdict no_opinion(std::string evidence = {});
Verdict reject(smtp::Reply reply, std::string evidence);
Verdict defer(smtp::Reply reply, std::string evidence);
Verdict failed(std::string why);
// What a setting asks to be done about it.  enhanced: of a rejection; deferred, its first digit is 4.
Verdict judged(CheckAction action, smtp::EnhancedCode enhanced, std::string_view text, std::string evidence);

// One of several things that a check found in a message.
struct Fault {
  CheckAction action = CheckAction::none;  // what a setting asks to be done about it
  std::string text;                        // "The message has no From"
};
// All together: the strictest decides, and is what is said; the evidence names all.  Those that only ask for a field
// get it, whatever becomes of the message.
Verdict judged(std::vector<Fault> faults, smtp::EnhancedCode enhanced);

// What is known when a check is asked.  What comes at a later stage is empty before.
struct Facts {
  // connect
  std::string hostname;  // ours
  smtp::Service service = smtp::Service::mx;
  base::IpAddress client;
  std::uint16_t client_port = 0;  // 0: not known
  base::Endpoint listener;
  ClientName client_name;
  std::string user;      // of a program of this machine (service local)
  bool stranger = true;  // neither in trusted_networks, nor logged in, nor of this machine
  // helo
  smtp::Hello hello;
  std::optional<smtp::TlsInfo> tls = {};
  std::string account = {};    // empty: not authenticated
  std::string mechanism = {};  // of AUTH
  // mail
  smtp::ReversePath sender = {};  // as in MAIL, with a domain
  smtp::MailParameters parameters = {};
  bool vouched = false;  // by a check before
  // rcpt: the one that is asked about, as in RCPT, with a domain
  smtp::Mailbox recipient = {};
  SenderIdentity identity = {};  // by SPF; at end also by DKIM
  // data
  std::vector<smtp::Mailbox> recipients = {};  // that were taken, as in RCPT
  base::MessageId id = {};                     // of the message to be
  // end
  std::string header = {};  // of the message, as it came, with the empty line; at most `longest_header` of it
  std::uint64_t size = 0;   // of the message

  static constexpr std::size_t longest_header = 256U << 10U;
};

// Of one connection, one reactor.  Never asked for two things at once.
class Check {
 public:
  virtual ~Check() = default;
  virtual bool is_asked_at(Stage stage) const = 0;
  // Requires: is_asked_at(stage).
  virtual boost::asio::awaitable<Verdict> ask(Stage stage, std::shared_ptr<const Facts> facts) = 0;
  // The message as it is stored, without what we put above it, piece by piece between data and end.
  virtual bool wants_message() const { return false; }
  virtual boost::asio::awaitable<void> take(std::string) { co_return; }
  // The transaction is over: its message was taken or refused, or it was given up.
  virtual void end_transaction() {}
};

// What checks of one reactor use.
struct CheckSurroundings {
  boost::asio::any_io_executor executor;
  net::Deadlines& deadlines;
  net::Network& network;
  dns::Resolver& resolver;
  net::TaskGroup& tasks;  // of what goes on when nobody waits for it any more
  net::Haste& haste;      // begun when the daemon stops: from then on no answer is awaited for long
  const base::Clock& clock;
  log::Logger& log;
  KeptConnections& connections;
};

// A check as the configuration lists it.
struct CheckEntry {
  std::string name = {};                               // as in lists of checks: "dns_lists", "http:tenants"
  std::string field = {};                              // of the log: "check_dns_lists", "check_http_tenants"
  bool only_strangers = true;                          // see Facts::stranger
  base::Duration patience = std::chrono::seconds(15);  // of one question
  Verdict on_failure = {};
  std::function<std::shared_ptr<Check>(const CheckSurroundings&)> make = {};
};
using CheckList = std::vector<CheckEntry>;

}  // namespace godwit::policy
