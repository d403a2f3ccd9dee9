// SPDX-License-Identifier: Apache-2.0
// The host's doors: sockets bound or inherited, and their listeners.
#include <utility>

#include <fmt/format.h>

#include "host.hpp"
#include "own_addresses.hpp"
#include "privileges.hpp"

namespace godwit::daemon {
namespace {

std::string_view to_string(smtp::Service service) {
  return service == smtp::Service::mx ? "mx" : "submission";
}

}  // namespace

base::Result<> Host::bind(InheritedSockets inherited) {
  const auto& listeners = live_->settings.server.listeners;
  auto assigned = inherited.assign(listeners);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    auto sockets = sockets_for(listeners[i], std::move(assigned[i]));
    if (!sockets) return std::unexpected(sockets.error());
    BoundListener bound{.settings = listeners[i], .sockets = std::move(*sockets), .addresses = {}, .names = {}};
    for (const auto& socket : bound.sockets) {
      if (socket.reactor != home) continue;
      bound.addresses.push_back(socket.local);
      bound.names.push_back(base::to_string(socket.local));
    }
    bound_.push_back(std::move(bound));
  }
  if (auto bound = bind_control(inherited); !bound) return bound;
  if (inherited.left().empty()) return {};
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("systemd passed a socket of {} that no listener has: change the listeners or the "
                                "socket unit",
                                base::to_string(inherited.left().front().local)));
}

base::Result<std::vector<net::BoundSocket>> Host::sockets_for(const server::ListenerSettings& listener,
                                                              std::vector<InheritedSocket> inherited) {
  if (inherited.empty()) return net::bind_listeners(listener.address, reactors_.size());
  std::vector<net::BoundSocket> sockets;
  for (auto& one : inherited) {
    auto adopted = net::adopt_listener(std::move(one.descriptor), reactors_.size());
    if (!adopted) return adopted;
    for (auto& socket : *adopted) sockets.push_back(std::move(socket));
  }
  return sockets;
}

base::Result<> Host::bind_control(InheritedSockets& inherited) {
  const auto& path = live_->settings.control.socket;
  if (path.empty()) return {};
  const base::Endpoint endpoint{.address = {}, .port = 0, .unix_path = path};
  auto given = inherited.take(endpoint);
  auto sockets =
      given ? net::adopt_listener(std::move(given->descriptor), 1)
            : net::bind_listeners(
                  endpoint, 1, {.backlog = 64, .unix_mode = 0660, .unix_group = service_group(live_->settings.user)});
  if (!sockets) return std::unexpected(sockets.error());
  bound_control_ = std::move(*sockets);
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
      log_.info("listening", {{"address", name}, {"service", to_string(listener.settings.service)}});
    for (auto& socket : listener.sockets) {
      const auto index = socket.reactor;
      parts_[index].server->listen(net::make_listener(reactors_[index], std::move(socket)), listener.settings);
    }
    listener.sockets.clear();
  }
}

}  // namespace godwit::daemon
