// SPDX-License-Identifier: Apache-2.0
// The host's doors: sockets bound or inherited, and their listeners.
#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "godwit/policy/service_name.hpp"
#include "host.hpp"
#include "own_addresses.hpp"
#include "privileges.hpp"

namespace godwit::daemon {
namespace {

// One of our Unix sockets, inherited or made.
base::Result<std::vector<net::BoundSocket>> bind_unix_socket(Machine& machine, const std::string& path,
                                                             std::size_t reactors, const net::BindOptions& options,
                                                             InheritedSockets& inherited) {
  const base::Endpoint endpoint{.address = {}, .port = 0, .unix_path = path};
  if (auto given = inherited.take(endpoint)) {
    std::vector<net::FileDescriptor> one;
    one.push_back(std::move(given->descriptor));
    return net::adopt_listeners(std::move(one), reactors);
  }
  return machine.bind(endpoint, reactors, options, {});
}

std::vector<net::FileDescriptor> descriptors(std::vector<InheritedSocket> sockets) {
  std::vector<net::FileDescriptor> all;
  for (auto& socket : sockets) all.push_back(std::move(socket.descriptor));
  return all;
}

// As they are, one address after the other: what a socket unit gives is all that there shall be.
base::Result<std::vector<net::BoundSocket>> adopt_all(std::vector<InheritedSocket> sockets, std::size_t reactors) {
  std::ranges::stable_sort(sockets, {}, [](const auto& socket) { return base::to_string(socket.local); });
  std::vector<net::BoundSocket> bound;
  for (auto from = sockets.begin(); from != sockets.end();) {
    const auto to = std::find_if(from, sockets.end(), [&](const auto& socket) { return socket.local != from->local; });
    auto adopted =
        net::adopt_listeners(descriptors({std::make_move_iterator(from), std::make_move_iterator(to)}), reactors);
    if (!adopted) return adopted;
    std::ranges::move(*adopted, std::back_inserter(bound));
    from = to;
  }
  return bound;
}

// Port 0 is another one each time.
bool is_lasting(const base::Endpoint& configured) {
  return configured.unix_path.empty() && configured.port != 0;
}

void store(SocketStore& store, std::vector<net::BoundSocket>& sockets) {
  for (auto& socket : sockets)
    if (!socket.kept) socket.kept = store.keep(socket.descriptor.get(), socket.local);
}

}  // namespace

base::Result<> Host::bind(InheritedSockets inherited) {
  const auto stored = inherited.count_stored();
  const auto& listeners = live_->settings.server.listeners;
  auto assigned = inherited.assign(listeners);
  const auto& http = live_->settings.control.http;
  auto http_left = http ? inherited.take_stored(*http) : std::vector<InheritedSocket>();
  // Before anything is bound: it may be on a port of theirs.
  const auto gone = inherited.take_stored();
  for (const auto& socket : gone) SocketStore::forget(socket.descriptor.get(), socket.name);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    auto sockets = sockets_for(listeners[i], std::move(assigned[i]));
    if (!sockets) return std::unexpected(sockets.error());
    keep_bound(listeners[i], std::move(*sockets));
  }
  if (auto bound = bind_control(inherited); !bound) return bound;
  if (auto bound = bind_http(std::move(http_left)); !bound) return bound;
  if (auto bound = bind_submit(inherited); !bound) return bound;
  store_sockets(SocketStore::of_service_manager(stored - gone.size()));
  if (inherited.left().empty()) return {};
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("systemd passed a socket of {} that no listener has: change the listeners or the "
                                "socket unit",
                                base::to_string(inherited.left().front().local)));
}

base::Result<std::vector<net::BoundSocket>> Host::sockets_for(const server::ListenerSettings& listener,
                                                              std::vector<InheritedSocket> inherited) {
  if (std::ranges::all_of(inherited, &InheritedSocket::is_stored))
    return machine_.bind(listener.address, reactors_.size(), {}, descriptors(std::move(inherited)));
  return adopt_all(std::move(inherited), reactors_.size());
}

void Host::store_sockets(SocketStore kept) {
  for (auto& listener : bound_)
    if (is_lasting(listener.settings.address)) store(kept, listener.sockets);
  if (!bound_http_.empty() && is_lasting(*live_->settings.control.http)) store(kept, bound_http_);
}

void Host::keep_bound(server::ListenerSettings settings, std::vector<net::BoundSocket> sockets) {
  BoundListener bound{.settings = std::move(settings), .sockets = std::move(sockets), .addresses = {}, .names = {}};
  for (const auto& socket : bound.sockets) {
    if (socket.reactor != home || std::ranges::find(bound.addresses, socket.local) != bound.addresses.end()) continue;
    bound.addresses.push_back(socket.local);
    bound.names.push_back(base::to_string(socket.local));
  }
  bound_.push_back(std::move(bound));
}

base::Result<> Host::bind_control(InheritedSockets& inherited) {
  const auto& path = live_->settings.control.socket;
  if (path.empty()) return {};
  auto sockets = bind_unix_socket(machine_, path, 1,
                                  {.backlog = 64, .unix_mode = 0660, .unix_group = service_group(live_->settings.user)},
                                  inherited);
  if (!sockets) return std::unexpected(sockets.error());
  bound_control_ = std::move(*sockets);
  return {};
}

base::Result<> Host::bind_http(std::vector<InheritedSocket> left) {
  const auto& http = live_->settings.control.http;
  if (!http || bound_control_.empty()) return {};
  auto over_tcp = machine_.bind(*http, 1, {.backlog = 64}, descriptors(std::move(left)));
  if (!over_tcp) return std::unexpected(over_tcp.error());
  bound_http_ = std::move(*over_tcp);
  return {};
}

// Every user may connect: who it is the kernel says.
base::Result<> Host::bind_submit(InheritedSockets& inherited) {
  auto sockets = bind_unix_socket(machine_, config::submit_socket(live_->settings), reactors_.size(),
                                  {.unix_mode = 0666}, inherited);
  if (!sockets) return std::unexpected(sockets.error());
  server::ListenerSettings listener;
  listener.address = sockets->front().local;
  listener.service = smtp::Service::local;
  listener.tls = smtp::TlsMode::none;
  listener.bare_newline = smtp::BareNewline::normalize;
  keep_bound(std::move(listener), std::move(*sockets));
  return {};
}

std::vector<base::Endpoint> Host::listening_addresses(const LiveSettings& live) const {
  std::vector<base::Endpoint> addresses;
  for (const auto& listener : bound_)
    if (listener.settings.service == smtp::Service::mx)
      addresses.insert(addresses.end(), listener.addresses.begin(), listener.addresses.end());
  return reachable_at(addresses, live.interfaces);
}

void Host::attach_listeners() {
  for (auto& listener : bound_) {
    for (const auto& name : listener.names)
      log_.info("listening", {{"address", name}, {"service", policy::name_of(listener.settings.service)}});
    for (auto& socket : listener.sockets) {
      const auto index = socket.reactor;
      parts_[index].server->listen(machine_.listen(std::move(socket)), listener.settings);
    }
    listener.sockets.clear();
  }
}

}  // namespace godwit::daemon
