// SPDX-License-Identifier: Apache-2.0
// Takes messages that are handed in over HTTP (POST /v1/messages): reads or composes them, holds their callers to what
// they may hand in, and makes no second message of a request that comes again with its Idempotency-Key.  One reactor;
// what takes long for a large message is done on the pool.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/base/token_bucket.hpp"
#include "godwit/control/caller.hpp"
#include "godwit/net/worker_pool.hpp"
#include "godwit/server/submissions.hpp"
#include "godwit/state/submission_keys.hpp"

namespace godwit::control {

struct PreparedMessage;
struct Response;
struct SubmissionOrder;
class OnceOnly;

// Memory that requests take: of each caller that has any, and of all.  It outlives its shares.
struct TakenMemory {
  std::uint64_t in_all = 0;
  std::map<std::string, std::uint64_t> of;
};

class SubmissionDesk {
 public:
  struct Bounds {
    std::uint64_t message_size = 0;
    std::size_t recipients = 0;
  };
  struct Parts {
    server::Submissions& submissions;
    state::SubmissionKeys& keys;
    std::function<Bounds()> bounds;
    // Whether the spool has, or had, a message: for a key whose request a crash has ended.  Errors: it cannot be told.
    std::function<boost::asio::awaitable<base::Result<bool>>(base::MessageId)> was_taken;
    net::BoundedPool& pool;
    base::Random& random;
    const base::Clock& clock;
  };
  explicit SubmissionDesk(Parts parts) : parts_(std::move(parts)) {}

  boost::asio::awaitable<Response> take(SubmissionOrder order);

 private:
  struct Handed;
  struct Wanted {
    base::TokenBucket* bucket;
    const base::Rate* rate;
    std::uint64_t count;
  };
  using Prepared = std::expected<PreparedMessage, Response>;

  boost::asio::awaitable<Response> take_now(SubmissionOrder order);
  boost::asio::awaitable<Response> take_once(SubmissionOrder order);
  boost::asio::awaitable<std::optional<Response>> answer_again(OnceOnly& once);
  boost::asio::awaitable<void> settle(OnceOnly& once, const Handed& handed);
  boost::asio::awaitable<Handed> hand_in(SubmissionOrder order, server::BeforeCommit before_commit);
  boost::asio::awaitable<Prepared> prepare(SubmissionOrder order);
  boost::asio::awaitable<Prepared> prepare_raw(SubmissionOrder order);
  boost::asio::awaitable<Prepared> prepare_json(SubmissionOrder order);
  std::optional<Response> check(const PreparedMessage& message) const;
  std::optional<Response> check_rates(const Caller& caller);  // takes nothing: whether to read on would be in vain
  std::optional<Response> take_rates(const Caller& caller, std::size_t recipients);
  std::vector<Wanted> wanted_of(const Caller& caller, std::size_t recipients);
  std::optional<Response> refusal_of(const std::vector<Wanted>& wanted) const;

  Parts parts_;
  std::map<std::string, base::TokenBucket> buckets_;  // by caller and rate
  TakenMemory json_memory_;                           // of requests under way
  std::size_t under_way_ = 0;
  std::map<std::string, std::size_t> under_way_of_;  // by caller; only those who have any
};

}  // namespace godwit::control
