// SPDX-License-Identifier: Apache-2.0
// Tables of what must be taken, what must be refused and how, and the section that says so.  "ours" marks where this
// server is stricter or more tolerant than the letter, as docs/specifications.md says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"
#include "support/dialogue.hpp"

namespace godwit::test {

inline std::string repeated(std::string_view text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

enum class ConformanceState { connected, greeted, with_sender, with_utf8_sender, with_recipient };

struct ConformanceCase {
  const char* section;
  std::string line;   // without its CR LF
  const char* reply;  // how it begins
};

inline std::vector<std::string> way_to(ConformanceState state) {
  switch (state) {
    case ConformanceState::connected:
      return {};
    case ConformanceState::greeted:
      return {"EHLO c.example"};
    case ConformanceState::with_sender:
      return {"EHLO c.example", "MAIL FROM:<>"};
    case ConformanceState::with_utf8_sender:
      return {"EHLO c.example", "MAIL FROM:<> SMTPUTF8"};
    case ConformanceState::with_recipient:
      break;
  }
  return {"EHLO c.example", "MAIL FROM:<>", "RCPT TO:<a@b.example>"};
}

inline std::string reply_to(ConformanceState state, const std::string& line) {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  settings.errors = 100;
  settings.vrfy = settings.expn = smtp::Audience::anyone;
  SessionDriver driver(settings);
  driver.feed(smtp::event::Connected{});
  std::size_t before = 0;
  auto lines = way_to(state);
  lines.push_back(line);
  for (const auto& each : lines) {
    before = driver.replies().size();
    driver.feed(smtp::event::Bytes{each + "\r\n"});
    while (driver.asking()) driver.feed(driver.answer());
  }
  EXPECT_TRUE(driver.violations().empty());
  return driver.replies().substr(before);
}

inline void check_conformance(ConformanceState state, const std::vector<ConformanceCase>& cases) {
  for (const auto& [section, line, expected] : cases) {
    const auto reply = reply_to(state, line);
    EXPECT_TRUE(reply.starts_with(expected)) << section << ": " << base::printable(line) << "\n got " << reply;
  }
}

}  // namespace godwit::test
