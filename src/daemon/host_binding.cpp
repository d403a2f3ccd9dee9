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
  switch (service) {
    case smtp::Service::mx:
      return "mx";
    case smtp::Service::submission:
      return "submission";
    case smtp::Service::local:
      break;
  }
  return "local";
}

// One of our Unix sockets, inherited or made.
base::Result<std::vector<net::BoundSocket>> bind_unix_socket(Machine& machine, const std::string& path,
                                                             std::size_t reactors, const net::BindOptions& options,
                                                             InheritedSockets& inherited) {
  const base::Endpoint endpoint{.address = {}, .port = 0, .unix_path = path};
  if (auto given = inherited.take(endpoint)) return net::adopt_listener(std::move(given->descriptor), reactors);
  return machine.bind(endpoint, reactors, options);
}

}  // namespace

base::Result<> Host::bind(InheritedSockets inherited) {
  const auto& listeners = live_->settings.server.listeners;
  auto assigned = inherited.assign(listeners);
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    auto sockets = sockets_for(listeners[i], std::move(assigned[i]));
    if (!sockets) return std::unexpected(sockets.error());
    keep_bound(listeners[i], std::move(*sockets));
  }
  if (auto bound = bind_control(inherited); !bound) return bound;
  if (auto bound = bind_submit(inherited); !bound) return bound;
  if (inherited.left().empty()) return {};
  return base::fail(base::ErrorKind::invalid,
                    fmt::format("systemd passed a socket of {} that no listener has: change the listeners or the "
                                "socket unit",
                                base::to_string(inherited.left().front().local)));
}

base::Result<std::vector<net::BoundSocket>> Host::sockets_for(const server::ListenerSettings& listener,
                                                              std::vector<InheritedSocket> inherited) {
  if (inherited.empty()) return machine_.bind(listener.address, reactors_.size(), {});
  std::vector<net::BoundSocket> sockets;
  for (auto& one : inherited) {
    auto adopted = net::adopt_listener(std::move(one.descriptor), reactors_.size());
    if (!adopted) return adopted;
    for (auto& socket : *adopted) sockets.push_back(std::move(socket));
  }
  return sockets;
}

void Host::keep_bound(server::ListenerSettings settings, std::vector<net::BoundSocket> sockets) {
  BoundListener bound{.settings = std::move(settings), .sockets = std::move(sockets), .addresses = {}, .names = {}};
  for (const auto& socket : bound.sockets) {
    if (socket.reactor != home) continue;
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
  const auto& http = live_->settings.control.http;
  if (!http) return {};
  auto over_tcp = machine_.bind(*http, 1, {.backlog = 64});
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
      log_.info("listening", {{"address", name}, {"service", to_string(listener.settings.service)}});
    for (auto& socket : listener.sockets) {
      const auto index = socket.reactor;
      parts_[index].server->listen(machine_.listen(std::move(socket)), listener.settings);
    }
    listener.sockets.clear();
  }
}

}  // namespace godwit::daemon
