// SPDX-License-Identifier: Apache-2.0
// The idempotency keys under which programs handed in messages (POST /v1/messages), for 24 hours: who comes again with
// one, because he never saw the answer, makes no second message.  In a file of SQLite, synced: a restart or a power cut
// forgets nothing.  The order is
//
//   plan (the id that the message will have) → the spool has the message → settle (the answer)
//
// so that a key is in the file before its message is anywhere.  A crash behind `plan` leaves a key without an answer:
// whether that message was taken is then asked of the spool and the history, by its id.  Bounded: so many
// keys, and bytes of answers, of one owner; more are refused, for to forget one could double a message.
// A file that is damaged is set aside and begun anew.  One reactor; `pool` may block, and runs one thing after another.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/log/logger.hpp"

namespace godwit::state {

class SubmissionKeys {
 public:
  static constexpr base::Duration keep = std::chrono::hours(24);
  struct Bounds {
    std::size_t keys = 200'000;
    std::size_t bytes = std::size_t{256} << 20U;
    base::Duration patience = std::chrono::seconds(10);  // with the pool
  };

  template <class T = void>
  using Task = boost::asio::awaitable<base::Result<T>>;

  struct Key {
    std::string owner;  // whose key it is: the same of another is another
    std::string text;
    auto operator<=>(const Key&) const = default;
  };
  struct Kept {
    std::string fingerprint;  // of the request
    base::MessageId id;
    std::string answer;  // empty: only planned
    std::string plan;    // what an answer could be made of then
  };

  // The others outlive it and what it has started on the pool.
  SubmissionKeys(std::string directory, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log,
                 Bounds bounds);
  SubmissionKeys(std::string directory, boost::asio::any_io_executor pool, const base::Clock& clock, log::Logger& log)
      : SubmissionKeys(std::move(directory), std::move(pool), clock, log, Bounds()) {}

  // Leave to use a key: while it lasts no other is given for it.
  class Turn {
   public:
    Turn(SubmissionKeys& keys, Key key) : keys_(&keys), key_(std::move(key)) {}
    Turn(Turn&& other) noexcept : keys_(std::exchange(other.keys_, nullptr)), key_(std::move(other.key_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (keys_ != nullptr) keys_->in_use_.erase(key_);
    }
    const Key& key() const { return key_; }

   private:
    SubmissionKeys* keys_;
    Key key_;
  };
  // Nothing: it is in use.
  std::optional<Turn> begin(Key key);

  // Nothing: it is not known, or 24 hours old.  Errors of all: io; timed_out: the disk hangs, and what was asked is
  // done later or never, but before what is asked next.
  Task<std::optional<Kept>> find(Key key);
  // Durable when it completes.  Errors: also exhausted (its owner has too many).
  Task<> plan(Key key, Kept kept);
  Task<> settle(Key key, std::string answer);
  // Nothing came of it.
  Task<> forget(Key key);

 private:
  struct Use {
    std::size_t keys = 0;
    std::size_t bytes = 0;
  };

  template <class Result, class Work>
  boost::asio::awaitable<Result> within(Work work);

  // These on the pool.
  base::Result<> prepare();
  base::Result<> read_use();
  base::Result<std::optional<Kept>> find_here(const Key& key);
  base::Result<> plan_here(const Key& key, const Kept& kept);
  base::Result<> settle_here(const Key& key, const std::string& answer);
  base::Result<> forget_here(const Key& key);
  base::Result<> forget_old();

  std::string path_;
  boost::asio::any_io_executor pool_;
  const base::Clock& clock_;
  log::Logger& log_;
  const Bounds bounds_;
  std::set<Key> in_use_;
  std::atomic<std::size_t> waiting_ = 0;  // work that the pool has
  // On the pool.
  bool prepared_ = false;
  std::map<std::string, Use> use_;
  base::WallTime looked_for_old_{};
};

}  // namespace godwit::state
