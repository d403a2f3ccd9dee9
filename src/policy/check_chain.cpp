// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/check_chain.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;

bool refuses(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::reject || verdict.kind == Verdict::Kind::defer;
}

smtp::Reply reply_of(const Verdict& verdict) {
  if (verdict.reply) return *verdict.reply;
  if (verdict.kind == Verdict::Kind::defer)
    return smtp::make_reply(451, {4, 7, 1}, "Not taken now by our policy, try again later");
  return smtp::make_reply(550, {5, 7, 1}, "Refused by our policy");
}

// The same, for now.
smtp::Reply softened(smtp::Reply reply) {
  if (!reply.permanent()) return reply;
  reply.code = 450;
  if (reply.enhanced) reply.enhanced.klass = 4;
  return reply;
}

bool is_of_connection(Stage stage) {
  return stage == Stage::connect || stage == Stage::helo;
}

constexpr std::size_t longest_added_header = 64U << 10U;

// Nothing passes unseen because we end.
Verdict too_late() {
  return defer(smtp::make_reply(451, {4, 3, 2}, "Shutting down, try again later"), {});
}

// Once: a check may say the same of several recipients.
void add_fields(std::string& header, const std::string& more) {
  if (header.find(more) == std::string::npos && header.size() + more.size() <= longest_added_header) header += more;
}

// Once: several recipients may be told the same.
void add_words(std::string& text, const std::string& more) {
  if (more.empty() || text.find(more) != std::string::npos) return;
  if (!text.empty()) text += "; ";
  text += more;
}

// Nothing: it threw.
awaitable<std::optional<Verdict>> ask_safely(std::shared_ptr<Check> check, Stage stage,
                                             std::shared_ptr<const Facts> facts) {
  try {
    auto asking = check->ask(stage, std::move(facts));
    auto verdict = co_await std::move(asking);
    co_return std::optional<Verdict>(std::move(verdict));
  } catch (const std::exception&) {
    co_return std::nullopt;
  }
}

awaitable<bool> take_safely(std::shared_ptr<Check> check, std::string bytes) {
  try {
    auto taking = check->take(std::move(bytes));
    co_await std::move(taking);
    co_return true;
  } catch (const std::exception&) {
    co_return false;
  }
}

}  // namespace

CheckChain::CheckChain(std::shared_ptr<const CheckList> list, const CheckSettings& settings,
                       const CheckSurroundings& surroundings)
    : list_(std::move(list)),
      settings_(settings),
      around_(surroundings),
      patience_(surroundings.executor, surroundings.deadlines, surroundings.tasks, &surroundings.haste) {
  for (const auto& entry : *list_) {
    links_.push_back({.entry = &entry, .check = entry.make(around_)});
    wants_message_ = wants_message_ || links_.back().check->wants_message();
  }
}

awaitable<std::optional<smtp::Reply>> CheckChain::recipient(Facts facts) {
  auto of_connection = ask_of_connection(facts);
  co_await std::move(of_connection);
  if (!std::exchange(mail_asked_, true)) {
    auto of_sender = ask_all(Stage::mail, facts);
    mail_refusal_ = co_await std::move(of_sender);
  }
  if (discards() || is_exempt(facts.recipient)) co_return std::nullopt;
  for (const auto* refusal : {&connect_refusal_, &helo_refusal_, &mail_refusal_})
    if (*refusal) co_return *refusal;
  auto of_recipient = ask_all(Stage::rcpt, std::move(facts));
  auto refusal = co_await std::move(of_recipient);
  co_return refusal;
}

// Once, and helo again when the client has named itself anew.
awaitable<void> CheckChain::ask_of_connection(Facts facts) {
  if (!std::exchange(connected_, true)) {
    auto finding = find_name(facts);
    co_await std::move(finding);
    auto asking = ask_all(Stage::connect, facts);
    connect_refusal_ = co_await std::move(asking);
  }
  if (hello_ == facts.hello.name) co_return;
  hello_ = facts.hello.name;
  auto asking = ask_all(Stage::helo, std::move(facts));
  helo_refusal_ = co_await std::move(asking);
}

awaitable<void> CheckChain::find_name(const Facts& facts) {
  client_name_ = facts.client_name;
  if (client_name_.status != ClientName::Status::unknown || facts.service == smtp::Service::local) co_return;
  auto finding = find_client_name(around_.resolver, facts.client);
  auto waiting = patience_.wait(std::move(finding), until(settings_.timeout));
  auto found = co_await std::move(waiting);
  client_name_.status = ClientName::Status::temporary;
  if (found) client_name_ = std::move(*found);
}

awaitable<std::optional<smtp::Reply>> CheckChain::begin_message(Facts facts) {
  if (discards()) co_return std::nullopt;
  auto asking = ask_all(Stage::data, std::move(facts));
  auto refusal = co_await std::move(asking);
  co_return refusal;
}

awaitable<void> CheckChain::take(std::string bytes) {
  for (auto& link : links_) {
    if (cut_short_ || link.failed || !link.check->wants_message() || discards()) continue;
    auto passing = pass_on(link, bytes);
    co_await std::move(passing);
  }
}

awaitable<void> CheckChain::pass_on(Link& link, std::string bytes) {
  auto taking = take_safely(link.check, std::move(bytes));
  auto waiting = patience_.wait(std::move(taking), until(link.entry->patience));
  const auto taken = co_await std::move(waiting);
  if (taken && *taken) co_return;
  cut_short_ = cut_short_ || (!taken && around_.haste.begun());
  give_up(link, Stage::data, taken ? "it failed" : "it takes the message too slowly");
}

