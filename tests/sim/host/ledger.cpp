// SPDX-License-Identifier: Apache-2.0
#include "sim/host/ledger.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::sim {
namespace {

constexpr std::string_view mark = "X-Sim-Mail: ";
constexpr std::string_view taken_words = "queued as";
constexpr std::size_t most_complaints = 10;  // of a kind

std::string end_line(std::uint64_t number) {
  return fmt::format("This is the end of {}.\r\n", number);
}

std::optional<std::uint64_t> number_at(std::string_view text, std::size_t at) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + at, end, number);
  if (error != std::errc() || rest == end) return {};
  return number;
}

std::optional<std::uint64_t> marked(std::string_view text) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos) return {};
  return number_at(text, at + mark.size());
}

void keep_end(std::string& text, std::size_t most) {
  if (text.size() > most) text.erase(0, text.size() - most);
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

// ---- clients
// ---------------------------------------------------------------------------------------------------------

Mail Ledger::write(std::string sender, std::vector<std::string> recipients, std::size_t size) {
  Mail mail{
      .number = entries_.size() + 1, .sender = std::move(sender), .recipients = std::move(recipients), .body = {}};
  mail.body = fmt::format("{}{}\r\nFrom: <{}>\r\nSubject: mail {}\r\nMessage-ID: <{}@sim>\r\n\r\n", mark, mail.number,
                          mail.sender, mail.number, mail.number);
  for (std::size_t line = 0; mail.body.size() < size; ++line)
    mail.body +=
        fmt::format("{}line {} of mail {}, as long as lines are.\r\n", line % 7 == 0 ? "." : "", line, mail.number);
  mail.body += end_line(mail.number);
  entries_[mail.number].mail = mail;
  return mail;
}

void Ledger::recipient_accepted(const Mail& mail, const std::string& recipient) {
  auto& fate = entries_[mail.number].fates[recipient];
  fate.accepted = true;
  if (fate.forbidden)
    complain("relaying", fmt::format("a recipient was accepted from who may not relay: {} {}", mail.number, recipient));
}

void Ledger::forbid(const Mail& mail, const std::string& recipient) {
  entries_[mail.number].fates[recipient].forbidden = true;
}

void Ledger::answered(const Mail& mail, Answer answer, const base::IpAddress& host) {
  auto& entry = entries_[mail.number];
  entry.host = host;
  entry.answered = world_.now();
  (answer == Answer::taken ? entry.taken : entry.refused) = true;
}

// ---- peers
// -----------------------------------------------------------------------------------------------------------

void Ledger::received(const std::string& recipient, std::string_view message) {
  const auto header = message.substr(0, message.find("\r\n\r\n"));
  const auto number = marked(header);
  if (!number) return returned(recipient, message);
  const auto found = entries_.find(*number);
  if (found == entries_.end())
    return complain("unwritten", fmt::format("{} got mail that nobody wrote: {}", recipient, *number));
  ++found->second.fates[recipient].delivered;
  const auto& body = found->second.mail.body;
  const auto content = body.substr(body.find("\r\n\r\n"));
  if (!message.ends_with(content))
    complain("damaged", fmt::format("mail {} came to {} changed or in part", *number, recipient));
}

// A report: the original's header is in it, and whom it did not reach.
void Ledger::returned(const std::string&, std::string_view message) {
  const auto number = marked(message);
  const auto found = number ? entries_.find(*number) : entries_.end();
  if (found == entries_.end() || message.find("Action: failed") == std::string_view::npos) return;
  for (auto at = message.find("Final-Recipient: rfc822;"); at != std::string_view::npos;
       at = message.find("Final-Recipient: rfc822;", at + 1)) {
    const auto begin = message.find(';', at) + 1;
    const auto line = message.substr(begin, message.find('\r', begin) - begin);
    ++found->second.fates[std::string(base::trim(line))].bounced;
  }
}

void Ledger::may_be_repeated(std::string_view message) {
  const auto number = marked(message.substr(0, message.find("\r\n\r\n")));
  const auto found = number ? entries_.find(*number) : entries_.end();
  if (found == entries_.end()) return;
  const auto begin = message.find("Delivered-To: ");
  if (begin == std::string_view::npos) return;
  const auto line = message.substr(begin + 14, message.find('\r', begin) - begin - 14);
  ++found->second.fates[std::string(line)].excuses;
}

void Ledger::host_in_trouble(const base::IpAddress& host) {
  troubles_[host].push_back(world_.now());
  for (const auto& sent : sent_lately_)
    if (sent.host == host && sent.carried.settled >= world_.now() - settling) excuse(sent.carried);
  for (const auto& given_up : given_up_lately_)
    if (given_up.host == host && given_up.when >= world_.now() - settling)
      entries_[given_up.mail].fates[given_up.recipient].unrecorded = true;
}

void Ledger::gave_up(const base::IpAddress& host, std::uint64_t mail, const std::string& recipient) {
  if (!entries_.contains(mail)) return;
  given_up_lately_.push_back({.host = host, .mail = mail, .recipient = recipient, .when = world_.now()});
  while (given_up_lately_.front().when < world_.now() - settling) given_up_lately_.pop_front();
}

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
  for (const auto& recipient : carried.recipients) ++found->second.fates[recipient].excuses;
}

