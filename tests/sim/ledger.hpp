// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "godwit/base/message_id.hpp"
#include "godwit/mail/envelope.hpp"

namespace godwit::test {

// What was asked of the spool, and what it promised.
struct Ledger {
  struct Version {
    mail::Envelope envelope;
    std::uint64_t handed_over = 0;  // the how manieth update of all; 0: as committed
  };
  struct Entry {
    std::string body;
    std::vector<Version> versions;  // as committed, after the first update, ...
    mail::Envelope seen;            // read back
    std::size_t durable_version = 0;
    bool acknowledged = false;
    bool stays = false;             // hardly ever finished, but often updated
    bool finished = false;          // the last update settles all recipients
    bool finished_durable = false;  // ... and a later commit was acknowledged

    const mail::Envelope& now() const { return versions.back().envelope; }
    bool is_open() const { return acknowledged && !finished; }
  };
  std::map<base::MessageId, Entry> entries;
  std::uint64_t updates = 0;  // handed over
  std::uint64_t refused = 0;
  std::uint64_t copies = 0;      // that compaction made, in all lives
  std::int64_t ticks = 0;        // time goes on through all restarts
  std::uint64_t crash_from = 0;  // a crash is of interest after this operation of the disk

  std::vector<base::MessageId> open() const;
  // A commit was acknowledged, and so many updates had been handed over before it: they are durable.
  void durable_up_to(std::uint64_t handed_over);
};

}  // namespace godwit::test
