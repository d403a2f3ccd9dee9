// SPDX-License-Identifier: Apache-2.0
#include "milter_reply.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "milter_protocol.hpp"

namespace godwit::policy {
namespace {

using Parsed = base::Result<MilterReply>;

constexpr std::size_t longest_reply_line = 512;  // of text
constexpr std::size_t most_reply_lines = 32;     // as libmilter
constexpr std::size_t most_macros = 256;

std::unexpected<base::Error> malformed(std::string_view what) {
  return base::fail(base::ErrorKind::invalid, fmt::format("a malformed {}", what));
}

std::optional<MilterWord> word_of(char code) {
  switch (code) {
    case 'c':
      return MilterWord::go_on;
    case 'a':
      return MilterWord::accept;
    case 'd':
      return MilterWord::discard;
    case 'r':
      return MilterWord::reject;
    case 't':
      return MilterWord::defer;
    case 's':
      return MilterWord::skip;
    case 'p':
      return MilterWord::progress;
    case '4':
      return MilterWord::shut_down;
    case 'f':
      return MilterWord::no_connection;
    default:
      return {};
  }
}

bool add_macros(std::string_view names, std::vector<std::string>& wanted) {
  while (!names.empty()) {
    const auto end = std::min(names.find_first_of(" \t,"), names.size());
    if (end > 0) wanted.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return wanted.size() <= most_macros;
}

Parsed parse_options(std::string_view data) {
  MilterOptions options;
  const auto version = take_milter_number(data);
  const auto actions = take_milter_number(data);
  const auto steps = take_milter_number(data);
  if (!version || !actions || !steps) return malformed("answer to the negotiation");
  options = {.version = *version, .actions = *actions, .steps = *steps};
  while (!data.empty()) {
    const auto stage = take_milter_number(data);
    const auto names = stage ? take_milter_text(data) : std::nullopt;
    if (!names || *stage >= macro_stages) return malformed("list of macros");
    if (!add_macros(*names, options.macros[static_cast<MacroStage>(*stage)])) return malformed("list of macros");
  }
  return options;
}

// "550 5.7.1 text", lines after one another with the code before each; "%%" stands for "%" (libmilter hands the text on
// to printf).
std::string reply_text(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("%%")) ++at;
    result += text[at];
  }
  return result;
}

Parsed parse_reply_code(std::string_view data) {
  const auto text = take_milter_text(data);
  if (!text) return malformed("reply code");
  smtp::Reply reply;
  const auto meant = reply_text(*text);
  for (auto line : base::split(meant, '\n')) {
    line = base::trim(line);
    if (line.empty() || reply.lines.size() == most_reply_lines) continue;
    const auto code = line.substr(0, 3);
    const bool separated = line.size() == code.size() || line[3] == ' ' || line[3] == '-';
    const auto number = base::parse_unsigned(code);
    if (!number || !separated || *number < 400 || *number > 599) return malformed("reply code");
    line.remove_prefix(std::min(line.size(), code.size() + 1));
    if (reply.lines.empty()) reply.code = static_cast<int>(*number);
    const auto end = std::min(line.find(' '), line.size());
    if (const auto enhanced = smtp::parse_enhanced_code(line.substr(0, end));
        enhanced && enhanced->klass == reply.code / 100) {
      if (reply.lines.empty()) reply.enhanced = *enhanced;
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    // make_reply makes control bytes harmless.
    reply.lines.push_back(smtp::make_reply(reply.code, {}, line.substr(0, longest_reply_line)).lines.front());
  }
  if (reply.lines.empty()) return malformed("reply code");
  return reply;
}

Parsed parse_field(char code, std::string_view data) {
  std::optional<std::uint32_t> index = 0;
  if (code != 'h') index = take_milter_number(data);
  const auto name = index ? take_milter_text(data) : std::nullopt;
  const auto value = name ? take_milter_text(data) : std::nullopt;
  if (!value) return malformed("header field");
  if (code == 'h') return change::AddHeader{std::string(*name), std::string(*value)};
  if (code == 'i') return change::InsertHeader{*index, std::string(*name), std::string(*value)};
  return change::ChangeHeader{*index, std::string(*name), std::string(*value)};
}

Parsed parse_address_change(char code, std::string_view data) {
  const auto address = take_milter_text(data);
  if (!address) return malformed("address");
  const auto parameters = std::string(take_milter_text(data).value_or(""));
  if (code == 'e') return change::ChangeSender{std::string(*address), parameters};
  if (code == '-') return change::DeleteRecipient{std::string(*address)};
  return change::AddRecipient{std::string(*address), parameters};
}

}  // namespace

Parsed parse_milter_reply(char code, std::string_view data) {
  if (const auto word = word_of(code)) return *word;
  switch (code) {
    case 'O':
      return parse_options(data);
    case 'y':
      return parse_reply_code(data);
    case 'h':
    case 'i':
    case 'm':
      return parse_field(code, data);
    case 'e':
    case '+':
    case '2':
    case '-':
      return parse_address_change(code, data);
    case 'b':
      return MilterBody{std::string(data)};
    case 'q':
      if (const auto reason = take_milter_text(data)) return change::Quarantine{std::string(*reason)};
      return malformed("quarantine");
    default:
      return base::fail(base::ErrorKind::invalid,
                        fmt::format("an unknown answer \"{}\"", base::printable(std::string_view(&code, 1))));
  }
}

}  // namespace godwit::policy
