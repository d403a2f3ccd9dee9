// SPDX-License-Identifier: Apache-2.0
// One mail transaction of a connection: its recipients as they are accepted, and the message on its way into the
// spool. connection.cpp asks it when the session wants an answer.  One reactor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "filtered_content.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/mail/header_fixer.hpp"
#include "godwit/mail/recipients.hpp"
#include "godwit/policy/check_chain.hpp"
#include "godwit/policy/message_copies.hpp"
#include "godwit/policy/message_inspection.hpp"
#include "godwit/policy/message_rewriting.hpp"
#include "godwit/policy/milters.hpp"
#include "godwit/policy/relay.hpp"
#include "godwit/route/router.hpp"
#include "godwit/smtp/server_session.hpp"
#include "godwit/spool/spool.hpp"
#include "header_scan.hpp"
#include "schedule.hpp"

namespace godwit::server {

// What the transaction needs to know of the connection it runs on.
struct Sender {
  std::string_view hostname;  // ours
  policy::Client client;
  std::string client_address;
  std::string client_name;      // of its host; empty: not known
  std::string_view protocol{};  // how it speaks, where that is not what its session says
};

// Whom the message is shown to, with what is known before its first byte.
struct ContentChecks {
  policy::CheckChain& chain;
  policy::Facts facts;
};

// Whom it is shown to when it is whole, and who may change it.
struct Filtering {
  policy::Milters& milters;
  std::shared_ptr<const route::Router> router;
};

// What the administrator's rules make of it.
struct Alterations {
  std::unique_ptr<policy::MessageRewriting> rewriting = {};  // null: its header stays
  bool is_verified = false;                                  // as it came, so before it is changed
  std::optional<policy::MessageCopies> copies = {};
};

class Receiver {
 public:
  Receiver(spool::Spool& spool, const base::Clock& clock, HeaderScan::Subject subject = HeaderScan::Subject::left_out)
      : spool_(spool), clock_(clock), subject_(subject), header_(subject) {}

  // Once.  sender: as in MAIL, with a domain.  inspection: null where there is none.
  void begin_transaction(smtp::ReversePath sender, const Schedule& schedule,
                         std::unique_ptr<policy::MessageInspection> inspection);
  // Rules made another one of it, which goes on in its place.
  void rewrite_sender(smtp::Mailbox sender);
  // The next answer of verify_sender() takes look-ups.
  bool must_verify_sender() const { return inspection_ && !sender_verified_; }
  // Before the first recipient.  Empty: the transaction may go on.
  boost::asio::awaitable<std::optional<smtp::Reply>> verify_sender();
  // Empty: accepted.  asked: as in RCPT, with a domain.
  smtp::event::Verdict add_recipient(policy::RecipientDecision decision, const smtp::Mailbox& asked,
                                     const smtp::RecipientParameters& parameters);
  // fixes: of a message that is submitted here; `id` and `now` are set by the receiver.
  smtp::ServerEvent begin(std::uint64_t size_hint, std::optional<mail::HeaderFixes> fixes = {},
                          std::optional<ContentChecks> checks = {}, Alterations alterations = {});
  // After begin(), before its first byte.
  void filter_with(Filtering filtering, smtp::BodyType body);
  boost::asio::awaitable<smtp::ServerEvent> body(std::string_view bytes, const Sender& sender,
                                                 const smtp::ServerSession& session);
  // `gone`: the client has hung up.  What took it longer than a client waits is not kept then: it comes again.
  boost::asio::awaitable<smtp::ServerEvent> commit(const Sender& sender, const smtp::ServerSession& session,
                                                   std::function<bool()> gone);
  void discard();

