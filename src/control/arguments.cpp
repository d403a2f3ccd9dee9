// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/encoding.hpp"
#include "godwit/base/text.hpp"
#include "godwit/log/line.hpp"
#include "import_body.hpp"

namespace godwit::control {
namespace {

constexpr std::size_t greatest_limit = 1000;
constexpr std::size_t greatest_rank = 10'000'000;
constexpr std::size_t longest_pattern = 1000;
constexpr std::size_t longest_reason = 500;
constexpr base::Duration rest_of_second = std::chrono::milliseconds(999);
constexpr std::chrono::days longest_time = state::DmarcSums::keep;  // of suspensions, and of what is looked back at

std::optional<queue::State> parse_state(std::string_view text) {
  for (const auto state : {queue::State::waiting, queue::State::due, queue::State::active, queue::State::held})
    if (base::iequals(text, queue::to_string(state))) return state;
  return {};
}

std::optional<log::Level> parse_level(std::string_view text) {
  for (const auto level : {log::Level::debug, log::Level::info, log::Level::warn, log::Level::error})
    if (text == log::to_string(level)) return level;
  return {};
}

// A text of a bounded length into its place; what is wrong with it, or empty.
std::string take_text(std::string_view name, std::string value, std::size_t longest, std::string& into) {
  if (value.empty() || value.size() > longest) return fmt::format("{} has 1 to {} bytes", name, longest);
  into = std::move(value);
  return {};
}

std::string take_address(std::string_view value, smtp::Mailbox& into) {
  auto address = smtp::parse_mailbox(value, smtp::BareLocal::allow, smtp::Utf8::allow);
  if (!address) return "address is one like alice@example.com";
  into = std::move(*address);
  return {};
}

std::string take_time(std::string_view name, std::string_view value, std::optional<base::WallTime>& into) {
  into = base::parse_rfc3339(value);
  return into ? "" : fmt::format("{} is a time like 2026-11-23T09:35:55Z", name);
}

// One parameter, decoded; what is wrong with it, or empty.
std::string read_parameter(std::string_view name, std::string value, Arguments& arguments) {
  auto& selector = arguments.selector;
  if (is_envelope_word(name)) return set_envelope_word(arguments.submission.envelope, name, value);
  if (name == "sender") return take_text(name, std::move(value), longest_pattern, selector.sender);
  if (name == "recipient") return take_text(name, std::move(value), longest_pattern, selector.recipient);
  if (name == "destination") return take_text(name, std::move(value), longest_pattern, selector.destination);
  if (name == "reason") return take_text(name, std::move(value), longest_reason, arguments.reason);
  if (name == "state") {
    selector.state = parse_state(value);
    return selector.state ? "" : "state is waiting, due, active or held";
  }
  if (name == "older") {
    selector.older = base::parse_duration(value);
    return selector.older ? "" : "older is a duration, like 30m, 2h or 5d";
  }
  if (name == "address") return take_address(value, arguments.address);
  if (name == "message_id") return take_text(name, std::move(value), longest_pattern, arguments.history.message_id);
  if (name == "subject") return take_text(name, std::move(value), longest_pattern, arguments.history.subject);
  if (name == "outcome") return take_text(name, std::move(value), longest_pattern, arguments.history.outcome);
  if (name == "since") return take_time(name, value, arguments.history.since);
  if (name == "until") {
    auto wrong = take_time(name, value, arguments.history.until);
    if (wrong.empty()) *arguments.history.until += rest_of_second;  // it has no fractions, events do
    return wrong;
  }
  if (name == "after_name") return take_text(name, std::move(value), longest_pattern, arguments.after_name);
  if (name == "after_rank") {
    arguments.after_rank = base::parse_unsigned(value).value_or(0);
    return arguments.after_rank > 0 && arguments.after_rank <= greatest_rank
               ? ""
               : fmt::format("after_rank is 1 to {}", greatest_rank);
  }
  if (name == "name") return take_text(name, std::move(value), longest_pattern, arguments.name);
  if (name == "for") {
    const auto wait = base::parse_duration(value);
    arguments.wait = wait.value_or(base::Duration::zero());
    return arguments.wait > base::Duration::zero() && arguments.wait <= longest_time
               ? ""
               : fmt::format("for is a duration up to {}d, like 30m, 2h or 5d", longest_time.count());
  }
  if (name == "all") {
    arguments.all = value == "true";
    return arguments.all ? "" : "all is true, or left out";
  }
  if (name == "force") {
    arguments.force = value == "true";
    return arguments.force ? "" : "force is true, or left out";
  }
  if (name == "dns") {
    arguments.replay.dns = value == "true";
    return arguments.replay.dns ? "" : "dns is true, or left out";
  }
  if (name == "last") {
    arguments.replay.last = base::parse_unsigned(value).value_or(0);
    return arguments.replay.last > 0 && arguments.replay.last <= ReplayOrder::greatest
               ? ""
               : fmt::format("last is 1 to {}", ReplayOrder::greatest);
  }
  if (name == "envelope") {
    arguments.envelope = base::parse_unsigned(value).value_or(0);
    return arguments.envelope > 0 && arguments.envelope <= greatest_envelope
               ? ""
               : fmt::format("envelope is 1 to {} bytes", greatest_envelope);
  }
  if (name == "level") {
    const auto level = parse_level(value);
    arguments.level = level.value_or(log::Level::debug);
    return level ? "" : "level is debug, info, warn or error";
  }
  if (name == "after_line") {
    const auto number = base::parse_unsigned(value);
    arguments.after_line = number.value_or(0);
    return number ? "" : "after_line is a number";
  }
  if (name == "limit") {
    const auto limit = base::parse_unsigned(value);
    if (!limit || *limit == 0 || *limit > greatest_limit) return fmt::format("limit is 1 to {}", greatest_limit);
    arguments.page.limit = *limit;
    return {};
  }
  if (name == "after") {
    arguments.page.after = base::parse_message_id(value);
    return arguments.page.after ? "" : bad_id(value);
  }
  return fmt::format("unknown parameter \"{}\"", base::printable(name, 40));
}

}  // namespace

std::string bad_id(std::string_view text) {
  return fmt::format("\"{}\" is not a message id", base::printable(text, 40));
}

std::string read_query(std::string_view query, Arguments& arguments) {
  if (query.empty()) return {};
  for (const std::string_view parameter : base::split(query, '&')) {
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    auto value =
        base::percent_decode(equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1));
    if (!value) return fmt::format("{} has a broken %-escape", base::printable(name, 40));
    if (auto wrong = read_parameter(name, *std::move(value), arguments); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace godwit::control
