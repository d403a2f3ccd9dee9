// SPDX-License-Identifier: Apache-2.0
#include "received_mail.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace godwit::bench {
namespace {

constexpr std::string_view end_of_data = "\r\n.\r\n";

bool is_verb(std::string_view line, std::string_view verb) {
  return line.size() >= verb.size() && std::ranges::equal(line.substr(0, verb.size()), verb, [](char is, char wanted) {
           return (is & ~('a' - 'A')) == wanted;
         });
}

}  // namespace

ReceivedMail::GoingOn ReceivedMail::take(std::string_view bytes, std::string& answers) {
  while (!bytes.empty() || (state_ == State::chunk && chunk_left_ == 0)) {
    if (state_ == State::data) {
      bytes = take_data(bytes, answers);
      continue;
    }
    if (state_ == State::chunk) {
      bytes = take_chunk(bytes, answers);
      continue;
    }
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (take_command(std::exchange(line_, {}), answers) == GoingOn::no) return GoingOn::no;
  }
  return GoingOn::yes;
}

// Returns what is behind it.
std::string_view ReceivedMail::take_data(std::string_view bytes, std::string& answers) {
  const std::size_t known = end_.size();
  // Where the end lies across what came before and what comes now.
  const std::string edge = end_ + std::string(bytes.substr(0, end_of_data.size() - 1));
  std::size_t behind = 0;
  if (const auto at = edge.find(end_of_data); at != std::string::npos)
    behind = at + end_of_data.size() - known;
  else if (const auto found = bytes.find(end_of_data); found != std::string_view::npos)
    behind = found + end_of_data.size();
  if (behind == 0) {
    received_.bytes += bytes.size();
    end_ = bytes.size() >= end_of_data.size() ? std::string(bytes.substr(bytes.size() - end_of_data.size() + 1)) : edge;
    if (end_.size() >= end_of_data.size()) end_.erase(0, end_.size() - end_of_data.size() + 1);
    return {};
  }
  received_.bytes += behind;
  count_message();
  answers += "250 2.0.0 taken\r\n";
  return bytes.substr(behind);
}

std::string_view ReceivedMail::take_chunk(std::string_view bytes, std::string& answers) {
  const std::size_t size = std::min<std::uint64_t>(bytes.size(), chunk_left_);
  received_.bytes += size;
  chunk_left_ -= size;
  if (chunk_left_ > 0) return {};
  state_ = State::command;
  if (last_chunk_) count_message();
  answers += "250 2.0.0 taken\r\n";
  return bytes.substr(size);
}

void ReceivedMail::count_message() {
  ++received_.messages;
  received_.recipients += std::exchange(recipients_, 0);
  received_.last = Clock::now();
  state_ = State::command;
}

ReceivedMail::GoingOn ReceivedMail::take_command(std::string_view line, std::string& answers) {
  if (is_verb(line, "DATA")) {
    state_ = State::data;
    end_ = "\r\n";
    answers += "354 go on\r\n";
  } else if (is_verb(line, "BDAT")) {
    begin_chunk(line);
  } else if (is_verb(line, "EHLO")) {
    answers += "250-sink.example\r\n250-PIPELINING\r\n250-SIZE\r\n";
    answers += extensions_.chunking ? "250-CHUNKING\r\n250 8BITMIME\r\n" : "250 8BITMIME\r\n";
  } else if (is_verb(line, "QUIT")) {
    answers += "221 2.0.0 bye\r\n";
    return GoingOn::no;
  } else {
    if (is_verb(line, "RCPT")) ++recipients_;
    if (is_verb(line, "RSET") || is_verb(line, "MAIL")) recipients_ = 0;
    answers += "250 2.0.0 ok\r\n";
  }
  return GoingOn::yes;
}

void ReceivedMail::begin_chunk(std::string_view line) {
  const std::string_view size = line.substr(std::min<std::size_t>(line.size(), 5));
  std::from_chars(size.data(), size.data() + size.size(), chunk_left_);
  last_chunk_ = line.find("LAST") != std::string_view::npos || line.find("last") != std::string_view::npos;
  state_ = State::chunk;
}

}  // namespace godwit::bench
