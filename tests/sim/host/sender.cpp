// SPDX-License-Identifier: Apache-2.0
#include "sim/host/sender.hpp"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"

namespace godwit::sim {
namespace {

std::string dot_stuffed(const std::string& body) {
  std::string stuffed;
  bool at_start = true;
  for (const char c : body) {
    if (at_start && c == '.') stuffed += '.';
    stuffed += c;
    at_start = c == '\n';
  }
  return stuffed;
}

}  // namespace

void Sender::send(World& world, Internet& network, Ledger& ledger, const base::IpAddress& from,
                  const base::Endpoint& to, std::vector<Mail> mails, Manners manners) {
  auto attempt = network.connect(from, to);
  if (attempt.kind != Internet::Attempt::Kind::connected) return;
  std::make_shared<Sender>(world, std::move(attempt.wire), ledger, std::move(mails), manners)->begin();
}

Sender::Sender(World& world, std::shared_ptr<Wire> wire, Ledger& ledger, std::vector<Mail> mails, Manners manners)
    : Party(world, std::move(wire), client),
      ledger_(ledger),
      mails_(std::make_move_iterator(mails.begin()), std::make_move_iterator(mails.end())),
      manners_(manners) {}

void Sender::line(std::string_view line) {
  ++lines_;
  if (lines_ == manners_.quits_after) return hang_up();
  if (lines_ == manners_.stalls_after) return stall();
  if (lines_ == manners_.half_closes_after) half_close();  // what it says from now on goes nowhere
  if (line.size() < 3 || (line.size() > 3 && line[3] == '-')) return;
  reply(std::atoi(std::string(line.substr(0, 3)).c_str()));
}

void Sender::reply(int code) {
  const bool good = code < 400;
  switch (step_) {
    case Step::greeting:
    case Step::tls:
      if (!good) return hang_up();
      secured_ = step_ == Step::tls;
      step_ = Step::hello;
      return say("EHLO client.example\r\n");
    case Step::hello:
      return good ? begin_session() : hang_up();
    case Step::login:
      return login_answered(code);
    case Step::mail:
      if (code == 421) return hang_up();
      if (good) {
        step_ = Step::recipients;
        if (!manners_.pipelines) say_recipient();
        return;
      }
      if (manners_.pipelines) return hang_up();  // what else it said would have to be waited for
      mails_.pop_front();
      return next_mail();
    case Step::recipients:
      return recipient_answered(code);
    case Step::data:
      if (code == 354) return say_body();
      mails_.pop_front();
      return code == 421 ? hang_up() : next_mail();
    case Step::body:
      ledger_.answered(mails_.front(), good ? Ledger::Answer::taken : Ledger::Answer::refused,
                       wire()->address(server).address);
      mails_.pop_front();
      return code == 421 ? hang_up() : next_mail();
    case Step::quit:
      return hang_up();
  }
}

void Sender::begin_session() {
  if (!manners_.login) return next_mail();
  if (secured_ || manners_.login->in_clear) return log_in();
  step_ = Step::tls;
  say("STARTTLS\r\n");
}

void Sender::log_in() {
  const auto& login = *manners_.login;
  step_ = Step::login;
  switch (login.mechanism) {
    case Login::Mechanism::none:
      return next_mail();
    case Login::Mechanism::plain:
      return say(fmt::format("AUTH PLAIN {}\r\n", base::base64_encode('\0' + login.user + '\0' + login.password)));
    case Login::Mechanism::login:
      responses_ = {login.user, login.password};
      return say("AUTH LOGIN\r\n");
  }
}

void Sender::login_answered(int code) {
  if (code == 421) return hang_up();
  if (code == 334 && !responses_.empty()) {
    say(base::base64_encode(responses_.front()) + "\r\n");
    return responses_.pop_front();
  }
  logged_in_ = code == 235;
  const auto& login = *manners_.login;
  if (logged_in_ && (login.is_wrong || login.in_clear))
    ledger_.complain("login", fmt::format("{} was let in as {}", wire()->number(), login.user));
  next_mail();
}

void Sender::next_mail() {
  if (mails_.empty()) {
    step_ = Step::quit;
    say("QUIT\r\n");
    return;
  }
  const auto& mail = mails_.front();
  step_ = Step::mail;
  if (manners_.login && !logged_in_)
    for (const auto& recipient : mail.recipients) ledger_.forbid(mail, recipient);
  recipient_ = accepted_ = 0;
  std::string said = fmt::format("MAIL FROM:<{}>\r\n", mail.sender);
  if (manners_.pipelines)
    for (const auto& recipient : mail.recipients) said += fmt::format("RCPT TO:<{}>\r\n", recipient);
  say(std::move(said));
}

void Sender::say_recipient() {
  say(fmt::format("RCPT TO:<{}>\r\n", mails_.front().recipients[recipient_]));
}

void Sender::recipient_answered(int code) {
  const auto& mail = mails_.front();
  if (code == 421) return hang_up();
  if (code < 400) {
    ++accepted_;
    ledger_.recipient_accepted(mail, mail.recipients[recipient_]);
  }
  if (++recipient_ == mail.recipients.size()) return envelope_done();
  if (!manners_.pipelines) say_recipient();
}

void Sender::envelope_done() {
  if (accepted_ == 0) {
    mails_.pop_front();
    if (mails_.empty()) return next_mail();
    return hang_up();  // RSET would be as good
  }
  if (manners_.chunks) return say_body();
  step_ = Step::data;
  say("DATA\r\n");
}

void Sender::say_body() {
  step_ = Step::body;
  const auto& mail = mails_.front();
  auto said = manners_.chunks ? fmt::format("BDAT {} LAST\r\n{}", mail.body.size(), mail.body)
                              : dot_stuffed(mail.body) + mail.smuggled + ".\r\n";
  if (manners_.breaks_off) said.resize(world().random().below(said.size()));
  say(std::move(said));
  if (manners_.breaks_off) return half_close();
  if (manners_.half_closes && mails_.size() == 1) half_close();
}

}  // namespace godwit::sim