awaitable<MessageDecision> CheckChain::end_message(Facts facts) {
  MessageDecision decision;
  if (!discards()) {
    auto asking = ask_all(Stage::end, std::move(facts));
    decision.refusal = co_await std::move(asking);
  }
  decision.discard = discards();
  decision.hold = of_connection_.hold;
  add_words(decision.hold, of_transaction_.hold);
  decision.header = of_connection_.header + of_transaction_.header;
  co_return decision;
}

awaitable<std::optional<smtp::Reply>> CheckChain::ask_all(Stage stage, Facts facts) {
  facts.client_name = client_name_;
  facts.vouched = vouched();
  auto shared = std::make_shared<const Facts>(std::move(facts));
  std::optional<smtp::Reply> deferral;  // of who lets others speak first
  bool soft = false;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (!is_asked(i, stage, shared->stranger)) continue;
    auto asking = ask(links_[i], stage, shared);
    const auto verdict = co_await std::move(asking);
    note(i, stage, verdict);
    if (verdict.vouches && !shared->vouched) {
      auto changed = std::make_shared<Facts>(*shared);  // one that was given up may still read the old ones
      changed->vouched = true;
      shared = std::move(changed);
    }
    soft = soft || verdict.softens;
    if (verdict.if_others_take && !deferral) deferral = reply_of(verdict);
    if (verdict.if_others_take) continue;
    if (refuses(verdict)) co_return soft ? softened(reply_of(verdict)) : reply_of(verdict);
    if (verdict.kind == Verdict::Kind::discard) co_return std::nullopt;
    if (verdict.kind == Verdict::Kind::accept) break;
  }
  co_return deferral;
}

bool CheckChain::is_asked(std::size_t index, Stage stage, bool stranger) const {
  const auto& link = links_[index];
  return index < std::min(of_connection_.end, of_transaction_.end) && link.check->is_asked_at(stage) &&
         (stranger || !link.entry->only_strangers);
}

awaitable<Verdict> CheckChain::ask(Link& link, Stage stage, std::shared_ptr<const Facts> facts) {
  if (cut_short_) co_return too_late();
  if (link.failed) co_return link.entry->on_failure;
  auto asking = ask_safely(link.check, stage, std::move(facts));
  auto waiting = patience_.wait(std::move(asking), until(link.entry->patience));
  auto said = co_await std::move(waiting);
  if (said && *said && (*said)->failure.empty()) co_return std::move(**said);
  std::string reason = fmt::format("no answer in {}", base::format_duration(link.entry->patience));
  if (said) reason = *said ? (*said)->failure : std::string("it failed");
  cut_short_ = !said && around_.haste.begun();
  co_return give_up(link, stage, reason);
}

std::function<base::MonoTime()> CheckChain::until(base::Duration patience) const {
  return [&haste = around_.haste, asked = patience_.now(), patience] { return haste.until(asked, patience); };
}

Verdict CheckChain::give_up(Link& link, Stage stage, const std::string& reason) {
  link.failed = true;
  auto verdict = cut_short_ ? too_late() : link.entry->on_failure;
  add_words(verdict.evidence, cut_short_ ? "no answer before the daemon stops" : reason);
  around_.log.warn("check_failed", {{"check", link.entry->name},
                                    {"stage", to_string(stage)},
                                    {"reason", verdict.evidence},
                                    {"verdict", to_string(verdict.kind)}});
  return verdict;
}

void CheckChain::note(std::size_t index, Stage stage, const Verdict& verdict) {
  const auto& entry = *links_[index].entry;
  Opinion opinion{.check = entry.name, .stage = stage, .kind = verdict.kind, .evidence = verdict.evidence};
  const auto same = std::ranges::find_if(
      opinions_, [&](const Opinion& other) { return other.check == entry.name && other.stage == stage; });
  if (same != opinions_.end())
    *same = std::move(opinion);
  else
    opinions_.push_back(std::move(opinion));
  auto& standing = is_of_connection(stage) ? of_connection_ : of_transaction_;
  using Kind = Verdict::Kind;
  standing.vouched = standing.vouched || verdict.vouches;
  standing.discards = standing.discards || verdict.kind == Kind::discard;
  add_fields(standing.header, verdict.header);
  if (verdict.kind == Kind::quarantine)
    add_words(standing.hold, verdict.reason.empty() ? fmt::format("held by {}", entry.name) : verdict.reason);
  const bool of_one = stage != Stage::mail && !is_of_connection(stage);  // recipient or message
  if (verdict.kind == Kind::accept && !of_one) standing.end = std::min(standing.end, index + 1);
}

bool CheckChain::is_exempt(const smtp::Mailbox& recipient) const {
  return std::ranges::any_of(settings_.exempt_recipients,
                             [&](const auto& local) { return base::iequals(local, recipient.local); });
}

void CheckChain::end_transaction() {
  if (!std::exchange(mail_asked_, false)) return;
  for (auto& link : links_)
    if (!link.failed) link.check->end_transaction();
  mail_refusal_.reset();
  of_transaction_ = {};
  std::erase_if(opinions_, [](const Opinion& opinion) { return !is_of_connection(opinion.stage); });
}

std::vector<log::Field> CheckChain::log_fields() const {
  std::vector<log::Field> fields;
  for (const auto& entry : *list_) {
    std::string said;
    for (const auto& opinion : opinions_)
      if (opinion.check == entry.name)
        add_words(said, fmt::format("{}{}{}", to_string(opinion.kind), opinion.evidence.empty() ? "" : " ",
                                    opinion.evidence));
    if (!said.empty()) fields.emplace_back(entry.field, std::move(said));
  }
  return fields;
}

}  // namespace godwit::policy