// ---- wires
// -----------------------------------------------------------------------------------------------------------

void Ledger::written(Wire& wire, Side side, std::string_view bytes) {
  auto& talk = talks_[wire.number()];
  if (side == server) {
    talk.reply += bytes;
    if (!talk.greeted && !wire.has_ended() && talk.reply.starts_with("220")) count_in(wire, talk);
    for (auto at = talk.reply.find(taken_words); at != std::string::npos; at = talk.reply.find(taken_words)) {
      talk.reply.erase(0, at + taken_words.size());
      if (talk.carried.empty()) continue;
      const auto found = entries_.find(talk.carried.back().number);
      if (found != entries_.end()) found->second.promised = true;
    }
    keep_end(talk.reply, taken_words.size());
    return;
  }
  if (!talk.spoke && !wire.has_ended()) count_out(wire, talk);
  if (bytes.starts_with("QUIT\r\n")) leave_out(wire, talk);
  talk.said += bytes;
  find_mark(talk);
  // What is written before the cut is felt may arrive, and nobody will hear the answer.
  if (wire.has_ended()) excuse_unanswered(talk);
}

// Envelope and mark of what is being sent.
void Ledger::find_mark(Talk& talk) {
  const auto number = marked(talk.said);
  if (!number) {
    const auto begin = talk.said.rfind("MAIL FROM:");
    if (begin != std::string::npos) talk.said.erase(0, begin);
    if (talk.said.size() > (1U << 20U)) keep_end(talk.said, 1024);
    return;
  }
  const auto at = talk.said.find(mark);
  const auto begin = talk.said.rfind("MAIL FROM:", at);
  // Nobody sends another one before the last one was answered.
  if (!talk.carried.empty() && talk.carried.back().settled == base::no_deadline) talk.carried.pop_back();
  const auto envelope = begin == std::string::npos ? "" : talk.said.substr(begin, at - begin);
  talk.carried.push_back({.number = *number, .recipients = addresses_behind(envelope, "RCPT TO:<")});
  talk.said.erase(0, at + mark.size());
}

void Ledger::taken(Wire& wire, Side side, std::string_view bytes) {
  if (side == server) return;
  auto& talk = talks_[wire.number()];
  talk.heard += bytes;
  const bool good = talk.heard.find(taken_words) != std::string::npos;
  keep_end(talk.heard, taken_words.size() - 1);
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
  auto& talk = found->second;
  excuse_unanswered(talk);
  const auto from = wire.address(client).address;
  const auto to = wire.address(server).address;
  if (talk.greeted) --incoming_[{to, from}];
  leave_out(wire, talk);
}

void Ledger::count_in(const Wire& wire, Talk& talk) {
  talk.greeted = true;
  const auto host = wire.address(server).address;
  const auto from = wire.address(client).address;
  const auto limit = limits_.find(host);
  const auto now = ++incoming_[{host, from}];
  if (limit == limits_.end() || limits_.contains(from) || limit->second.trusted.contains(from)) return;
  if (now > limit->second.per_client)
    complain("per_client",
             fmt::format("{} greeted {} for its {}th connection at once", to_string(host), to_string(from), now));
}

