// SPDX-License-Identifier: Apache-2.0
// Gets the daemon its certificate, and a new one in time (ACME: RFC 8555, RFC 8737).  daemon/ constructs it, tells it
// the settings and reads the certificate's file (certificate_file.hpp) when on_obtained is called.  A try that fails is
// logged, and the next one waits, across restarts too (src/acme/schedule.hpp).  Home reactor; what blocks runs on the
// pool; no lock is held, nothing of a peer is believed that was not checked.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/acme/settings.hpp"
#include "godwit/acme/state.hpp"
#include "godwit/base/random.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/key_holder.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/net/settings.hpp"

namespace godwit::acme {

class Renewal {
 public:
  // All outlive it.
  struct Surroundings {
    net::Reactor& home;
    dns::Resolver& resolver;
    disk::Disk& disk;
    boost::asio::any_io_executor pool;
    const base::Clock& clock;
    base::Random& random;
    log::Logger& log;
    const net::KeyHolder& keys;  // reads the certificate that there is
    std::string state_directory;
    std::function<boost::asio::awaitable<void>()> on_obtained;
  };
  struct Configuration {
    Settings settings;       // complete: with names
    net::TlsSettings trust;  // of the directory's host: minimum_version, ca_file
  };
  Renewal(Surroundings around, Configuration configuration);
  ~Renewal();

  void start();
  // At the next try; a wait for it ends where the order would be another one.
  void change(Configuration configuration);
  // Now, whatever the certificate's age and however often it failed.  Errors: not_found (none is configured), refused
  // (one is under way).
  base::Result<> order_now();
  // Empty: none is configured.
  std::optional<State> state() const;
  // A try under way ends, and is gone on with at the next start.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::acme