  const std::vector<mail::Recipient>& recipients() const { return recipients_.all(); }
  const smtp::ReversePath& sender() const { return sender_; }
  std::uint64_t size() const { return size_; }
  // For the log: whom RCPT named, "<a@x>,<b@y>"; of many the first.
  static constexpr std::size_t most_told = 10;
  std::string asked_recipients() const;
  const std::string& message_id() const { return header_.message_id(); }
  std::string subject() const { return header_.subject(); }
  base::MessageId id() const { return incoming_->id(); }  // of the message that was begun
  policy::SenderIdentity identity() const { return inspection_ ? inspection_->identity() : policy::SenderIdentity(); }
  const std::vector<smtp::Mailbox>& asked() const { return asked_; }
  const std::string& verified() const { return verified_; }  // of the last message, for the log
  const std::string& filtered() const { return filtered_; }  // likewise
  const std::string& held() const { return held_; }          // likewise: why it is kept from its recipients
  const std::string& copied() const { return copied_; }      // likewise: who got a copy
  // Likewise: what was changed of its addresses and fields.
  std::string rewritten() const;
  // Likewise: which table could not be asked, and why.
  const std::string& outage() const { return outage_; }
  // Of the envelope, by the connection.
  void note_rewritten(const smtp::Mailbox& before, const smtp::Mailbox& after);
  bool discarded() const { return discarded_; }  // the last message: taken, and thrown away

 private:
  boost::asio::awaitable<smtp::ServerEvent> write(std::string bytes, const Sender& sender,
                                                  const smtp::ServerSession& session);
  void inspect(std::string& bytes);
  void keep_header(std::string_view bytes);
  // What may pass of the bytes.  False: it cannot be changed as it must, and is refused at its end.
  boost::asio::awaitable<bool> alter_and_inspect(std::string& bytes, bool is_last);
  boost::asio::awaitable<bool> alter(std::string& bytes, bool is_last);
  boost::asio::awaitable<std::optional<smtp::ServerEvent>> copy(mail::Envelope& envelope);
  bool rewrites(bool verified) const { return alterations_.rewriting && alterations_.is_verified == verified; }
  void hold(mail::Envelope& envelope, const std::string& why);  // empty: nothing
  bool inspects_as_stored() const { return content_ && inspection_ && inspection_->wants_stored_form(); }
  boost::asio::awaitable<smtp::ServerEvent> write_rest(const Sender& sender, const smtp::ServerSession& session);
  boost::asio::awaitable<std::optional<smtp::ServerEvent>> judge(mail::Envelope& envelope);
  boost::asio::awaitable<std::optional<smtp::ServerEvent>> filter(mail::Envelope& envelope, std::string received,
                                                                  base::MonoTime until);
  boost::asio::awaitable<std::optional<smtp::ServerEvent>> inspect_stored_form();
  boost::asio::awaitable<policy::MessageDecision> ask_checks();
  mail::Envelope make_envelope(const Sender& sender, const smtp::ServerSession& session) const;
  bool needs_smtputf8(const smtp::ServerSession& session) const;
  std::string received(const Sender& sender, const smtp::ServerSession& session) const;

  spool::Spool& spool_;
  const base::Clock& clock_;
  smtp::ReversePath sender_;
  smtp::ReversePath given_sender_;  // in MAIL
  mail::RecipientList recipients_;
  Schedule schedule_;
  std::vector<smtp::Mailbox> asked_;  // by RCPT commands that were accepted
  std::unique_ptr<spool::Incoming> incoming_;
  std::unique_ptr<mail::HeaderFixer> fixer_;
  Alterations alterations_;
  std::optional<smtp::event::Refused> unaltered_;  // it cannot be changed as it must
  std::string envelope_rewritten_;
  std::string copied_;
  std::string outage_;
  std::unique_ptr<policy::MessageInspection> inspection_;
  bool sender_verified_ = false;
  std::string verified_;
  std::optional<ContentChecks> checks_;
  bool header_kept_ = false;  // all of it that they are shown
  std::string on_top_;        // what the inspection and the checks put above the message
  std::string seal_;          // likewise, as long as nothing that it covers is changed
  std::optional<Filtering> filtering_;
  std::unique_ptr<FilteredContent> content_;  // null: nobody filters it
  std::string filtered_;
  std::string held_;
  bool discarded_ = false;
  const HeaderScan::Subject subject_;  // whether it is for the log
  HeaderScan header_;
  std::uint64_t size_ = 0;
  bool started_ = false;  // the Received field is written
};

}  // namespace godwit::server
