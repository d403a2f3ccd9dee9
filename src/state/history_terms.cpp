// SPDX-License-Identifier: Apache-2.0
#include "history_terms.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/text.hpp"
#include "history_matcher.hpp"

namespace godwit::state {
namespace {

constexpr std::size_t least_room = 4096;  // of a frame's terms, however small it is
constexpr std::size_t row_size = 16;      // what a term takes besides its text

void add_term(std::vector<Term>& terms, TermKind kind, std::string_view text) {
  terms.push_back({.kind = kind, .text = base::to_lower(text.substr(0, longest_term))});
}

void add_terms_of(const EventView& event, std::vector<Term>& terms) {
  add_term(terms, TermKind::outcome, event.name);
  if (const auto from = event.text("from"); !from.empty()) {
    const auto sender = without_brackets(from);
    add_term(terms, TermKind::sender, sender);
    if (sender.find('@') != std::string_view::npos) add_term(terms, TermKind::sender_domain, base::domain_of(sender));
  }
  if (const auto to = event.text("to"); !to.empty()) {
    for (const auto one : base::split(to, ',')) {
      const auto recipient = without_brackets(one);
      add_term(terms, TermKind::recipient, recipient);
      add_term(terms, TermKind::destination, base::domain_of(recipient));
    }
  }
  if (const auto site = event.text("site"); !site.empty()) add_term(terms, TermKind::destination, site);
  if (const auto id = without_brackets(event.text("message_id")); !id.empty())
    add_term(terms, TermKind::message_id, id);
  if (const auto subject = event.text("subject"); !subject.empty()) add_term(terms, TermKind::subject, subject);
}

bool means_all(std::string_view pattern) {
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

TermPattern exactly(TermKind kind, std::string_view text) {
  return {.kind = kind, .prefix = base::to_lower(text.substr(0, longest_term)), .pattern = {}};
}

// Also what says nothing: an empty pattern, or one that everything fits, even what is not there.
void add_pattern(std::vector<TermPattern>& patterns, TermKind kind, std::string_view pattern) {
  if (means_all(pattern)) return;
  const auto star = pattern.find('*');
  auto& added = patterns.emplace_back(exactly(kind, pattern.substr(0, star)));
  if (star != std::string_view::npos) added.pattern = pattern;
}

// "@domain" and "*@domain" are looked up by the domain.
void add_address(std::vector<TermPattern>& patterns, TermKind kind, TermKind domains, std::string_view pattern) {
  const auto domain = base::domain_of(pattern);
  const auto before = pattern.substr(0, pattern.size() - domain.size());
  if (!domain.empty() && (before == "@" || before == "*@") && domain.find('*') == std::string_view::npos)
    patterns.push_back(exactly(domains, domain));
  else if (pattern.starts_with('@'))
    add_pattern(patterns, kind, "*" + std::string(pattern));
  else
    add_pattern(patterns, kind, pattern);
}

}  // namespace

FrameTerms terms_of_frame(std::uint32_t offset, std::string_view payload) {
  FrameTerms found{.frame = offset, .terms = {}};
  EventView event;
  for (base::Cursor in(payload); take_event(in, event);) {
    add_terms_of(event, found.terms);
    found.first = std::min(found.first, event.time);
    found.last = std::max(found.last, event.time);
  }
  std::ranges::sort(found.terms);
  found.terms.erase(std::ranges::unique(found.terms).begin(), found.terms.end());
  std::size_t size = 0;
  for (const auto& term : found.terms) size += row_size + term.text.size();
  if (size > std::max(least_room, payload.size())) found.terms = {{.kind = TermKind::everything, .text = {}}};
  return found;
}

bool TermPattern::may_mean(std::string_view term) const {
  if (!term.starts_with(prefix)) return false;
  if (!pattern) return term.size() == prefix.size();
  return term.size() >= longest_term || base::matches_pattern(*pattern, term);
}

std::vector<TermPattern> patterns_of(const HistoryQuery& query) {
  std::vector<TermPattern> patterns;
  const auto message_id = without_brackets(query.message_id);
  if (!message_id.empty() || !query.subject.empty()) {
    // The rest is asked of the message as a whole.
    add_pattern(patterns, TermKind::message_id, message_id);
    add_pattern(patterns, TermKind::subject, query.subject);
    return patterns;
  }
  if (query.sender == "<>")
    patterns.push_back(exactly(TermKind::sender, ""));
  else
    add_address(patterns, TermKind::sender, TermKind::sender_domain, query.sender);
  // What has no recipient at all means "<>", too.
  if (query.recipient != "<>") add_address(patterns, TermKind::recipient, TermKind::destination, query.recipient);
  add_pattern(patterns, TermKind::destination, query.destination);
  if (!query.outcome.empty()) patterns.push_back(exactly(TermKind::outcome, query.outcome));
  return patterns;
}

}  // namespace godwit::state
