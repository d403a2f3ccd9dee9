// SPDX-License-Identifier: Apache-2.0
// A TCP connection between two parties of the world: bytes arrive in order and late; it can be cut, or fall silent.
// Other connections are overtaken at will.  Both ends and whatever is on the way hold it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"
#include "sim/host/world.hpp"

namespace godwit::sim {

enum Side : std::size_t { client = 0, server = 1 };

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  // What an end meets; `watch` sees every byte that a side writes, and every byte that it takes.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void written(Wire& wire, Side side, std::string_view bytes) = 0;
    virtual void taken(Wire& wire, Side side, std::string_view bytes) = 0;
    virtual void ended(Wire& wire) = 0;  // once, when the first end is gone, or it was cut
  };

  Wire(World& world, std::uint64_t number, base::Endpoint from, base::Endpoint to, Watcher* watcher);

  std::uint64_t number() const { return number_; }
  const base::Endpoint& address(Side side) const { return ends_[side].address; }

  // ---- of one side ----
  // Bytes that fit now; 0: wait.  Requires: can_write().
  std::size_t write(Side side, std::string_view bytes);
  std::size_t room(Side side) const;
  bool is_broken(Side side) const { return ends_[side].reset; }
  bool has_ended_writing(Side side) const { return ends_[side].fin_sent; }
  // Takes up to `most` bytes that have arrived.
  std::string take(Side side, std::size_t most);
  std::size_t arrived(Side side) const { return ends_[side].inbox.size(); }
  bool at_end(Side side) const { return ends_[side].fin && ends_[side].inbox.empty(); }
  bool has_fin(Side side) const { return ends_[side].fin; }
  void shutdown(Side side);
  void close(Side side);
  // Power loss: says nothing.
  void vanish(Side side);
  bool is_open(Side side) const { return ends_[side].open; }
  bool has_ended() const { return ended_; }  // as the watcher was told
  // Called when something arrived, or there is room.
  void on_news(Side side, std::function<void()> wake) { ends_[side].wake = std::move(wake); }

  // ---- of the world ----
  enum class Cut { reset, silence };
  void cut(Cut how);
  // From now on everything takes so much longer.
  void slow_down(base::Duration more) { lag_ = more; }
  // From now on bytes arrive in pieces, and so few may be on the way.
  void crumble(std::size_t window) {
    crumbles_ = true;
    window_ = window;
  }
  // The world ends: nobody is told of anything any more.
  void abandon();

 private:
  struct End {
    base::Endpoint address;
    std::string inbox;
    std::size_t on_the_way = 0;     // to this end
    base::MonoTime last_arrival{};  // of what was sent to this end
    bool fin = false;
    bool fin_sent = false;
    bool reset = false;
    bool open = true;
    bool vanished = false;
    std::function<void()> wake;
  };

  static Side other(Side side) { return side == client ? server : client; }
  base::MonoTime arrival(Side to);
  void send(Side to, std::string_view bytes);
  void arrive(Side to, std::string bytes);
  void arrive_fin(Side to);
  void send_reset(Side to);
  void arrive_reset(Side to);
  void wake(Side side);
  void tell_ended();

  World& world_;
  std::uint64_t number_;
  std::array<End, 2> ends_;
  Watcher* watcher_;
  base::Duration latency_;
  base::Duration lag_{};
  std::size_t window_ = std::size_t{64} << 10U;  // bytes on the way and unread
  bool crumbles_ = false;
  bool silent_ = false;
  bool ended_ = false;
};

}  // namespace godwit::sim
