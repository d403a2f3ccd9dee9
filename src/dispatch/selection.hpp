// SPDX-License-Identifier: Apache-2.0
// Finds the messages that a selector means, page by page in order of id, while mail flows: it walks the queue in slices
// and lets the reactor's other work run between them.  Who sent a message only the spool's summaries know: they are
// streamed once for all pages of a selection, and the ids that fit are kept for a while (8 bytes each).  Envelopes are
// read only where the local part of a recipient decides, and only of messages to a domain that fits.  Home reactor.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dispatch/selector.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::dispatch {

class Selection {
 public:
  // The destination of the item that a recipient of the message is in.
  using DestinationOf = std::function<std::string(base::MessageId id, const smtp::Mailbox& address)>;
  // What they are given outlives the selection.
  Selection(const queue::Queue& queue, spool::Spool& spool, const base::Clock& clock, boost::asio::any_io_executor home,
            DestinationOf destination_of)
      : queue_(queue),
        spool_(spool),
        clock_(clock),
        home_(std::move(home)),
        destination_of_(std::move(destination_of)) {}

  // Errors: those of the spool.
  boost::asio::awaitable<base::Result<Selected>> page(Selector selector, Page page);

 private:
  using Ids = std::vector<base::MessageId>;
  struct Slice {
    Ids candidates{};
    base::MessageId last{};  // seen; the next slice begins behind it
    bool end = false;
  };
  // All senders of one selector, for the pages that follow the first.
  struct BySender {
    Selector selector;
    std::shared_ptr<const Ids> ids;  // sorted
    base::MonoTime made{};
  };

  boost::asio::awaitable<base::Result<std::shared_ptr<const Ids>>> by_sender(Selector selector, bool first_page);
  Slice slice_of_queue(const Selector& selector, base::MessageId after) const;
  Slice slice_of_ids(const Selector& selector, const Ids& ids, base::MessageId after) const;
  boost::asio::awaitable<bool> has_recipient(Selector selector, base::MessageId id);

  const queue::Queue& queue_;
  spool::Spool& spool_;
  const base::Clock& clock_;
  boost::asio::any_io_executor home_;
  DestinationOf destination_of_;
  std::optional<BySender> by_sender_;
};

}  // namespace godwit::dispatch
