// SPDX-License-Identifier: Apache-2.0
// Sockets that systemd bound for us (sd_listen_fds(3), systemd/godwitd.socket), or that the process before us bound and
// gave it to keep (socket_store): they stay open while the daemon is restarted, so that no client is refused meanwhile.
// A listener takes the sockets of its address ([::] also that of 0.0.0.0); failing that, those named
// (FileDescriptorName=) mx, submission or submissions as its service is.  A listener that finds none binds its own.
// Used by daemon/ at start, before any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/net/file_descriptor.hpp"
#include "godwit/server/settings.hpp"

namespace godwit::daemon {

struct InheritedSocket {
  net::FileDescriptor descriptor;
  std::string name;
  base::Endpoint local;

  bool is_stored() const;  // our predecessor bound it
};

class InheritedSockets {
 public:
  InheritedSockets() = default;
  explicit InheritedSockets(std::vector<InheritedSocket> sockets) : sockets_(std::move(sockets)) {}
  // What this process was given, if anything; the environment forgets it.  Errors: io.
  static base::Result<InheritedSockets> from_systemd();

  // The sockets of each listener, in the listeners' order.
  std::vector<std::vector<InheritedSocket>> assign(const std::vector<server::ListenerSettings>& listeners);
  // That of exactly this address.
  std::optional<InheritedSocket> take(const base::Endpoint& endpoint);
  // Those that our predecessor had at this address.
  std::vector<InheritedSocket> take_stored(const base::Endpoint& endpoint);
  // Those that our predecessor had, and nobody took: of listeners that the configuration has no more.
  std::vector<InheritedSocket> take_stored();
  std::size_t count_stored() const;
  // What nobody took: a mistake in one of the two configurations.
  const std::vector<InheritedSocket>& left() const { return sockets_; }

 private:
  template <class Fits>
  std::vector<InheritedSocket> take_all(Fits fits);

  std::vector<InheritedSocket> sockets_;
};

}  // namespace godwit::daemon
