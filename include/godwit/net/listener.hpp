// SPDX-License-Identifier: Apache-2.0
// Listening sockets.  Binding is apart from accepting: daemon/ binds at start (as root, before any thread), drops
// privileges, then attaches each socket to its reactor.  With several reactors each has a socket of its own
// (SO_REUSEPORT) and the kernel spreads the clients; a Unix socket, or too few inherited ones, are shared by dup.
// At close who waits in the queue of a socket is accepted, unless the socket is `kept`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "godwit/net/file_descriptor.hpp"
#include "godwit/net/reactor.hpp"
#include "godwit/net/stream.hpp"

namespace godwit::net {

struct BindOptions {
  int backlog = 4096;           // the kernel cuts it at net.core.somaxconn
  unsigned unix_mode = 0660;    // of the socket's file
  std::string unix_group = {};  // empty: unchanged
};

struct BoundSocket {
  FileDescriptor descriptor;  // listens already
  base::Endpoint local;       // with the real port
  std::size_t reactor = 0;    // where it belongs
  // Somebody else has it open, too, and gives it to the next process: who waits in its queue is served by that one.
  bool kept = false;
};

// [::] takes both families, a socket each, skipping a family the host does not have.  Port 0 takes one free port for
// all. A Unix path is made anew; a file left by a dead daemon is removed, unless somebody answers on it. Errors:
// refused ("... already in use by another program"; permission for a low port), not_found (no such group), io.
// `left`: sockets on which another process listened at this endpoint (TCP); they are adopted, and only a family that
// has none is bound.
base::Result<std::vector<BoundSocket>> bind_listeners(const base::Endpoint& endpoint, std::size_t reactors,
                                                      const BindOptions& options = {},
                                                      std::vector<FileDescriptor> left = {});
// Listening sockets that were inherited, all of one address: each reactor has one at least, and each of them a reactor,
// however many there are of either; they are `kept`.  Errors: invalid (no listening stream socket), io.
base::Result<std::vector<BoundSocket>> adopt_listeners(std::vector<FileDescriptor> inherited, std::size_t reactors);
// Where a socket is bound; empty for what is none.
base::Endpoint bound_address(int socket);
// For --check: could bind_listeners bind this?
base::Result<> check_bindable(const base::Endpoint& endpoint);

// Runs on `reactor`; make it there or before run().  When descriptors run out, accept() says `exhausted` and the next
// call waits a moment first: clients stay in the backlog.
std::unique_ptr<Listener> make_listener(Reactor& reactor, BoundSocket socket);

}  // namespace godwit::net
