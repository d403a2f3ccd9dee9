// SPDX-License-Identifier: Apache-2.0
// The milters of one SMTP session, asked one after the other at each stage, in the order of the configuration.  Each
// sees a message as the one before it has made it; so a message is shown to them when it is whole, which also keeps
// them from waiting for slow clients.  What one does not answer in time, or says wrong, is its failure: it is out for
// the rest of the session, with what `on_failure` says in its place at every stage.  All of them together have the time
// that clients wait for an answer (RFC 5321 section 4.5.3.2).  HELO is told together with MAIL,
// since clients repeat it (STARTTLS).
//
// One reactor, one coroutine at a time.  Diagnostics: `milter_failed` (warning) once for each failure.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/policy/check.hpp"
#include "godwit/policy/filtered_message.hpp"
#include "godwit/policy/milter_connections.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/reply.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::policy {

class MilterDialogue;
class MilterMember;
struct MilterStep;

class Milters {
 public:
  struct Session {
    std::string hostname;  // ours
    smtp::Service service = smtp::Service::mx;
    base::Endpoint listener;
    std::optional<base::Endpoint> client;  // empty: a program of this machine
    std::string client_name;               // of its host; empty: not known
    std::string client_text;               // for the log
  };
  struct Sender {
    smtp::Hello hello;
    std::optional<smtp::TlsInfo> tls;
    std::string account;    // empty: not authenticated
    std::string mechanism;  // of AUTH
    smtp::ReversePath address;
    smtp::MailParameters parameters;
  };
  using Answer = boost::asio::awaitable<std::optional<smtp::Reply>>;  // empty: the session may go on

  // `settings`: of all milters; those that take no part in this service are left out.  Connections and log outlive it.
  Milters(const std::vector<MilterSettings>& settings, Session session, MilterConnections& connections,
          log::Logger& log);
  ~Milters();

  bool empty() const { return all_.empty(); }

  // Before the greeting.  A milter that fails refuses nobody here, but what comes later.
  Answer connect();
  Answer mail(Sender sender);
  Answer rcpt(smtp::Mailbox recipient);
  // That we refused a recipient; for those milters that want to know.
  boost::asio::awaitable<void> rejected_rcpt(smtp::Mailbox recipient, smtp::Reply refusal);
  // A command that there is not; what is given is said in place of 500.
  Answer unknown(std::string line);
  // Before 354.  id: of the message to be.
  Answer data(base::MessageId id);
  // Whether the message that comes must be shown to one of them.
  bool wants_message() const;
  bool discards() const { return discarded_by_ != nullptr; }
  // The message is whole.  What refers to it outlives the call.  until: how long its client waits; whoever has not
  // answered by then has failed, however many there are.
  boost::asio::awaitable<FilterOutcome> message(FilteredMessage& message, base::MonoTime until);
  // What each said of the message that was taken: also one that let it pass, and one that was not asked.
  struct Said {
    std::string check;  // "milter:rspamd"
    Verdict::Kind kind = Verdict::Kind::no_opinion;
    std::string evidence;  // "header,body"
  };
  std::vector<Said> said() const;
  // Whatever became of the transaction.
  void end_transaction();
  void cancel();

 private:
  // A step of the protocol, made for each milter anew.
  using Question = std::function<MilterStep(MilterDialogue&)>;
  Answer ask_all(std::string_view stage, Question question, base::MonoTime until);
  Answer introduce(base::MonoTime until);
  Answer greet(const Sender& sender, base::MonoTime until);
  base::MonoTime until_after(base::Duration patience) const { return connections_.network().now() + patience; }
  void note(const MilterMember& member, std::string_view stage, std::string_view verdict, const std::string& reply);

  Session session_;
  MilterConnections& connections_;
  log::Logger& log_;
  std::map<std::string, std::string, std::less<>> macros_;  // what is known, by the names of the protocol
  std::vector<std::unique_ptr<MilterMember>> all_;
  bool greeted_ = false;                        // told of the client
  std::string hello_;                           // that they were told
  std::optional<smtp::Reply> refusal_;          // of the whole session
  std::optional<smtp::Reply> message_refusal_;  // of DATA
  const MilterMember* discarded_by_ = nullptr;  // the message under way
};

}  // namespace godwit::policy
