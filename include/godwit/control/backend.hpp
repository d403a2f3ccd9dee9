// SPDX-License-Identifier: Apache-2.0
// What the control API asks of the daemon; daemon/ implements it over dispatch, spool and server.  Called on the
// reactor that serves the control socket, possibly by several requests at once.  Errors become HTTP statuses: not_found
// 404, invalid 400, refused 409, exhausted, timed_out and cancelled 503, everything else 500.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/envelope.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::control {

template <class T = void>
using Task = boost::asio::awaitable<base::Result<T>>;

struct Status {
  std::string version;
  base::Duration uptime{};
  bool healthy = true;
  std::uint64_t messages = 0;  // in the spool; the states below count transactions (message and destination)
  queue::Counts queue;
  std::size_t connections_in = 0;
  std::size_t connections_out = 0;
  spool::Statistics spool;
  std::vector<std::string> listeners;  // "127.0.0.1:25"
};

struct QueueEntry {
  base::MessageId id;
  mail::Envelope envelope;
  std::uint64_t size = 0;
  std::vector<queue::Item> items;  // one for each destination that is still open
};

struct ReloadResult {
  bool applied = false;
  std::vector<std::string> errors;          // "file:line:column: ..."; why it was not applied
  std::vector<std::string> restart_needed;  // keys that changed but count only after a restart
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual Task<Status> status() = 0;
  // At most `limit`, in order of id, from the first greater than `after`.
  virtual Task<std::vector<QueueEntry>> queue_list(std::size_t limit, std::optional<base::MessageId> after) = 0;
  virtual Task<QueueEntry> queue_show(base::MessageId id) = 0;
  virtual Task<> retry(base::MessageId id) = 0;
  virtual Task<std::size_t> retry_all() = 0;  // how many became due
  virtual Task<> hold(base::MessageId id) = 0;
  virtual Task<> release(base::MessageId id) = 0;
  virtual Task<> remove(base::MessageId id) = 0;
  // Completes when the new configuration counts, or was refused whole.
  virtual Task<ReloadResult> reload() = 0;
  // Begins the orderly stop and completes before it ends, so that it can still be answered.
  virtual Task<> stop() = 0;
};

}  // namespace godwit::control
