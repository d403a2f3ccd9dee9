// SPDX-License-Identifier: Apache-2.0
// What another configuration would have made of mail that came before: envelopes as two configurations judge them, what
// differs, and how far a replay has come.  Filled by daemon/, told by the API.  Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"

namespace godwit::control {

// What one configuration says of one recipient of an envelope.
struct ReplayVerdict {
  std::string refusal{};  // the reply; empty: it is taken, and the rest says what becomes of it
  std::string rule{};     // what refuses it
  std::string route{};    // "mx", "smtp:[10.0.0.5]:25", "maildir:/var/vmail/{domain}/{local}"; of several, all
  std::string tls{};      // "opportunistic", "verify mx.example.net"; empty: no TLS is spoken there
  std::string limits{};   // "at most 20 connections, 100 messages a connection"; of several ways, all
  std::string held{};     // why it would wait for the administrator
  std::string becomes{};  // whom it leads to, and the sender that the next host is told
  bool operator==(const ReplayVerdict&) const = default;
};

struct ReplayedRecipient {
  std::string address{};
  ReplayVerdict before{}, after{};
};

struct ReplayedEnvelope {
  std::string id{};  // empty: it was refused
  base::WallTime time{};
  std::string client{};
  std::string from{};
  std::vector<ReplayedRecipient> recipients{};
};

enum class ReplayChange : std::uint8_t {
  newly_rejected,
  newly_accepted,
  rejected_otherwise,
  route,
  tls,
  limits,
  held,
  rewriting,
};
inline constexpr std::size_t replay_changes = 8;
std::string_view to_string(ReplayChange change);

struct ReplayExample {
  std::string id{};
  base::WallTime time{};
  std::string client{}, from{}, to{};
  std::string before{}, after{};
};

// Of one kind of change: recipients with which the same happens.
struct ReplayGroup {
  std::string before{}, after{};  // of rejections: the rule and the codes, "relaying: 554 5.7.1"
  std::uint64_t recipients = 0;
  std::vector<ReplayExample> examples{};  // the first ones
};

struct ReplayDifference {
  std::uint64_t envelopes = 0;        // with at least one such recipient
  std::vector<ReplayGroup> groups{};  // the largest first
  std::uint64_t other = 0;            // recipients in further groups
};

struct ReplayReport {
  std::uint64_t accepted = 0;  // envelopes replayed of those that were accepted
  std::uint64_t refused = 0;   // the same of those that were refused
  std::uint64_t unchanged = 0;
  std::uint64_t unreadable = 0;  // recorded without what is needed
  std::optional<base::WallTime> since{};
  std::array<ReplayDifference, replay_changes> differences{};
  std::vector<std::string> not_replayed{};    // sentences
  std::vector<std::string> restart_needed{};  // keys that count only then, as if they did
  bool cut_short = false;                     // there was no time for all

  const ReplayDifference& of(ReplayChange change) const { return differences[static_cast<std::size_t>(change)]; }
  // Of the envelopes that were accepted, how many percent would be refused now, whole or in part.
  double newly_rejected_percent() const;
};

// Adds up; bounded, however many envelopes there are.
class ReplayComparison {
 public:
  static constexpr std::size_t most_groups = 50;  // of each kind
  static constexpr std::size_t most_examples = 3;

  void add(const ReplayedEnvelope& envelope);
  void add_unreadable() { ++report_.unreadable; }
  ReplayReport report() const;

 private:
  struct Seen;
  void compare(const ReplayedEnvelope& envelope, const ReplayedRecipient& recipient, Seen& seen);
  void note(ReplayChange change, const ReplayedEnvelope& envelope, const ReplayedRecipient& recipient,
            const std::string& from, const std::string& to, Seen& seen);

  ReplayReport report_;
};

// Of a replay that was ordered.
struct ReplayOrder {
  std::size_t last = 1000;
  bool dns = false;  // it is asked
  static constexpr std::size_t greatest = 100'000;
};
struct ReplayStart {
  std::uint64_t number = 0;           // of the replay; 0: the configuration has errors
  std::vector<std::string> errors{};  // "file:line:column: …"
};
struct ReplayProgress {
  enum class State : std::uint8_t { running, done, failed } state = State::running;
  std::uint64_t number = 0;
  std::uint64_t replayed = 0, of = 0;
  std::string failure{};
  ReplayReport report{};  // when it is done
};

}  // namespace godwit::control
