// SPDX-License-Identifier: Apache-2.0
// Tables of commands and states of a session: how each command is answered in each state.  Each cell is a dialogue, so
// it also holds with its bytes cut anywhere and with a peer that goes, a deadline that passes and a question that is
// refused at each step (support/dialogue.hpp); and each shows that the next command is understood as one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"
#include "support/dialogue.hpp"

namespace godwit::test {

// What brings a session there.
struct Way {
  const char* name;
  std::string script;
};

// A line of a table: a command, without its last CR LF, and how the reply begins in each state.  Behind an arrow stands
// why the session then closes.
struct StateLine {
  std::string command;
  std::vector<std::string> replies;
};

// The same reply everywhere.
inline StateLine always(std::string command, const std::string& reply, std::size_t states) {
  return {std::move(command), std::vector<std::string>(states, reply)};
}

// Shows, after a reply, that the session is in step.
inline std::string_view in_step(std::string_view reply) {
  if (reply.starts_with("354")) return "C: .\ns: 250 2.0.0 Ok: queued\nC: NOOP\ns: 250 2.0.0";
  if (reply.starts_with("334")) return "C: *\ns: 501 5.7.0\nC: NOOP\ns: 250 2.0.0";
  return "C: NOOP\ns: 250 2.0.0";
}

inline void check_cell(const smtp::SessionSettings& settings, const Way& way, const std::string& command,
                       const std::string& expected) {
  SCOPED_TRACE(base::printable(command) + " in state: " + way.name);
  const auto arrow = expected.find(" -> ");
  const auto reply = expected.substr(0, arrow);
  Dialogue dialogue(settings);
  dialogue.script(way.script).client(command + "\r\n").script("s: " + reply);
  if (arrow == std::string::npos)
    dialogue.script(in_step(reply));
  else
    dialogue.script("X: " + expected.substr(arrow + 4));
  dialogue.check();
}

inline void check_table(smtp::SessionSettings settings, const std::vector<Way>& ways,
                        const std::vector<StateLine>& table) {
  settings.errors = 1000;
  for (const auto& [command, replies] : table) {
    ASSERT_EQ(replies.size(), ways.size()) << command;
    for (std::size_t i = 0; i < ways.size() && !::testing::Test::HasFailure(); ++i)
      check_cell(settings, ways[i], command, replies[i]);
  }
}

inline const std::string greeted_way = "S: 220 mx.example ESMTP Godwit\nC: EHLO c\ns: 250-mx\n";
inline const std::string sender_way = greeted_way + "C: MAIL FROM:<a@c.example>\ns: 250 2.1.0\n";
inline const std::string recipient_way = sender_way + "C: RCPT TO:<b@mx.example>\ns: 250 2.1.5\n";

}  // namespace godwit::test
