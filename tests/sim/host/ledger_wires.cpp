// SPDX-License-Identifier: Apache-2.0
// What goes over the wires: which mail is on its way, what was promised for it, and what nobody heard the end of.
#include <optional>
#include <utility>

#include "sim/host/ledger.hpp"
#include "sim/host/mark.hpp"

namespace godwit::sim {
namespace {

constexpr std::string_view mail_words = "MAIL FROM:";
constexpr std::string_view taken_words = "queued as ";
constexpr std::uint64_t no_mail = 0;

void keep_end(std::string& text, std::size_t most) {
  if (text.size() > most) text.erase(0, text.size() - most);
}

// The next whole line of what came, without its end; it is gone from there then.
std::optional<std::string> take_line(std::string& text) {
  const auto end = text.find("\r\n");
  if (end == std::string::npos) return {};
  auto line = text.substr(0, end);
  text.erase(0, end + 2);
  return line;
}

// By which id a host hands a message on: in the first Received field, its own.  Empty: it did not take it from another.
std::string id_in_trace(std::string_view head) {
  constexpr std::string_view words = " id ";
  const auto trace = head.find("Received: from ");
  const auto at = trace == std::string_view::npos ? trace : head.find(words, trace);
  if (at == std::string_view::npos) return {};
  const auto begin = at + words.size();
  return std::string(head.substr(begin, head.find_first_of(";\r", begin) - begin));
}

// Every "<...>" behind these words.
std::vector<std::string> addresses_behind(std::string_view text, std::string_view words) {
  std::vector<std::string> all;
  for (auto at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    const auto begin = at + words.size();
    const auto end = text.find('>', begin);
    if (end != std::string_view::npos) all.emplace_back(text.substr(begin, end - begin));
  }
  return all;
}

}  // namespace

void Ledger::excuse_unanswered(Talk& talk) {
  for (auto& carried : talk.carried) {
    if (carried.settled != base::no_deadline) continue;
    excuse(carried);
    carried.settled = world_.now();
  }
}

void Ledger::excuse(const Carried& carried) {
  const auto found = entries_.find(carried.number);
  if (found == entries_.end()) return;
  for (const auto& recipient : carried.recipients)
    for (const auto& name : with_members(recipient)) ++found->second.fates[name].excuses;
}

void Ledger::written(Wire& wire, Side side, std::string_view bytes) {
  auto& talk = talks_[wire.number()];
  if (side == server) {
    talk.reply += bytes;
    return answered(wire, talk);
  }
  if (!wire.has_ended()) limits_.spoke(wire);
  if (bytes.starts_with("QUIT\r\n")) limits_.left(wire);
  talk.said += bytes;
  if (find_mark(wire, talk) && !wire.has_ended()) limits_.sent(wire);
  // What is written before the cut is felt may arrive, and nobody will hear the answer.
  if (wire.has_ended()) excuse_unanswered(talk);
}

void Ledger::answered(Wire& wire, Talk& talk) {
  while (const auto line = take_line(talk.reply)) {
    if (line->starts_with("220") && !wire.has_ended()) limits_.greeted(wire);
    const auto words = line->find(taken_words);
    if (words != std::string::npos && !talk.carried.empty())
      promised(wire, talk.carried.back(), line->substr(words + taken_words.size()));
  }
}

void Ledger::promised(const Wire& wire, const Carried& carried, const std::string& id) {
  const auto found = entries_.find(carried.number);
  if (found == entries_.end()) return;
  const auto& host = wire.address(server).address;
  named(host, id, carried.number);
  auto& entry = found->second;
  entry.promised = true;
  std::size_t accepted = 0;
  for (const auto& recipient : carried.recipients) {
    const auto& fate = entry.fates[recipient];
    // By another's name it is known to who hands it on, and to nobody before.
    const bool is_handed_on = fate.keeper && fate.keeper->host == wire.address(client).address;
    if (!fate.by_name && !is_handed_on) continue;
    if (fate.by_name) ++accepted;
    const auto* alias = alias_of(recipient);
    const bool expands = alias != nullptr && alias->host == host;
    if (expands) entry.fates[recipient].keeper.reset();
    for (const auto& name : expands ? alias->members : std::vector{recipient})
      if (!done_.contains({{host, id}, name}))
        entry.fates[name].keeper = {.host = host, .since = world_.now(), .id = id};
  }
  limits_.promised(wire, accepted, entry.mail.body.size(), world_.now());
}

// Envelope and mark of what is being sent.
bool Ledger::find_mark(const Wire& wire, Talk& talk) {
  const auto marked = mark::find(talk.said);
  if (!marked) {
    const auto begin = talk.said.rfind(mail_words);
    if (begin != std::string::npos)
      talk.said.erase(0, begin);
    else
      keep_end(talk.said, mail_words.size());
    return false;
  }
  const auto at = marked->begin;
  const auto begin = talk.said.rfind(mail_words, at);
  // Nobody sends another one before the last one was answered.
  if (!talk.carried.empty() && talk.carried.back().settled == base::no_deadline) talk.carried.pop_back();
  const auto envelope = begin == std::string::npos ? "" : talk.said.substr(begin, at - begin);
  const bool is_report = envelope.starts_with("MAIL FROM:<>");  // the mark is what it tells of
  // Where it lost its power before it said so, that is the first word of it.
  if (const auto id = id_in_trace(envelope); !is_report && !id.empty())
    named(wire.address(client).address, id, marked->mail);
  talk.carried.push_back(
      {.number = is_report ? no_mail : marked->mail, .recipients = addresses_behind(envelope, "RCPT TO:<")});
  talk.said.erase(0, marked->end);
  return true;
}

void Ledger::taken(Wire& wire, Side side, std::string_view bytes) {
  if (side == server) return;
  limits_.heard(wire);
  auto& talk = talks_[wire.number()];
  talk.heard += bytes;
  bool good = false;  // half an answer is none
  while (const auto line = take_line(talk.heard)) good |= line->find(taken_words) != std::string::npos;
  if (!good) return;
  if (talk.carried.empty() || talk.carried.back().settled != base::no_deadline) return;
  talk.carried.back().settled = world_.now();
  sent_lately_.push_back({.host = wire.address(client).address, .carried = talk.carried.back()});
  while (!sent_lately_.empty() && sent_lately_.front().carried.settled < world_.now() - settling)
    sent_lately_.pop_front();
}

void Ledger::ended(Wire& wire) {
  const auto found = talks_.find(wire.number());
  if (found == talks_.end()) return;
  excuse_unanswered(found->second);
  limits_.ended(wire);
}

}  // namespace godwit::sim
