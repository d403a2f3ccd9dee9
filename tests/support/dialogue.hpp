// SPDX-License-Identifier: Apache-2.0
// Scripted dialogues with a ServerSession.  A script has a line each:
//
//   C: bytes     the client sends the line and CR LF; lines without an S between them are sent in one piece (pipelined)
//   c: bytes     the same without CR LF.  Escapes: \r \n \0 \t \\ \xNN
//   S: reply     the next reply line must be this (escapes too)
//   s: start     the next reply must begin so, whatever else it says and in how many lines
//   E: words     the next reply must be that to EHLO, with these extensions (ETRN, AUTH PLAIN LOGIN) behind those that
//                everybody is offered
//   A: ...       how the next question of a kind is answered (escapes too), before it comes up: "sender REPLY",
//                "recipient REPLY" (one that refuses; "disconnect" in brackets behind it closes), "answer REPLY",
//                "begin WHY", "body WHY", "commit WHY" (full, unhealthy, back_pressure, too_large, policy), "auth
//                rejected|unavailable|locked_out|malformed|accepted NAME", "challenge TEXT", "tls account NAME",
//                "starttls REPLY"
//   X: reason    the session must have closed so: quit timed_out peer_closed errors stopping policy tls_failed
//
// check() runs it as written, then with every byte alone, then cut in two at every byte, then again and again with the
// peer gone, the deadline passed, the daemon stopping, or a refusal at each step in turn; the session must keep its
// contract and end in Close each time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "godwit/base/text.hpp"
#include "godwit/smtp/server_session.hpp"
#include "support/session_driver.hpp"

namespace godwit::test {

std::string unescape(std::string_view text);

class Dialogue {
 public:
  explicit Dialogue(smtp::SessionSettings settings) : settings_(std::move(settings)) {}

  Dialogue& script(std::string_view text);
  Dialogue& client(std::string bytes);  // like "c:", unescaped
  // Also gives what the run as written came to.
  SessionDriver check();

 private:
  struct Step {
    enum class Kind { client, reply, start, answer, closed } kind = Kind::client;
    std::string text;
  };
  enum class Failure { none, peer_closed, timed_out, stopping, refused };
  struct Run {
    SessionDriver driver;
    std::size_t piece = 0;  // bytes given at once; 0: all
    std::size_t cut = 0;    // after so many bytes, what is given at once ends
    std::size_t said = 0;   // bytes given
    Failure failure = Failure::none;
    std::size_t fail_at = 0;  // the event replaced, from 0
    std::size_t events = 0;
    std::size_t replies_read = 0;
  };

  void play(Run& run);
  void play(Run& run, const Step& step);
  void say(Run& run, std::string_view bytes);
  void pump(Run& run);
  bool fail_now(Run& run);
  void expect_reply(Run& run, const std::string& line);
  void expect_start(Run& run, const std::string& start);
  void check_splits(const Run& written);
  void expect_offer(std::string_view more);
  static void prepare(SessionDriver& driver, std::string_view text);

  smtp::SessionSettings settings_;
  std::vector<Step> steps_;
};

inline std::string unescape(std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        result += '\r';
        break;
      case 'n':
        result += '\n';
        break;
      case 't':
        result += '\t';
        break;
      case '0':
        result += '\0';
        break;
      case 'x':
        result += static_cast<char>(digits.find(text[i + 1]) * 16 + digits.find(text[i + 2]));
        i += 2;
        break;
      default:
        result += text[i];
    }
  }
  return result;
}

inline Dialogue& Dialogue::script(std::string_view text) {
  for (const auto raw : base::split(text, '\n')) {
    const auto line = base::trim(raw);
    if (line.empty()) continue;
    const auto rest = std::string(line.size() > 3 ? line.substr(3) : std::string_view());
    switch (line.front()) {
      case 'C':
        client(unescape(rest) + "\r\n");
        break;
      case 'c':
        client(unescape(rest));
        break;
      case 'S':
        steps_.push_back({Step::Kind::reply, unescape(rest)});
        break;
      case 's':
        steps_.push_back({Step::Kind::start, unescape(rest)});
        break;
      case 'E':
        expect_offer(rest);
        break;
      case 'A':
        steps_.push_back({Step::Kind::answer, unescape(rest)});
        break;
      case 'X':
        steps_.push_back({Step::Kind::closed, rest});
        break;
      default:
        ADD_FAILURE() << "bad script line: " << line;
    }
  }
  return *this;
}

inline Dialogue& Dialogue::client(std::string bytes) {
  if (!steps_.empty() && steps_.back().kind == Step::Kind::client)
    steps_.back().text += bytes;
  else
    steps_.push_back({Step::Kind::client, std::move(bytes)});
  return *this;
}

