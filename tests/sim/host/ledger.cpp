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
constexpr std::string_view mail_words = "MAIL FROM:";
constexpr std::string_view taken_words = "queued as ";
constexpr std::size_t most_complaints = 10;  // of a kind
constexpr std::uint64_t no_mail = 0;

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

// The next whole line of what came, without its end; it is gone from there then.
std::optional<std::string> take_line(std::string& text) {
  const auto end = text.find("\r\n");
  if (end == std::string::npos) return {};
  auto line = text.substr(0, end);
  text.erase(0, end + 2);
  return line;
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

std::optional<std::uint64_t> Ledger::number_of(std::string_view message) {
  return marked(message.substr(0, message.find("\r\n\r\n")));
}

// ---- peers
// -----------------------------------------------------------------------------------------------------------

void Ledger::received(const std::string& recipient, std::string_view message) {
  const auto number = number_of(message);
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
  const auto number = number_of(message);
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
  for (const auto& given_up : given_up_lately_) {
    const auto mail = named_.find(given_up.name);
    if (given_up.name.first == host && given_up.when >= world_.now() - settling && mail != named_.end())
      entries_[mail->second].fates[given_up.recipient].unrecorded = true;
  }
}

void Ledger::named(const base::IpAddress& host, const std::string& id, std::uint64_t mail) {
  if (entries_.contains(mail)) named_[{host, id}] = mail;
}

// Which may be before it is named: the queue and who took it tell of it in any order.
void Ledger::gave_up(const base::IpAddress& host, const std::string& id, const std::string& recipient) {
  done(host, id, recipient);
  given_up_lately_.push_back({.name = {host, id}, .recipient = recipient, .when = world_.now()});
  while (given_up_lately_.front().when < world_.now() - settling) given_up_lately_.pop_front();
}

// Which may be before the promise is out.
void Ledger::done(const base::IpAddress& host, const std::string& id, const std::string& recipient) {
  done_.insert({{host, id}, recipient});
  const auto mail = named_.find({host, id});
  if (mail == named_.end()) return;
  auto& keeper = entries_[mail->second].fates[recipient].keeper;
  if (keeper && keeper->host == host) keeper.reset();
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
    return answered(wire, talk);
  }
  if (!wire.has_ended()) limits_.spoke(wire);
  if (bytes.starts_with("QUIT\r\n")) limits_.left(wire);
  talk.said += bytes;
  if (find_mark(talk) && !wire.has_ended()) limits_.sent(wire);
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
    auto& fate = entry.fates[recipient];
    if (!fate.accepted) continue;
    ++accepted;
    if (done_.contains({{host, id}, recipient})) continue;
    fate.keeper = {.host = host, .since = world_.now(), .id = id};
  }
  limits_.promised(wire, accepted, entry.mail.body.size(), world_.now());
}

// Envelope and mark of what is being sent.
bool Ledger::find_mark(Talk& talk) {
  const auto number = marked(talk.said);
  if (!number) {
    const auto begin = talk.said.rfind(mail_words);
    if (begin != std::string::npos)
      talk.said.erase(0, begin);
    else
      keep_end(talk.said, mail_words.size());
    return false;
  }
  const auto at = talk.said.find(mark);
  const auto begin = talk.said.rfind(mail_words, at);
  // Nobody sends another one before the last one was answered.
  if (!talk.carried.empty() && talk.carried.back().settled == base::no_deadline) talk.carried.pop_back();
  const auto envelope = begin == std::string::npos ? "" : talk.said.substr(begin, at - begin);
  const bool is_report = envelope.starts_with("MAIL FROM:<>");  // the mark is what it tells of
  talk.carried.push_back(
      {.number = is_report ? no_mail : *number, .recipients = addresses_behind(envelope, "RCPT TO:<")});
  talk.said.erase(0, at + mark.size());
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
      if (fate.is_open()) ++count;
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
  if (taken && fate.is_open()) complain("lost", what + " is LOST");
  if (fate.delivered > 1 + fate.excuses)
    complain("repeated",
             fmt::format("{} came {} times, with {} reasons to be repeated", what, fate.delivered, fate.excuses));
  if (fate.delivered > 0 && fate.bounced > 0 && fate.excuses == 0 && !fate.unrecorded)
    complain("returned", what + " was delivered and returned");
}

std::vector<Ledger::Missing> Ledger::missing(const base::IpAddress& host, const Waiting& waiting,
                                             base::MonoTime since) const {
  std::vector<Missing> all;
  for (const auto& [number, entry] : entries_) {
    for (const auto& [recipient, fate] : entry.fates) {
      if (!fate.is_open() || !fate.keeper || fate.keeper->host != host || fate.keeper->since >= since) continue;
      const auto found = waiting.find(fate.keeper->id);
      if (found == waiting.end() || !found->second.contains(recipient))
        all.push_back({.mail = number, .recipient = recipient, .id = fate.keeper->id});
    }
  }
  return all;
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
