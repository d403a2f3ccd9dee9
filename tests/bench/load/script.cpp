// SPDX-License-Identifier: Apache-2.0
#include "script.hpp"

#include <fmt/format.h>

namespace godwit::bench {
namespace {

std::string message(const ScriptSettings& settings) {
  std::string text = fmt::format(
      "From: <{}>\r\nTo: <{}>\r\nSubject: A message of {} bytes\r\nDate: Mon, 02 Nov 2026 08:00:00 +0000\r\n"
      "Message-ID: <load@client.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n",
      settings.sender, settings.recipient, settings.size);
  constexpr std::string_view line_end = "\r\n";
  const std::string line = std::string(76, 'x').append(line_end);
  while (text.size() + line.size() + line_end.size() < settings.size) text += line;
  if (text.size() + line_end.size() < settings.size) text.append(settings.size - text.size() - line_end.size(), 'x');
  return text.append(line_end);
}

std::string recipient(const ScriptSettings& settings, std::size_t number) {
  if (settings.recipients == 1) return settings.recipient;
  const std::size_t at = settings.recipient.find('@');
  return settings.recipient.substr(0, at) + std::to_string(number + 1) + settings.recipient.substr(at);
}

}  // namespace

Script::Script(const ScriptSettings& settings) {
  const std::string content = message(settings);
  all_.reserve(content.size() + 100 * (settings.recipients + 2));
  say(fmt::format("MAIL FROM:<{}>\r\n", settings.sender));
  for (std::size_t i = 0; i < settings.recipients; ++i) say(fmt::format("RCPT TO:<{}>\r\n", recipient(settings, i)));
  if (settings.transfer == Transfer::bdat) {
    say(fmt::format("BDAT {} LAST\r\n{}", content.size(), content));
    return;
  }
  say("DATA\r\n");
  data_end_ = ends_.size();
  const std::string envelope = all_;
  say(content + ".\r\n");
  all_ += envelope;
}

void Script::say(std::string_view line) {
  all_ += line;
  ends_.push_back(all_.size());
}

Script::Piece Script::next(std::size_t answered, Pipelining pipelining, bool another) const {
  const std::size_t begin = answered == 0 ? 0 : ends_[answered - 1];
  const bool last = answered + 1 == steps();
  if (data_end_ != 0 && last && another && pipelining == Pipelining::all)
    return {std::string_view(all_).substr(begin), steps(), all_.size() - ends_.back()};
  std::size_t end = steps();
  if (pipelining == Pipelining::one_command)
    end = answered + 1;
  else if (data_end_ != 0 && !last)
    end = data_end_;
  Piece piece{std::string_view(all_).substr(begin, ends_[end - 1] - begin), end - answered, {}};
  if (end == steps()) piece.behind_message = 0;
  return piece;
}

}  // namespace godwit::bench