inline void Dialogue::expect_offer(std::string_view more) {
  std::vector<std::string> lines = {settings_.hostname,
                                    "PIPELINING",
                                    "SIZE " + std::to_string(settings_.message_size),
                                    "8BITMIME",
                                    "ENHANCEDSTATUSCODES",
                                    "DSN",
                                    "CHUNKING",
                                    "BINARYMIME",
                                    "SMTPUTF8",
                                    "DELIVERBY",
                                    "LIMITS RCPTMAX=" + std::to_string(settings_.recipients)};
  for (const auto extension : base::split(more, ','))
    if (!base::trim(extension).empty()) lines.emplace_back(base::trim(extension));
  for (std::size_t i = 0; i < lines.size(); ++i)
    steps_.push_back({Step::Kind::reply, (i + 1 < lines.size() ? "250-" : "250 ") + lines[i]});
}

inline smtp::Reply parse_reply(std::string_view text) {
  smtp::ReplyReader reader;
  const auto wire = std::string(text) + "\r\n";
  std::string_view view = wire;
  EXPECT_EQ(reader.read(view), smtp::ReplyReader::Status::complete) << text;
  return reader.reply();
}

inline void Dialogue::prepare(SessionDriver& driver, std::string_view text) {
  namespace event = smtp::event;
  const auto kind = text.substr(0, text.find(' '));
  const auto rest = base::trim(text.substr(kind.size()));
  if (kind == "sender" || kind == "recipient" || kind == "answer") {
    const bool disconnect = rest.ends_with("[disconnect]");
    auto reply = parse_reply(base::trim(rest.substr(0, rest.find("[disconnect]"))));
    if (kind == "answer") return driver.prepare(Ask::answer, event::Answer{std::move(reply)});
    driver.prepare(kind == "sender" ? Ask::sender : Ask::recipient, event::Verdict{std::move(reply), disconnect});
  } else if (kind == "starttls") {
    driver.prepare(Ask::tls, event::Answer{parse_reply(rest)});
  } else if (kind == "tls") {
    event::TlsReady ready{{"TLSv1.3", "TLS_AES_256_GCM_SHA384", {}, "exporter", {}}};
    if (rest.starts_with("account ")) ready.info.peer_subject = rest.substr(8);
    driver.prepare(Ask::tls, std::move(ready));
  } else if (kind == "challenge") {
    driver.prepare(Ask::auth, event::AuthChallenge{std::string(rest)});
  } else if (kind == "auth") {
    using Outcome = event::AuthResult::Outcome;
    const auto outcome = rest == "rejected"      ? Outcome::rejected
                         : rest == "unavailable" ? Outcome::unavailable
                         : rest == "locked_out"  ? Outcome::locked_out
                         : rest == "malformed"   ? Outcome::malformed
                                                 : Outcome::accepted;
    const auto account = rest.starts_with("accepted ") ? rest.substr(9) : std::string_view();
    driver.prepare(Ask::auth, event::AuthResult{outcome, std::string(account)});
  } else {
    static const std::map<std::string_view, event::RefusedWhy> whys = {
        {"full", event::RefusedWhy::full},           {"unhealthy", event::RefusedWhy::unhealthy},
        {"policy", event::RefusedWhy::policy},       {"back_pressure", event::RefusedWhy::back_pressure},
        {"too_large", event::RefusedWhy::too_large}, {"not_canonical", event::RefusedWhy::not_canonical}};
    static const std::map<std::string_view, Ask> asks = {
        {"begin", Ask::begin}, {"body", Ask::body}, {"commit", Ask::commit}};
    ASSERT_TRUE(whys.contains(rest) && asks.contains(kind)) << text;
    driver.prepare(asks.at(kind), event::Refused{whys.at(rest), {}});
  }
}

// Replaces the event that is due by the run's failure; false if it is not its turn.
inline bool Dialogue::fail_now(Run& run) {
  if (run.events++ != run.fail_at) return false;
  switch (run.failure) {
    case Failure::none:
      return false;
    case Failure::peer_closed:
      run.driver.feed(smtp::event::PeerClosed{});
      EXPECT_TRUE(run.driver.closed());
      return true;
    case Failure::timed_out:
      run.driver.feed(smtp::event::TimedOut{});
      EXPECT_TRUE(run.driver.closed());
      return true;
    case Failure::stopping:
      run.driver.feed(smtp::event::Stopping{});
      return run.driver.closed().has_value();  // else the event comes all the same
    case Failure::refused:
      if (!run.driver.asking()) return false;
      run.driver.feed(run.driver.refusal());
      return true;
  }
  return false;
}

// Answers what is asked.
inline void Dialogue::pump(Run& run) {
  while (run.driver.asking() && !run.driver.closed()) {
    if (fail_now(run)) continue;
    run.driver.feed(run.driver.answer());
  }
}

