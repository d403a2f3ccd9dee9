// SPDX-License-Identifier: Apache-2.0
// What a host stands on: time, randomness, a disk, threads, sockets, DNS servers.  Made by main, or by a simulation,
// where all of it is virtual and one thread runs several hosts; outlives the host.  Main thread, but for what clock,
// randomness and disk promise.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/config/settings.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/dns/settings.hpp"
#include "godwit/net/key_holder.hpp"
#include "godwit/net/listener.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::daemon {

// Who does what blocks.
struct Pools {
  enum class Threads { own, none };  // none: whoever made them runs their contexts
  Pools(const config::Settings& settings, Threads threads);

  // The threads begin: by the host, when the process has shut itself in.
  void start();

  net::SingleThread committer;
  net::BoundedPool bodies;
  net::BoundedPool background;  // listings for orders, the search for damage
  net::BoundedPool maildirs;
  net::BoundedPool passwords;
  net::BoundedPool proofs;        // keys for AUTH at other hosts
  net::BoundedPool local;         // users of this machine, looked up; the maildrop
  net::BoundedPool lookups;       // of stores that block, for logins
  net::BoundedPool recipients;    // the same, for recipients
  net::BoundedPool housekeeping;  // reloads
  net::BoundedPool indexing;      // one thread: the history's index; ends after the next, which tells it to
  net::BoundedPool histories;     // one thread: the history, written and searched

  std::vector<net::BoundedPool*> all();  // but for the committer
};

// Of settings.threads: 0 is one for each core.
std::size_t reactor_count(const config::Settings& settings);

class Machine {
 public:
  virtual ~Machine() = default;

  virtual const base::Clock& clock() const = 0;
  virtual base::Random& random() = 0;
  virtual disk::Disk& disk() = 0;
  virtual net::ReactorPool& reactors() = 0;
  virtual Pools& pools() = 0;

  virtual base::Result<std::vector<net::BoundSocket>> bind(const base::Endpoint& endpoint, std::size_t reactors,
                                                           const net::BindOptions& options,
                                                           std::vector<net::FileDescriptor> left) = 0;
  virtual std::unique_ptr<net::Listener> listen(net::BoundSocket socket) = 0;
  virtual std::unique_ptr<dns::Transport> dns_transport(std::size_t reactor, const dns::Settings& settings) = 0;
  // Of the host's certificates and signatures.
  virtual const net::KeyHolder& keys() const { return net::own_keys(); }
  // How the spool's pool waits; empty: by a timer of its own.
  virtual std::function<boost::asio::awaitable<void>(base::Duration)> pause() { return {}; }

  // From now on the reactors run; until their stop().
  virtual void start_reactors() = 0;
  // Waits until what runs on reactors and pools has set it.  False: the deadline came before.
  virtual bool wait(std::future<void>& running, base::MonoTime deadline) = 0;
  // Runs the context until it has no more work.
  virtual void run(boost::asio::io_context& context) = 0;
  // A coroutine to its end while no reactor runs yet: for what a start reads and writes.
  template <class T>
  T run_alone(boost::asio::awaitable<T> task) {
    boost::asio::io_context context;
    auto running = boost::asio::co_spawn(context, std::move(task), boost::asio::use_future);
    run(context);
    return running.get();
  }
};

}  // namespace godwit::daemon
