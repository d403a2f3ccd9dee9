// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/callouts.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "godwit/lookup/lmtp_source.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;
using lookup::Answer;

// What a host said of one recipient.  Only what it answers to RCPT is about it.
Answer answer_of(const deliver::Outcome& outcome) {
  if (outcome.kind == deliver::Outcome::Kind::delivered) return lookup::present();
  if (outcome.stage == smtp::Stage::rcpt) return lookup::recipient_answer(outcome.reply);
  return lookup::unavailable(fmt::format("{} says: {}", outcome.relay.empty() ? "the router" : outcome.relay,
                                         base::printable(to_line(outcome.reply), 200)));
}

}  // namespace

Callouts::Callouts(const CalloutSettings& settings, Parts parts)
    : name_("callout"),
      settings_(settings),
      parts_(std::move(parts)),
      tasks_(parts_.home, parts_.deadlines,
             [this](const std::exception_ptr& thrown) {
               parts_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
             }),
      patience_(parts_.home, parts_.deadlines, tasks_, &haste_) {}

std::optional<Answer> Callouts::recall(const std::string& address) {
  const auto at = address.rfind('@');
  if (at != std::string::npos && parts_.answers.takes_all(base::to_lower(address.substr(at + 1))).value_or(false))
    return lookup::present();
  const auto known = parts_.answers.recall(address);
  if (!known) return {};
  return *known ? lookup::present() : lookup::absent();
}

awaitable<Answer> Callouts::ask(std::string address) {
  auto asking = ask_at_home(shared_from_this(), std::move(address));
  auto answer = co_await boost::asio::co_spawn(parts_.home, std::move(asking), boost::asio::use_awaitable);
  co_return answer;
}

awaitable<Answer> Callouts::ask_at_home(std::shared_ptr<Callouts> self, std::string address) {
  if (auto known = self->recall(address)) co_return *std::move(known);  // somebody has asked meanwhile
  const auto mailbox = smtp::parse_mailbox(address, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!mailbox) co_return lookup::absent();
  const auto domain = base::to_lower(mailbox->domain);
  if (auto why = self->why_not_now(domain); !why.empty()) co_return self->failed(address, std::move(why));
  std::vector<smtp::Mailbox> recipients{*mailbox};
  if (!self->parts_.answers.takes_all(domain)) recipients.push_back(self->nobody(domain));
  auto inquiring = inquire(self, domain, std::move(recipients));
  const auto until = [&haste = self->haste_, asked = self->patience_.now(), patience = self->settings_.timeout] {
    return haste.until(asked, patience);
  };
  auto waiting = self->patience_.wait(std::move(inquiring), until);
  const auto outcomes = co_await std::move(waiting);
  if (outcomes) co_return self->conclude(address, domain, *outcomes);
  if (self->haste_.begun()) co_return lookup::unavailable("no answer before the daemon stops");
  const auto why = fmt::format("no answer in {}", base::format_duration(self->settings_.timeout));
  self->leave_alone(domain, why);
  co_return self->failed(address, why);
}

// Owns what it uses: it may go on when nobody waits for it any more.
awaitable<deliver::Outcomes> Callouts::inquire(std::shared_ptr<Callouts> self, std::string domain,
                                               std::vector<smtp::Mailbox> recipients) {
  struct Counted {
    explicit Counted(std::size_t& active) : count(active) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    std::size_t& count;
  };
  const Counted counted(self->places_[domain].active);
  auto asking = self->parts_.inquire(domain, std::move(recipients));
  auto outcomes = co_await std::move(asking);
  co_return outcomes;
}

// Empty: it may be asked.
std::string Callouts::why_not_now(const std::string& domain) {
  const auto& place = places_[domain];
  if (place.active >= settings_.connections) return "too much is being asked of it at once";
  if (parts_.clock.mono() < place.rests_until) return "it failed a moment ago";
  return {};
}

// Of one that is there no host can know by chance.
smtp::Mailbox Callouts::nobody(const std::string& domain) {
  return {.local = fmt::format("godwit-{:016x}", parts_.random.next()), .domain = domain};
}

Answer Callouts::conclude(const std::string& address, const std::string& domain, const deliver::Outcomes& outcomes) {
  using Kind = Answer::Kind;
  auto answer = outcomes.empty() ? lookup::unavailable("no outcome") : answer_of(outcomes.front());
  if (answer.kind == Kind::unavailable) {
    // A refusal of this one address for now is no reason not to ask for others.
    if (outcomes.empty() || outcomes.front().stage != smtp::Stage::rcpt) leave_alone(domain, answer.reason);
    return failed(address, std::move(answer.reason));
  }
  if (outcomes.size() > 1 && outcomes[1].stage == smtp::Stage::rcpt)
    if (const auto of_nobody = answer_of(outcomes[1]).kind; of_nobody != Kind::unavailable) {
      parts_.answers.remember_domain(domain, of_nobody == Kind::present);
      if (of_nobody == Kind::present) return answer;  // it says so of everybody
    }
  parts_.answers.remember(address, answer.kind == Kind::present);
  return answer;
}

Answer Callouts::failed(const std::string& address, std::string why) {
  if (parts_.answers.was_there(address) || settings_.on_failure == CalloutSettings::Failure::accept)
    return lookup::present();
  return lookup::unavailable(std::move(why));
}

void Callouts::leave_alone(const std::string& domain, const std::string& why) {
  places_[domain].rests_until = parts_.clock.mono() + rest;
  parts_.log.warn("callout_failed", {{"destination", domain}, {"reason", why}});
}

awaitable<void> Callouts::stop(base::MonoTime deadline) {
  tasks_.close();
  auto ended = co_await tasks_.wait_empty(deadline);
  if (!ended) tasks_.cancel();
}

}  // namespace godwit::policy
