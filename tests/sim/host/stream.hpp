// SPDX-License-Identifier: Apache-2.0
// A host's end of a wire, as its code sees it; and where its connections come in.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "godwit/net/reactor.hpp"
#include "godwit/net/signal.hpp"
#include "net/own_handshake.hpp"
#include "sim/host/internet.hpp"

namespace godwit::sim {

// What a host's life has of the network.
struct Lines {
  // What waits without a coroutine.  It owns its stream, so it lies beside it.
  std::map<std::uint64_t, net::Stream::Wake> parked{};
  std::vector<std::pair<std::weak_ptr<Wire>, Side>> wires{};
  bool unplugged = false;

  // Nothing comes in or goes out any more, and nobody is told.
  void unplug();
};

class Stream final : public net::Stream, public net::OwnHandshake {
 public:
  Stream(std::shared_ptr<Wire> wire, Side side, net::Reactor& reactor, Lines& lines);
  ~Stream() override;

  net::IoResult try_read(std::span<char> into) override;
  net::IoResult try_write(std::string_view bytes) override;
  net::Task<> readable(base::MonoTime deadline) override;
  net::Task<> writable(base::MonoTime deadline) override;
  bool can_park() const override { return true; }
  void park(base::MonoTime deadline, Wake then) override;
  void cancel() override;
  void interrupt() override;
  void shutdown() override { wire_->shutdown(side_); }
  const base::Endpoint& local() const override { return wire_->address(side_); }
  const base::Endpoint& remote() const override { return wire_->address(side_ == client ? server : client); }
  const net::TlsInfo* tls_info() const override { return tls_ ? &*tls_ : nullptr; }
  void shake_hands() override;
  bool peer_finished() const override { return wire_->has_fin(side_) || wire_->is_broken(side_); }

 private:
  bool can_read() const { return wire_->arrived(side_) > 0 || wire_->has_fin(side_) || wire_->is_broken(side_); }
  bool can_write() const { return wire_->room(side_) > 0 || wire_->is_broken(side_); }
  net::Task<> wait(net::Signal& signal, bool (Stream::*possible)() const, bool& interrupted, base::MonoTime deadline);
  void wake();
  void unpark();

  std::shared_ptr<Wire> wire_;
  Side side_;
  std::optional<net::TlsInfo> tls_;
  net::Reactor& reactor_;
  Lines& lines_;
  net::Signal reading_;
  net::Signal writing_;
  net::Deadline parked_until_;
  bool cancelled_ = false;
  bool read_interrupted_ = false;
  bool write_interrupted_ = false;
};

class Listener final : public net::Listener {
 public:
  Listener(Internet& network, base::Endpoint local, net::Reactor& reactor, Lines& lines);

  net::Task<std::unique_ptr<net::Stream>> accept() override;
  const base::Endpoint& local() const override { return local_; }
  void close() override;

 private:
  base::Endpoint local_;
  net::Reactor& reactor_;
  Lines& lines_;
  net::Signal came_;
  std::deque<std::unique_ptr<net::Stream>> waiting_;
  bool closed_ = false;
  Internet::Ticket ticket_;
};

// One that the world runs, in virtual time.
class Reactor final : public net::Reactor {
 public:
  Reactor(World& world, Internet& network, const base::Clock& clock, std::size_t index, base::IpAddress address,
          Lines& lines);

 private:
  net::Task<std::unique_ptr<net::Stream>> connect(base::Endpoint remote, net::ConnectOptions options) override;

  World& world_;
  Internet& network_;
  base::IpAddress address_;
  Lines& lines_;
};

}  // namespace godwit::sim
