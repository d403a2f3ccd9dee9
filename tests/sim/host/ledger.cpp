// SPDX-License-Identifier: Apache-2.0
#include "sim/host/ledger.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "sim/host/mark.hpp"

namespace godwit::sim {
namespace {

constexpr std::size_t most_complaints = 10;  // of a kind

std::string end_line(std::uint64_t number) {
  return fmt::format("This is the end of {}.\r\n", number);
}

}  // namespace

// ---- clients
// ---------------------------------------------------------------------------------------------------------

Mail Ledger::write(std::string sender, std::vector<std::string> recipients, std::size_t size) {
  Mail mail{
      .number = entries_.size() + 1, .sender = std::move(sender), .recipients = std::move(recipients), .body = {}};
  mail.body = mark::line_of(mail.number) + fmt::format("From: <{}>\r\nSubject: mail {}\r\nMessage-ID: <{}@sim>\r\n\r\n",
                                                       mail.sender, mail.number, mail.number);
  for (std::size_t line = 0; mail.body.size() < size; ++line)
    mail.body +=
        fmt::format("{}line {} of mail {}, as long as lines are.\r\n", line % 7 == 0 ? "." : "", line, mail.number);
  mail.body += end_line(mail.number);
  entries_[mail.number].mail = mail;
  return mail;
}

void Ledger::recipient_accepted(const Mail& mail, const std::string& recipient) {
  auto& entry = entries_[mail.number];
  for (const auto& name : with_members(recipient)) {
    entry.fates[name].accepted = true;
    ++entry.fates[name].ways;
  }
  auto& fate = entry.fates[recipient];
  fate.by_name = true;
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
  const auto found = mark::find(message.substr(0, message.find("\r\n\r\n")));
  return found ? std::optional(found->mail) : std::nullopt;
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
  const auto marked = mark::find(message);
  const auto found = marked ? entries_.find(marked->mail) : entries_.end();
  if (found == entries_.end() || message.find("Action: failed") == std::string_view::npos) return;
  const bool in_doubt = was_made_before_trouble(marked->mail, message);
  for (auto at = message.find("Final-Recipient: rfc822;"); at != std::string_view::npos;
       at = message.find("Final-Recipient: rfc822;", at + 1)) {
    const auto begin = message.find(';', at) + 1;
    const auto line = message.substr(begin, message.find('\r', begin) - begin);
    for (const auto& name : with_members(std::string(base::trim(line)))) {
      auto& fate = found->second.fates[name];
      ++fate.bounced;
      fate.unrecorded = fate.unrecorded || in_doubt;
    }
  }
}

bool Ledger::was_made_before_trouble(std::uint64_t mail, std::string_view report) const {
  const auto value_of = [&](std::string_view field) {
    const auto at = report.find(field);
    if (at == std::string_view::npos) return std::string();
    const auto begin = at + field.size();
    return std::string(report.substr(begin, report.find('\r', begin) - begin));
  };
  const auto id = value_of("X-Godwit-Id: "), date = value_of("Date: ");
  return std::ranges::any_of(named_, [&](const auto& named) {
    const auto& [host, its_id] = named.first;
    const auto dates = doubtful_dates_.find(host);
    return named.second == mail && its_id == id && dates != doubtful_dates_.end() && dates->second.contains(date);
  });
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

void Ledger::host_in_trouble(const base::IpAddress& host, base::WallTime its_time) {
  troubles_[host].push_back(world_.now());
  for (auto ago = base::Duration(0); ago <= settling; ago += std::chrono::seconds(1))
    doubtful_dates_[host].insert(base::format_rfc5322(its_time - ago));
  for (const auto& sent : sent_lately_)
    if (sent.host == host && sent.carried.settled >= world_.now() - settling) excuse(sent.carried);
  for (const auto& given_up : given_up_lately_) {
    const auto mail = named_.find(given_up.name);
    if (given_up.name.first != host || given_up.when < world_.now() - settling || mail == named_.end()) continue;
    for (const auto& name : with_members(given_up.recipient)) entries_[mail->second].fates[name].unrecorded = true;
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

// ---- aliases
// ---------------------------------------------------------------------------------------------------------

const Ledger::Alias* Ledger::alias_of(const std::string& recipient) const {
  const auto found = aliases_.find(recipient);
  return found == aliases_.end() ? nullptr : &found->second;
}

std::vector<std::string> Ledger::with_members(const std::string& recipient) const {
  std::vector<std::string> all{recipient};
  if (const auto* alias = alias_of(recipient)) all.insert(all.end(), alias->members.begin(), alias->members.end());
  return all;
}

bool Ledger::is_known_at(const base::IpAddress& host, const Entry& entry, const std::string& recipient) const {
  if (const auto* alias = alias_of(recipient)) return alias->host != host;
  if (entry.fates.at(recipient).by_name) return true;
  return std::ranges::any_of(entry.fates, [&](const auto& other) {
    const auto* alias = alias_of(other.first);
    return alias != nullptr && alias->host == host &&
           std::ranges::find(alias->members, recipient) != alias->members.end();
  });
}

bool Ledger::is_open(const Entry& entry, const std::string& recipient) const {
  const auto* alias = alias_of(recipient);
  const auto& fate = entry.fates.at(recipient);
  if (alias == nullptr) return fate.is_open();
  return fate.is_open() && std::ranges::any_of(alias->members, [&](const auto& member) {
           const auto found = entry.fates.find(member);
           return found != entry.fates.end() && found->second.is_open();
         });
}

// ---- orders
// ----------------------------------------------------------------------------------------------------------

bool Ledger::is_meant(const std::string& pattern, const std::string& address) {
  return pattern.empty() || address == pattern || (pattern.starts_with('@') && address.ends_with(pattern));
}

std::vector<std::string> Ledger::names_of(const base::IpAddress& host, const Meant& meant) const {
  std::vector<std::string> names;
  for (const auto& [name, mail] : named_)
    if (name.first == host && (meant.id.empty() || meant.id == name.second) &&
        is_meant(meant.sender, entries_.at(mail).mail.sender))
      names.push_back(name.second);
  return names;
}

void Ledger::may_be_deleted(const base::IpAddress& host, const Meant& meant) {
  for (const auto& id : names_of(host, meant)) {
    const Name name{host, id};
    auto& entry = entries_[named_[name]];
    std::set<std::string> deleted;
    for (const auto& [recipient, fate] : entry.fates) {
      if (!is_meant(meant.recipient, recipient) || done_.contains({name, recipient})) continue;
      if (!is_known_at(host, entry, recipient)) continue;
      for (const auto& one : with_members(recipient)) deleted.insert(one);
    }
    for (const auto& recipient : deleted) entry.fates[recipient].deleted = true;
  }
}

std::vector<std::string> Ledger::kept_by(const base::IpAddress& host) const {
  std::set<std::string> ids;
  for (const auto& [number, entry] : entries_)
    for (const auto& [recipient, fate] : entry.fates)
      if (is_open(entry, recipient) && fate.keeper && fate.keeper->host == host) ids.insert(fate.keeper->id);
  return {ids.begin(), ids.end()};
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
      if (alias_of(recipient) == nullptr && fate.is_open()) ++count;
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
  if (fate.forbidden && !fate.accepted && fate.delivered > 0)
    complain("relaying", what + " was relayed for who may not");
  if (!fate.accepted && !fate.forbidden && fate.delivered + fate.bounced > 0)
    complain("unaccepted", what + " was sent, though the recipient was not accepted");
  const bool taken = entry.taken || entry.promised;
  // A disk that failed may have kept it all the same.
  if (entry.refused && !taken && fate.delivered + fate.bounced > 0 && !had_trouble(entry.host, entry.answered))
    complain("refused", what + " was refused, and went out");
  if (taken && alias_of(recipient) == nullptr && fate.is_open()) complain("lost", what + " is LOST");
  if (fate.delivered > std::max<std::uint64_t>(fate.ways, 1) + fate.excuses)
    complain("repeated",
             fmt::format("{} came {} times, with {} reasons to be repeated", what, fate.delivered, fate.excuses));
  if (fate.delivered > 0 && fate.bounced > 0 && fate.excuses == 0 && fate.ways < 2 && !fate.unrecorded)
    complain("returned", what + " was delivered and returned");
}

std::vector<Ledger::Missing> Ledger::missing(const base::IpAddress& host, const Waiting& waiting,
                                             base::MonoTime since) const {
  std::vector<Missing> all;
  for (const auto& [number, entry] : entries_) {
    for (const auto& [recipient, fate] : entry.fates) {
      if (!is_open(entry, recipient) || !fate.keeper || fate.keeper->host != host || fate.keeper->since >= since)
        continue;
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
      counts.deleted += fate.deleted && fate.delivered + fate.bounced == 0 ? 1 : 0;
      counts.delivered += fate.delivered > 0 ? 1 : 0;
      counts.repeated += fate.delivered > 1 ? fate.delivered - 1 : 0;
      counts.bounced += fate.bounced > 0 ? 1 : 0;
    }
  }
  return counts;
}

}  // namespace godwit::sim
