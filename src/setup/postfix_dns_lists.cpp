// SPDX-License-Identifier: Apache-2.0
#include "postfix_dns_lists.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "postfix_context.hpp"
#include "yaml_text.hpp"

namespace godwit::setup::postfix {
namespace {

constexpr int highest_score = 1000;
constexpr std::size_t most_answers = 64;

// One byte of a filter: "2", "[2..11]", "[2;4;6..8]" → "2", "2-11", {"2", "4", "6-8"}.
std::vector<std::string> bytes_of(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<std::string> bytes;
  for (const auto part : base::split(text, ';')) {
    const auto dots = part.find("..");
    const auto least = base::parse_unsigned(part.substr(0, dots));
    const auto most = dots == std::string_view::npos ? least : base::parse_unsigned(part.substr(dots + 2));
    if (!least || !most || *least > *most || *most > 255) return {};
    bytes.push_back(*least == *most ? fmt::format("{}", *least) : fmt::format("{}-{}", *least, *most));
  }
  return bytes;
}

// At the dots outside of brackets.
std::vector<std::string_view> parts_of(std::string_view filter) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t i = 0; i <= filter.size(); ++i) {
    if (i < filter.size() && filter[i] == '[') inside = true;
    if (i < filter.size() && filter[i] == ']') inside = false;
    if (i < filter.size() && (filter[i] != '.' || inside)) continue;
    parts.push_back(filter.substr(start, i - start));
    start = i + 1;
  }
  return parts;
}

std::vector<std::string> answers_of(std::string_view filter) {
  std::vector<std::string> answers = {""};
  const auto parts = parts_of(filter);
  if (parts.size() != 4) return {};
  for (const auto part : parts) {
    std::vector<std::string> longer;
    for (const auto& byte : bytes_of(part))
      for (const auto& before : answers) longer.push_back(before.empty() ? byte : before + "." + byte);
    if (longer.empty() || longer.size() > most_answers) return {};
    answers = std::move(longer);
  }
  return answers;
}

}  // namespace

std::optional<std::string> DnsLists::add(const std::string& list, const std::string& of, int score) {
  const auto equals = list.find('=');
  const auto zone = base::to_lower(std::string_view(list).substr(0, equals));
  if (!is_domain(zone)) return "is no domain of a list";
  std::vector<std::string> answers;
  if (equals != std::string::npos) {
    answers = answers_of(std::string_view(list).substr(equals + 1));
    if (answers.empty()) return "its answers cannot be written as bytes and ranges";
  }
  const auto same = std::ranges::find_if(
      lists_, [&](const List& l) { return l.zone == zone && l.answers == answers && l.score == score; });
  if (same == lists_.end())
    lists_.push_back({.zone = zone, .of = of, .answers = std::move(answers), .score = score});
  else if (!same->of.contains(of))
    same->of += ", " + of;
  return {};
}

std::optional<std::string> DnsLists::add(const std::string& restriction, const std::string& list) {
  if (restriction == "reject_rbl_client" || restriction == "reject_rbl") return add(list, "client", 0);
  if (restriction == "reject_rhsbl_client" || restriction == "reject_rhsbl_reverse_client")
    return add(list, "client_name", 0);
  if (restriction == "reject_rhsbl_helo") return add(list, "hello", 0);
  if (restriction == "reject_rhsbl_sender") return add(list, "sender", 0);
  if (restriction == "permit_dnswl_client") return add(list, "client", -highest_score);
  if (restriction == "permit_rhswl_client") return add(list, "client_name", -highest_score);
  return "such a list is not asked";
}

std::optional<std::string> DnsLists::add_weighted(const std::string& site) {
  const auto star = site.find('*');
  int score = 1;
  if (star != std::string::npos) {
    auto weight = std::string_view(site).substr(star + 1);
    const bool negative = weight.starts_with('-');
    if (negative) weight.remove_prefix(1);
    const auto number = base::parse_unsigned(weight);
    if (!number || *number == 0 || *number > highest_score) return "its weight is out of bounds";
    score = negative ? -static_cast<int>(*number) : static_cast<int>(*number);
  }
  return add(site.substr(0, star), "client", score);
}

void DnsLists::set_threshold(std::uint64_t threshold) {
  threshold_ = static_cast<int>(std::clamp<std::uint64_t>(threshold, 1, highest_score));
}

std::vector<std::string> DnsLists::lines() const {
  if (lists_.empty()) return {};
  std::vector<std::string> lines = {
      "dns_lists:", only_marks_ ? "  reject: never" : fmt::format("  reject: {}", threshold_), "  lists:"};
  for (const auto& list : lists_) {
    auto line =
        fmt::format("    - {{zone: {}, score: {}", yaml_word(list.zone), list.score == 0 ? threshold_ : list.score);
    if (list.of != "client") line += fmt::format(", of: [{}]", list.of);
    if (!list.answers.empty()) line += ", answers: " + yaml_one_or_list(list.answers);
    lines.push_back(line + "}");
  }
  return lines;
}

}  // namespace godwit::setup::postfix
