// SPDX-License-Identifier: Apache-2.0
// Makes space: empties the sealed segment that needs least, by writing anew what is needed of it — live messages with
// their recipients' state, updates folded into one, done records whose message's segment still exists.  The copies go
// through the committer as any record does; what changed between reading and writing is dropped and tried again.  On
// the pool, one at a time; stops when space used is within the bound of docs/spool-format.md, or nothing pays.
//
// Never blocks a commit, and is never starved by them: small batches, half of the time at most, a fixed rate, no more
// than the commits wrote while there are some, nothing while the committer's queue is long; but in a hurry, when the
// bound is in danger, in proportion to the commits.  A full disk ends it without harm.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core.hpp"
#include "read_ahead.hpp"

namespace godwit::spool {

class Compaction {
 public:
  explicit Compaction(Core& core) : core_(core) {}
  boost::asio::awaitable<void> run();

 private:
  template <class T>
  using Task = boost::asio::awaitable<T>;
  // A record to write anew.
  struct Job {
    enum class What { message, update, done } what = What::message;
    base::MessageId id;
    std::uint32_t holder = 0;  // of a done
    std::uint64_t bytes = 0;
  };

  Task<bool> empty(std::uint32_t number);
  Task<bool> pass(std::uint32_t number);
  std::vector<Job> jobs_of(std::uint32_t number, std::string_view entries) const;
  void add_job(std::uint32_t number, const SegmentState& state, const IndexEntry& entry, std::vector<Job>& jobs) const;
  void add_done(const SegmentState& state, const IndexEntry& entry, std::vector<Job>& jobs) const;
  Task<bool> move(std::uint32_t number, std::span<const Job> jobs);
  Task<base::Result<std::vector<Pending>>> read(std::uint32_t number, std::span<const Job> jobs);
  Task<base::Result<Pending>> copy(const Core::Found& found);
  Task<base::Result<Pending>> fold(const Core::Found& found);
  bool hurries(std::uint32_t number) const;
  Task<std::uint64_t> turn(std::uint32_t number, std::uint64_t left);
  Task<bool> wait_for_removal(std::uint32_t number);
  bool is_empty(std::uint32_t number) const;

  Core& core_;
  std::shared_ptr<ReadAhead> segment_;  // the one being emptied
  std::uint64_t committed_ = 0;         // as of the last look
  std::uint64_t credit_ = 0;            // bytes that commits wrote and compaction has not yet
  base::Duration took_{};               // the last batch, read and written
};

}  // namespace godwit::spool