inline void Dialogue::say(Run& run, std::string_view bytes) {
  while (!bytes.empty() && !run.driver.closed()) {
    pump(run);
    if (run.driver.closed() || fail_now(run)) continue;
    std::string piece(bytes.substr(0, run.piece == 0 ? run.driver.read_limit() : run.piece));
    if (run.said < run.cut) piece.resize(std::min(piece.size(), run.cut - run.said));
    bytes.remove_prefix(piece.size());
    run.said += piece.size();
    run.driver.feed(smtp::event::Bytes{piece});
    piece.assign(piece.size(), '#');                     // who still looked at it would see this
    if (run.driver.ask() == Ask::tls) return pump(run);  // the rest was clear text: the handshake never sees it
  }
  pump(run);
}

inline void Dialogue::expect_reply(Run& run, const std::string& line) {
  if (run.failure != Failure::none) return;
  const auto end = run.driver.replies().find("\r\n", run.replies_read);
  if (end == std::string::npos) {
    ADD_FAILURE() << "no reply where this was expected: " << line;
    return;
  }
  EXPECT_EQ(run.driver.replies().substr(run.replies_read, end - run.replies_read), line);
  run.replies_read = end + 2;
}

inline void Dialogue::expect_start(Run& run, const std::string& start) {
  if (run.failure != Failure::none) return;
  const std::string_view replies = run.driver.replies();
  const auto reply = replies.substr(run.replies_read);
  EXPECT_EQ(reply.substr(0, start.size()), start);
  for (bool goes_on = true; goes_on;) {
    const auto end = replies.find("\r\n", run.replies_read);
    if (end == std::string::npos) {
      ADD_FAILURE() << "no reply where one was expected that begins with " << start;
      return;
    }
    goes_on = replies[run.replies_read + 3] == '-';
    run.replies_read = end + 2;
  }
}

inline void Dialogue::play(Run& run, const Step& step) {
  using Reason = smtp::action::Close::Reason;
  static const std::map<std::string_view, Reason> reasons = {{"quit", Reason::quit},
                                                             {"timed_out", Reason::timed_out},
                                                             {"peer_closed", Reason::peer_closed},
                                                             {"errors", Reason::errors},
                                                             {"stopping", Reason::stopping},
                                                             {"policy", Reason::policy},
                                                             {"tls_failed", Reason::tls_failed}};
  switch (step.kind) {
    case Step::Kind::client:
      return say(run, step.text);
    case Step::Kind::reply:
      return expect_reply(run, step.text);
    case Step::Kind::start:
      return expect_start(run, step.text);
    case Step::Kind::answer:
      return prepare(run.driver, step.text);
    case Step::Kind::closed:
      if (run.failure != Failure::none) return;
      ASSERT_TRUE(run.driver.closed()) << "not closed: " << step.text;
      EXPECT_EQ(run.driver.closed(), reasons.at(step.text));
  }
}

inline void Dialogue::play(Run& run) {
  if (settings_.tls == smtp::TlsMode::implicit) run.driver.feed(smtp::event::TlsReady{});
  run.driver.feed(smtp::event::Connected{});
  for (const auto& step : steps_) {
    play(run, step);
    if (::testing::Test::HasFailure()) return;
  }
  if (run.failure == Failure::none) {
    EXPECT_EQ(run.driver.replies().substr(run.replies_read), "") << "unexpected replies";
  }
  if (!run.driver.closed()) run.driver.feed(smtp::event::PeerClosed{});
  EXPECT_TRUE(run.driver.closed());
  for (const auto& violation : run.driver.violations()) ADD_FAILURE() << violation;
}

// However the bytes arrive, they come to the same.
inline void Dialogue::check_splits(const Run& written) {
  const auto play_split = [&](std::size_t piece, std::size_t cut) {
    SCOPED_TRACE(cut == 0 ? "every byte alone" : "cut after byte " + std::to_string(cut));
    Run split{.driver = SessionDriver(settings_), .piece = piece, .cut = cut};
    play(split);
    EXPECT_EQ(split.driver.replies(), written.driver.replies());
    EXPECT_EQ(split.driver.committed(), written.driver.committed());
  };
  play_split(1, 0);
  const auto step = 1 + written.said * written.said / 20'000'000;  // of long ones not every place
  for (std::size_t cut = 1; cut < written.said && !::testing::Test::HasFailure(); cut += step) play_split(0, cut);
}

inline SessionDriver Dialogue::check() {
  Run written{SessionDriver(settings_)};
  play(written);
  if (::testing::Test::HasFailure()) return std::move(written.driver);
  check_splits(written);
  for (const auto failure : {Failure::peer_closed, Failure::timed_out, Failure::stopping, Failure::refused}) {
    for (std::size_t at = 0; at < written.events && !::testing::Test::HasFailure(); ++at) {
      SCOPED_TRACE("failure " + std::to_string(static_cast<int>(failure)) + " at event " + std::to_string(at));
      Run failing{.driver = SessionDriver(settings_), .failure = failure, .fail_at = at};
      play(failing);
    }
  }
  return std::move(written.driver);
}

}  // namespace godwit::test
