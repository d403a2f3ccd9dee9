// SPDX-License-Identifier: Apache-2.0
// One milter in one SMTP session: its connection, whether it failed, and a message shown to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/log/logger.hpp"
#include "godwit/net/canceller.hpp"
#include "godwit/policy/filtered_message.hpp"
#include "godwit/policy/milter_connections.hpp"
#include "godwit/policy/settings.hpp"
#include "milter_link.hpp"

namespace godwit::policy {

class MilterMember {
 public:
  using Question = std::function<MilterStep(MilterDialogue&)>;
  using Verdict = boost::asio::awaitable<MilterVerdict>;

  // client: for the log.
  MilterMember(MilterSettings settings, std::string client, MilterConnections& connections, log::Logger& log)
      : settings_(std::move(settings)), client_(std::move(client)), connections_(connections), log_(log) {}
  ~MilterMember();

  const std::string& name() const { return settings_.name; }
  bool failed() const { return failed_; }
  // Of the message that it was shown.
  const std::string& changes() const { return changes_; }
  bool quarantines() const { return quarantines_; }

  // Who has not answered at `end` has failed, also when it asks for patience.
  // Connects and asks.  introduction: how a session begins.
  Verdict meet(Question introduction, base::MonoTime end);
  Verdict ask(std::string_view stage, Question question, base::MonoTime end);
  // The header, the body and the end of a message; what it changes of the message is done, or nothing is.
  Verdict show(FilteredMessage& message, const MilterMacros& macros, FilterOutcome& outcome, base::MonoTime end);
  // Whether the message that comes must be shown to it.
  bool wants_message() const;
  bool wants_rejected_rcpt() const { return link_ && link_->dialogue().wants_rejected_rcpt(); }
  void end_transaction();
  void cancel();

 private:
  net::Task<MilterVerdict> introduce(const Question& introduction, base::MonoTime end);
  net::Task<MilterVerdict> transmit(FilteredMessage& message, const MilterMacros& macros, base::MonoTime end);
  net::Task<MilterVerdict> transmit_header(FilteredMessage& message, const MilterMacros& macros, base::MonoTime end);
  net::Task<MilterVerdict> transmit_body(FilteredMessage& message, base::MonoTime end);
  net::Task<> apply(FilteredMessage& message, FilterOutcome& outcome);
  MilterVerdict fail(std::string_view stage, const std::string& reason);
  MilterVerdict failure() const;

  const MilterSettings settings_;
  const std::string client_;
  MilterConnections& connections_;
  log::Logger& log_;
  net::Canceller cancelled_;
  std::unique_ptr<MilterLink> link_;  // null: not met, or failed
  bool failed_ = false;
  bool body_changed_ = false;  // of the message under way, and what follows
  std::string changes_;
  bool quarantines_ = false;
};

}  // namespace godwit::policy