void Ledger::count_out(const Wire& wire, Talk& talk) {
  talk.spoke = true;
  const auto host = wire.address(client).address;
  const auto limit = limits_.find(host);
  if (limit == limits_.end()) return;
  const auto to = destination_of(wire);
  const auto now = ++outgoing_[{host, to}];
  if (limit->second.per_destination > 0 && now > limit->second.per_destination)
    complain("per_destination",
             fmt::format("{} has {} connections to {} at once", to_string(host), now, to_string(to)));
}

// Who says QUIT only waits for the other to hang up.
void Ledger::leave_out(const Wire& wire, Talk& talk) {
  const auto host = wire.address(client).address;
  if (!talk.spoke || std::exchange(talk.left, true) || !limits_.contains(host)) return;
  --outgoing_[{host, destination_of(wire)}];
}

base::IpAddress Ledger::destination_of(const Wire& wire) const {
  const auto& to = wire.address(server).address;
  const auto found = destinations_.find(to);
  return found == destinations_.end() ? to : found->second;
}

// ---- the end
// ---------------------------------------------------------------------------------------------------------

void Ledger::complain(std::string_view kind, std::string what) {
  world_.note("COMPLAINT " + what);
  auto& known = complaints_[std::string(kind)];
  if (++known.count <= most_complaints) known.first.push_back(std::move(what));
}

std::vector<std::string> Ledger::complaints() const {
  std::vector<std::string> all;
  for (const auto& [kind, known] : complaints_) {
    all.insert(all.end(), known.first.begin(), known.first.end());
    if (known.count > most_complaints)
      all.push_back(fmt::format("{}: {} more complaints", kind, known.count - most_complaints));
  }
  return all;
}

std::size_t Ledger::open() const {
  std::size_t count = 0;
  for (const auto& [number, entry] : entries_) {
    if (!entry.taken && !entry.promised) continue;
    for (const auto& [recipient, fate] : entry.fates)
      if (fate.accepted && fate.delivered + fate.bounced == 0) ++count;
  }
  return count;
}

bool Ledger::had_trouble(const base::IpAddress& host, base::MonoTime when) const {
  const auto found = troubles_.find(host);
  if (found == troubles_.end()) return false;
  return std::ranges::any_of(found->second,
                             [&](base::MonoTime then) { return then > when - settling && then < when + settling; });
}

void Ledger::check(const Entry& entry, const std::string& recipient, const Fate& fate) {
  const auto what = fmt::format("mail {} to {}", entry.mail.number, recipient);
  if (fate.forbidden && fate.delivered > 0) complain("relaying", what + " was relayed for who may not");
  if (!fate.accepted && !fate.forbidden && fate.delivered + fate.bounced > 0)
    complain("unaccepted", what + " was sent, though the recipient was not accepted");
  const bool taken = entry.taken || entry.promised;
  // A disk that failed may have kept it all the same.
  if (entry.refused && !taken && fate.delivered + fate.bounced > 0 && !had_trouble(entry.host, entry.answered))
    complain("refused", what + " was refused, and went out");
  if (taken && fate.accepted && fate.delivered + fate.bounced == 0) complain("lost", what + " is LOST");
  if (fate.delivered > 1 + fate.excuses)
    complain("repeated",
             fmt::format("{} came {} times, with {} reasons to be repeated", what, fate.delivered, fate.excuses));
  if (fate.delivered > 0 && fate.bounced > 0 && fate.excuses == 0 && !fate.unrecorded)
    complain("returned", what + " was delivered and returned");
}

void Ledger::settle() {
  for (const auto& [number, entry] : entries_)
    for (const auto& [recipient, fate] : entry.fates) check(entry, recipient, fate);
}

Ledger::Counts Ledger::counts() const {
  Counts counts;
  for (const auto& [number, entry] : entries_) {
    ++counts.written;
    if (entry.taken || entry.promised) ++counts.taken;
    if (entry.refused) ++counts.refused;
    if (!entry.taken && !entry.promised && !entry.refused) ++counts.in_doubt;
    for (const auto& [recipient, fate] : entry.fates) {
      counts.delivered += fate.delivered > 0 ? 1 : 0;
      counts.repeated += fate.delivered > 1 ? fate.delivered - 1 : 0;
      counts.bounced += fate.bounced > 0 ? 1 : 0;
    }
  }
  return counts;
}

}  // namespace godwit::sim
