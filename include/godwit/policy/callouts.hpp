// SPDX-License-Identifier: Apache-2.0
// Recipients of our own domains that another host knows (recipients: callout): whether they are there is asked of it
// with MAIL FROM:<> and RCPT TO, without a message.  What it says is remembered (state/recipient_answers.hpp), also
// that it takes every address: then nothing more is asked of it.  Nobody else's hosts are ever asked, about senders
// least of all: that would trouble those in whose name spam is sent.
//
// Bounded: so many inquiries of a domain at once, each with a deadline; one that hangs goes on by itself and counts
// until it has ended.  A host that fails is left alone for a moment.  What cannot be asked was there if it was when it
// was asked last; else it waits (451) or is taken, as the settings say.
//
// A table for route/, asked by every reactor; what is asked of hosts runs on one.
//
// Diagnostics: callout_failed in the log, where a host cannot be asked.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/deliver/agent.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/lookup/table.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/haste.hpp"
#include "godwit/net/patience.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/state/recipient_answers.hpp"

namespace godwit::policy {

class Callouts final : public lookup::Table, public std::enable_shared_from_this<Callouts> {
 public:
  static constexpr base::Duration rest = std::chrono::seconds(30);  // after a failure

  // One outcome for each recipient; see deliver::SmtpAgent::inquire.  Called on `home`.
  using Inquire = std::function<boost::asio::awaitable<deliver::Outcomes>(std::string domain,
                                                                          std::vector<smtp::Mailbox> recipients)>;
  struct Parts {
    boost::asio::any_io_executor home;
    net::Deadlines& deadlines;  // of that reactor
    state::RecipientAnswers& answers;
    Inquire inquire;
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
  };
  Callouts(const CalloutSettings& settings, Parts parts);

  const std::string& name() const override { return name_; }
  std::optional<lookup::Answer> recall(const std::string& address) override;
  boost::asio::awaitable<lookup::Answer> ask(std::string address) override;
  // It is there, for all that is known.
  std::optional<lookup::Answer> assume(const std::string&) override { return lookup::present(); }

  // On `home`, these.
  void change_settings(const CalloutSettings& settings) { settings_ = settings; }
  // The daemon is about to stop: from now on no answer is awaited for longer than that.  What has none is not known
  // then, whatever was known of it before.
  void hurry(base::Duration longest) { haste_.begin(parts_.clock.mono(), longest); }
  // No more are begun; those under way end within that time, or are abandoned.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  struct Place {
    std::size_t active = 0;
    base::MonoTime rests_until{};
  };

  static boost::asio::awaitable<lookup::Answer> ask_at_home(std::shared_ptr<Callouts> self, std::string address);
  static boost::asio::awaitable<deliver::Outcomes> inquire(std::shared_ptr<Callouts> self, std::string domain,
                                                           std::vector<smtp::Mailbox> recipients);
  std::string why_not_now(const std::string& domain);
  lookup::Answer conclude(const std::string& address, const std::string& domain, const deliver::Outcomes& outcomes);
  lookup::Answer failed(const std::string& address, std::string why);
  void leave_alone(const std::string& domain, const std::string& why);
  smtp::Mailbox nobody(const std::string& domain);

  const std::string name_;
  CalloutSettings settings_;
  Parts parts_;
  net::TaskGroup tasks_;
  net::Haste haste_;
  net::Patience patience_;
  std::map<std::string, Place> places_;  // by domain, of ours
};

}  // namespace godwit::policy
