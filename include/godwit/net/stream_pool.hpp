// SPDX-License-Identifier: Apache-2.0
// Connections to one server that answers one question after another: bounded in number, and kept from one question to
// the next.  Who finds all of them at work waits for his turn.  One reactor.
//
//   auto place = co_await pool->enter(deadline);
//   if (!place) ...
//   auto stream = place->take_kept();          // null: make one
//   ...
//   place->keep(std::move(stream));            // or let it go, where it may not be used again
#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/net/deadline.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

class StreamPool : public std::enable_shared_from_this<StreamPool> {
 public:
  struct Limits {
    std::size_t open = 8;        // connections, at work or kept
    std::size_t waiting = 1000;  // for one of them
    base::Duration longest_idle = std::chrono::seconds(30);
  };
  // Made by make_shared.  The deadlines outlive it.
  StreamPool(boost::asio::any_io_executor executor, Deadlines& deadlines, Limits limits)
      : executor_(std::move(executor)), deadlines_(deadlines), limits_(limits) {}
  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  // The right to one connection, while it lives.
  class Place {
   public:
    explicit Place(std::shared_ptr<StreamPool> pool) : pool_(std::move(pool)) {}
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place();

    // The one used last that is still in order; null: there is none.
    std::unique_ptr<Stream> take_kept();
    // Requires: nothing that was asked on it waits for an answer.
    void keep(std::unique_ptr<Stream> stream);

   private:
    std::shared_ptr<StreamPool> pool_;
  };

  // Errors: timed_out, exhausted (too many wait).
  Task<Place> enter(base::MonoTime deadline);

  std::size_t kept() const { return kept_.size(); }

 private:
  class Turn;
  struct Kept {
    base::MonoTime since;
    std::unique_ptr<Stream> stream;
  };
  void leave();
  void drop_old();

  boost::asio::any_io_executor executor_;
  Deadlines& deadlines_;
  const Limits limits_;
  std::size_t taken_ = 0;
  std::list<Turn*> waiting_;
  std::deque<Kept> kept_;
};

}  // namespace godwit::net
