// SPDX-License-Identifier: Apache-2.0
// No message can be forgotten: compares what the spool holds with what the queue knows, while mail flows.  One round
// streams the spool's summaries; what seems to be missing is looked at again a little later, since a message is
// committed, and settled, in the one a moment before it is in the other.  Home reactor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/result.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class Audit {
 public:
  // The destination whose item a recipient of the message is in, or ought to be in.
  using DestinationOf = std::function<std::string(base::MessageId, const smtp::Mailbox&)>;
  // Queue and spool outlive the audit.
  Audit(const queue::Queue& queue, spool::Spool& spool, DestinationOf destination_of)
      : queue_(queue), spool_(spool), destination_of_(std::move(destination_of)) {}

  struct Round {
    std::uint64_t checked = 0;           // deliveries
    std::vector<queue::Key> suspicious;  // live in the spool, not in the queue; at most most_suspicious
    std::string broken;                  // an invariant of the queue; of a large one only what concerns each item alone
  };
  boost::asio::awaitable<base::Result<Round>> round();
  // Of those, the ones still missing: their envelopes say that they wait, and the queue does not know them.
  boost::asio::awaitable<std::vector<spool::StoredMessage>> missing(std::vector<queue::Key> suspicious);

  static constexpr std::size_t most_suspicious = 1000;
  static constexpr std::size_t small_queue = 10'000;

 private:
  static constexpr std::size_t slice_size = 500;  // well below a millisecond

  boost::asio::awaitable<std::string> check_in_slices();
  bool may_lack_an_item(base::MessageId id, const spool::Summary::Destination& destination) const;

  const queue::Queue& queue_;
  spool::Spool& spool_;
  DestinationOf destination_of_;
};

}  // namespace godwit::dispatch
