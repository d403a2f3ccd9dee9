// SPDX-License-Identifier: Apache-2.0
// What the log says of a connection and its messages.
#include <utility>

#include "connection.hpp"
#include "godwit/base/text.hpp"
#include "godwit/policy/service_name.hpp"

namespace godwit::server {
namespace {

namespace event = smtp::event;
namespace action = smtp::action;

std::string_view to_string(action::Close::Reason reason) {
  switch (reason) {
    case action::Close::Reason::quit:
      return "quit";
    case action::Close::Reason::timed_out:
      return "timed out";
    case action::Close::Reason::peer_closed:
      return "closed by the client";
    case action::Close::Reason::errors:
      return "too many errors";
    case action::Close::Reason::stopping:
      return "stopping";
    case action::Close::Reason::policy:
      return "policy";
    case action::Close::Reason::tls_failed:
      return "TLS failed";
  }
  return "?";
}

}  // namespace

void Connection::log_accepted(base::MessageId id) {
  const auto identity = base::to_string(id);
  log_envelope(identity);
  const auto tls = shown_tls();
  std::vector<log::Field> fields{{"id", identity},
                                 {"from", "<" + smtp::to_string(receiver_->sender()) + ">"},
                                 {"to", receiver_->asked_recipients()},
                                 {"recipients", receiver_->recipients().size()},
                                 {"size", receiver_->size()},
                                 {"client", sender_.client_address},
                                 {"service", policy::name_of(listener_.service)},
                                 {"hello", session_.hello().name},
                                 {"protocol", sender_.protocol.empty() ? session_.protocol() : sender_.protocol},
                                 {"account", session_.account()},
                                 {"tls", tls ? std::string_view(tls->version) : std::string_view("none")},
                                 {"message_id", receiver_->message_id()},
                                 {"verified", receiver_->verified()}};
  if (auto subject = receiver_->subject(); !subject.empty()) fields.emplace_back("subject", std::move(subject));
  const auto rewritten = receiver_->rewritten();
  if (!receiver_->filtered().empty()) fields.emplace_back("filtered", receiver_->filtered());
  if (!rewritten.empty()) fields.emplace_back("rewritten", rewritten);
  if (!receiver_->copied().empty()) fields.emplace_back("copies", receiver_->copied());
  log_with_checks(log::Level::info, receiver_->discarded() ? "discarded" : "accepted", std::move(fields));
  if (!receiver_->held().empty()) around_.log.info("held", {{"id", identity}, {"reason", receiver_->held()}});
  const auto none = policy::Verdict::Kind::no_opinion;
  if (!rewritten.empty()) log_checked(identity, {"rewriting", policy::Stage::end, none, rewritten});
  if (!receiver_->copied().empty()) log_checked(identity, {"copies", policy::Stage::end, none, receiver_->copied()});
  const auto& verified = receiver_->verified();
  if (!verified.empty()) log_checked(identity, {"authentication", policy::Stage::end, none, verified});
  if (checks_)
    for (const auto& opinion : checks_->opinions()) log_checked(identity, opinion);
  if (milters_)
    for (auto& one : milters_->said())
      log_checked(identity, {one.check, policy::Stage::end, one.kind, std::move(one.evidence)});
}

// As the client said it, where `accepted` tells less: for who replays it under other rules.
void Connection::log_envelope(const std::string& identity) {
  const auto& asked = receiver_->asked();
  if (asked.size() <= Receiver::most_told && receiver_->rewritten().empty()) return;
  std::vector<std::string> addresses;
  addresses.reserve(asked.size());
  for (const auto& recipient : asked) addresses.push_back("<" + smtp::to_string(recipient) + ">");
  around_.log.debug("envelope", {{"id", identity},
                                 {"from", "<" + smtp::to_string(given_sender()) + ">"},
                                 {"to", base::join(addresses, ",")},
                                 {"asked", asked.size()}});
}

// A line of its own in the history.
void Connection::log_checked(const std::string& identity, const policy::Opinion& opinion) {
  around_.log.debug("checked", {{"id", identity},
                                {"check", opinion.check},
                                {"stage", policy::to_string(opinion.stage)},
                                {"verdict", policy::to_string(opinion.kind)},
                                {"evidence", opinion.evidence}});
}

void Connection::log_not_taken(const event::Refused& refused) {
  log_with_checks(log::Level::warn, "rejected",
                  {{"client", sender_.client_address},
                   {"stage", "data"},
                   {"from", "<" + smtp::to_string(given_sender()) + ">"},
                   {"reason", refused.reply ? to_line(*refused.reply) : std::string("the spool refused it")},
                   {"service", policy::name_of(listener_.service)},
                   {"account", sender_.client.account}});
}

void Connection::log_refusal(std::string_view stage, const smtp::Reply& reply, const std::string& to) {
  log_refusal(stage, reply, to, given_sender());
}

void Connection::log_refusal(std::string_view stage, const smtp::Reply& reply, const std::string& to,
                             const smtp::ReversePath& from) {
  log_with_checks(log::Level::warn, "rejected",
                  {{"client", sender_.client_address},
                   {"stage", stage},
                   {"from", "<" + smtp::to_string(from) + ">"},
                   {"to", to},
                   {"reply", to_line(reply)},
                   {"hello", session_.hello().name},
                   {"service", policy::name_of(listener_.service)},
                   {"account", sender_.client.account}});
}

// What the checks said so far stands behind the event's own fields.
void Connection::log_with_checks(log::Level level, std::string_view event, std::vector<log::Field> fields) {
  if (!around_.log.enabled(level)) return;
  if (checks_)
    for (auto& field : checks_->log_fields()) fields.push_back(std::move(field));
  around_.log.write(level, event, fields);
}

void Connection::log_end(action::Close::Reason reason) {
  const bool ordinary = reason == action::Close::Reason::quit || reason == action::Close::Reason::stopping;
  const auto level = ordinary ? log::Level::debug : log::Level::info;
  around_.log.put(level, "disconnected",
                  {{"client", sender_.client_address}, {"reason", to_string(reason)}, {"stage", session_.stage()}});
}

}  // namespace godwit::server
