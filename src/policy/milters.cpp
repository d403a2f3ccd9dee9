// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/milters.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "milter_member.hpp"

namespace godwit::policy {
namespace {

using Kind = MilterVerdict::Kind;

// Of all milters together.  Clients wait for five minutes, after DATA for two (RFC 5321 section 4.5.3.2).
constexpr base::Duration longest_command = std::chrono::minutes(4);
constexpr base::Duration longest_data_command = std::chrono::seconds(100);

std::string_view daemon_name(smtp::Service service) {
  return service == smtp::Service::submission ? "MSA" : "MTA";  // as sendmail calls the two
}

std::string host_name(const Milters::Session& session) {
  if (!session.client_name.empty()) return session.client_name;
  if (session.service == smtp::Service::local) return "localhost";
  return session.client ? "[" + base::to_string(session.client->address) + "]" : "unknown";
}

std::vector<std::string> mail_arguments(const Milters::Sender& sender) {
  std::vector<std::string> arguments = {"<" + smtp::to_string(sender.address) + ">"};
  if (sender.parameters.size > 0) arguments.push_back(fmt::format("SIZE={}", sender.parameters.size));
  if (sender.parameters.body == smtp::BodyType::eight_bit_mime) arguments.emplace_back("BODY=8BITMIME");
  if (sender.parameters.body == smtp::BodyType::binary_mime) arguments.emplace_back("BODY=BINARYMIME");
  if (sender.parameters.smtputf8) arguments.emplace_back("SMTPUTF8");
  return arguments;
}

}  // namespace

Milters::Milters(const std::vector<MilterSettings>& settings, Session session, MilterConnections& connections,
                 log::Logger& log)
    : session_(std::move(session)), connections_(connections), log_(log) {
  for (const auto& one : settings)
    if (std::ranges::find(one.services, session_.service) != one.services.end())
      all_.push_back(std::make_unique<MilterMember>(one, session_.client_text, connections, log));
  const auto host = host_name(session_);
  macros_["j"] = session_.hostname;
  macros_["v"] = "Godwit " GODWIT_VERSION;
  macros_["{daemon_name}"] = daemon_name(session_.service);
  macros_["{daemon_addr}"] = base::to_string(session_.listener.address);
  macros_["{daemon_port}"] = fmt::format("{}", session_.listener.port);
  macros_["{client_name}"] = host;
  macros_["_"] = host;
  if (!session_.client) return;
  const auto address = base::to_string(session_.client->address);
  if (!session_.client_name.empty()) macros_["_"] = fmt::format("{} [{}]", host, address);
  macros_["{client_addr}"] = address;
  macros_["{client_port}"] = fmt::format("{}", session_.client->port);
}

Milters::~Milters() = default;

void Milters::note(const MilterMember& member, std::string_view stage, std::string_view verdict,
                   const std::string& reply) {
  log_.info("milter_verdict", {{"milter", member.name()},
                               {"client", session_.client_text},
                               {"stage", stage},
                               {"verdict", verdict},
                               {"reply", reply}});
}

Milters::Answer Milters::ask_all(std::string_view stage, Question question, base::MonoTime until) {
  if (discarded_by_ != nullptr) co_return std::nullopt;
  for (auto& member : all_) {
    auto verdict = co_await member->ask(stage, question, until);
    if (verdict.kind == Kind::go_on) continue;
    if (!member->failed())
      note(*member, stage, verdict.kind == Kind::discard ? "discard" : "refuse",
           verdict.reply ? to_line(*verdict.reply) : std::string());
    if (verdict.kind == Kind::refuse) co_return std::move(verdict.reply);
    discarded_by_ = member.get();
    break;
  }
  co_return std::nullopt;
}

Milters::Answer Milters::connect() {
  co_return co_await introduce(until_after(longest_command));
}

Milters::Answer Milters::introduce(base::MonoTime until) {
  greeted_ = true;
  const Question introduction = [this](MilterDialogue& dialogue) {
    return dialogue.connect(host_name(session_), session_.client, macros_);
  };
  for (auto& member : all_) {
    auto verdict = co_await member->meet(introduction, until);
    if (verdict.kind == Kind::go_on || member->failed()) continue;
    note(*member, "connect", "refuse", to_line(*verdict.reply));
    refusal_ = std::move(verdict.reply);
    break;
  }
  co_return refusal_;
}

// Whom the milters do not know yet, or under another name.
Milters::Answer Milters::greet(const Sender& sender, base::MonoTime until) {
  if (!greeted_) std::ignore = co_await introduce(until);
  if (refusal_) co_return refusal_;
  const auto hello = fmt::format("{} {}", sender.hello.name, sender.tls ? sender.tls->version : "");
  if (hello == hello_) co_return std::nullopt;
  hello_ = hello;
  if (sender.tls) {
    macros_["{tls_version}"] = sender.tls->version;
    macros_["{cipher}"] = sender.tls->cipher;
    macros_["{cert_subject}"] = sender.tls->peer_subject;
  }
  const auto name = sender.hello.name;
  Question question = [this, name](MilterDialogue& dialogue) { return dialogue.helo(name, macros_); };
  refusal_ = co_await ask_all("helo", std::move(question), until);
  co_return refusal_;
}

Milters::Answer Milters::mail(Sender sender) {
  const auto until = until_after(longest_command);
  auto refusal = co_await greet(sender, until);
  if (refusal) co_return refusal;
  macros_["{auth_authen}"] = sender.account;
  macros_["{auth_type}"] = sender.account.empty() ? "" : sender.mechanism;
  macros_["{mail_addr}"] = smtp::to_string(sender.address);
  macros_["{mail_host}"] = sender.address ? sender.address->domain : "";
  macros_["{mail_mailer}"] = "esmtp";
  macros_.erase("i");
  const auto arguments = mail_arguments(sender);
  Question question = [this, arguments](MilterDialogue& dialogue) { return dialogue.mail(arguments, macros_); };
  co_return co_await ask_all("mail", std::move(question), until);
}

Milters::Answer Milters::rcpt(smtp::Mailbox recipient) {
  macros_["{rcpt_addr}"] = smtp::to_string(recipient);
  macros_["{rcpt_host}"] = recipient.domain;
  macros_["{rcpt_mailer}"] = "esmtp";
  const std::vector<std::string> arguments = {"<" + smtp::to_string(recipient) + ">"};
  Question question = [this, arguments](MilterDialogue& dialogue) { return dialogue.rcpt(arguments, macros_); };
  co_return co_await ask_all("rcpt", std::move(question), until_after(longest_command));
}

boost::asio::awaitable<void> Milters::rejected_rcpt(smtp::Mailbox recipient, smtp::Reply refusal) {
  macros_["{rcpt_addr}"] = refusal.lines.front();
  macros_["{rcpt_host}"] = to_string(refusal.enhanced);
  macros_["{rcpt_mailer}"] = "error";
  const std::vector<std::string> arguments = {"<" + smtp::to_string(recipient) + ">"};
  const Question question = [this, arguments](MilterDialogue& dialogue) { return dialogue.rcpt(arguments, macros_); };
  const auto until = until_after(longest_command);
  for (auto& member : all_) {
    if (discarded_by_ != nullptr || !member->wants_rejected_rcpt()) continue;
    std::ignore = co_await member->ask("rcpt", question, until);  // it is refused already
  }
}

Milters::Answer Milters::unknown(std::string line) {
  Question question = [line = std::move(line)](MilterDialogue& dialogue) { return dialogue.unknown(line); };
  co_return co_await ask_all("unknown", std::move(question), until_after(longest_command));
}

Milters::Answer Milters::data(base::MessageId id) {
  if (message_refusal_) co_return message_refusal_;  // also when the client says DATA again
  macros_["i"] = to_string(id);
  Question question = [this](MilterDialogue& dialogue) { return dialogue.data(macros_); };
  message_refusal_ = co_await ask_all("data", std::move(question), until_after(longest_data_command));
  co_return message_refusal_;
}

bool Milters::wants_message() const {
  return discarded_by_ == nullptr &&
         std::ranges::any_of(all_, [](const auto& member) { return member->wants_message(); });
}

boost::asio::awaitable<FilterOutcome> Milters::message(FilteredMessage& message, base::MonoTime until) {
  FilterOutcome outcome;
  for (auto& member : all_) {
    if (discarded_by_ != nullptr) break;
    auto verdict = co_await member->show(message, macros_, outcome, until);
    if (verdict.kind == Kind::go_on) continue;
    if (!member->failed())
      note(*member, "data", verdict.kind == Kind::discard ? "discard" : "refuse",
           verdict.reply ? to_line(*verdict.reply) : std::string());
    if (verdict.kind == Kind::discard) discarded_by_ = member.get();
    if (verdict.kind != Kind::refuse) continue;
    outcome.refusal = std::move(verdict.reply);
    break;
  }
  outcome.discard = discarded_by_ != nullptr;
  co_return outcome;
}

std::vector<Milters::Said> Milters::said() const {
  std::vector<Said> all;
  for (const auto& member : all_) {
    auto kind = Verdict::Kind::no_opinion;
    if (member->quarantines()) kind = Verdict::Kind::quarantine;
    if (member.get() == discarded_by_) kind = Verdict::Kind::discard;
    all.push_back({.check = "milter:" + member->name(),
                   .kind = kind,
                   .evidence = member->failed() ? "failed" : member->changes()});
  }
  return all;
}

void Milters::end_transaction() {
  discarded_by_ = nullptr;
  message_refusal_.reset();
  for (auto& member : all_) member->end_transaction();
}

void Milters::cancel() {
  for (auto& member : all_) member->cancel();
}

}  // namespace godwit::policy
