// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/failure_classifier.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

std::string words_of(const smtp::Reply& reply) {
  std::string words;
  for (const auto& line : reply.lines) {
    if (words.size() > FailureClassifier::most_text) break;
    if (!words.empty()) words += ' ';
    words += line;
  }
  words.resize(std::min(words.size(), FailureClassifier::most_text));
  return base::to_lower(words);
}

std::vector<std::string> pieces_of(std::string_view pattern) {
  std::vector<std::string> pieces;
  for (const auto piece : base::split(pattern, '*'))
    if (!piece.empty()) pieces.push_back(base::to_lower(piece));
  return pieces;
}

// One after another: the first place of each leaves the most room for the next.
bool has_pieces(std::string_view words, const std::vector<std::string>& pieces) {
  for (const auto& piece : pieces) {
    const auto at = words.find(piece);
    if (at == std::string_view::npos) return false;
    words.remove_prefix(at + piece.size());
  }
  return true;
}

bool fits_code(const std::string& pattern, const smtp::Reply& reply) {
  if (pattern.find('.') == std::string::npos) return base::matches_pattern(pattern, fmt::format("{:03}", reply.code));
  return reply.enhanced && base::matches_pattern(pattern, to_string(reply.enhanced));
}

}  // namespace

FailureClassifier::FailureClassifier(const FailureSettings& settings) {
  for (const auto& rule : settings.rules) add(rule);
  if (!settings.builtin_rules) return;
  for (auto rule : settings.builtin) {
    const bool acts = settings.builtin_actions == BuiltinActions::all ||
                      (settings.builtin_actions == BuiltinActions::retry && rule.then == FailureAction::retry);
    if (!acts) rule.then = FailureAction::as_replied;
    add(rule);
  }
}

void FailureClassifier::add(const FailureRule& rule) {
  Rule made{.given = rule, .pieces = {}};
  for (const auto& pattern : rule.text) made.pieces.push_back(pieces_of(pattern));
  rules_.push_back(std::move(made));
}

Classified FailureClassifier::classify(const smtp::Reply& reply, smtp::Stage stage) const {
  const auto words = words_of(reply);
  const auto fits = [&](const Rule& rule) {
    const auto& [codes, text, stages, klass, then] = rule.given;
    return (stages.empty() || std::ranges::find(stages, stage) != stages.end()) &&
           (codes.empty() || std::ranges::any_of(codes, [&](const auto& code) { return fits_code(code, reply); })) &&
           (text.empty() ||
            std::ranges::any_of(rule.pieces, [&](const auto& pieces) { return has_pieces(words, pieces); }));
  };
  const auto found = std::ranges::find_if(rules_, fits);
  if (found == rules_.end()) return {};
  return {.klass = found->given.klass, .then = found->given.then};
}

Classified FailureClassifier::classify(std::string_view line) const {
  smtp::ReplyReader reader;
  const auto wire = std::string(line) + "\r\n";
  std::string_view rest = wire;
  if (reader.read(rest) != smtp::ReplyReader::Status::complete) return {};
  return classify(reader.reply(), smtp::Stage::rcpt);
}

}  // namespace godwit::mail
