// SPDX-License-Identifier: Apache-2.0
#include "inherited_sockets.hpp"

#include <algorithm>
#include <utility>

#include "godwit/net/listener.hpp"
#include "service_manager.hpp"
#include "socket_store.hpp"

namespace godwit::daemon {
namespace {

std::string_view name_of(const server::ListenerSettings& listener) {
  if (listener.service == smtp::Service::mx) return "mx";
  return listener.tls == smtp::TlsMode::implicit ? "submissions" : "submission";
}

bool is_any_v4(const base::IpAddress& address) {
  return address.is_v4() && address.is_unspecified();
}

bool has_address_of(const base::Endpoint& socket, const base::Endpoint& listener) {
  if (socket == listener) return true;
  const bool takes_both = listener.unix_path.empty() && listener.address.is_v6() && listener.address.is_unspecified();
  return takes_both && socket.unix_path.empty() && socket.port == listener.port && is_any_v4(socket.address);
}

}  // namespace

bool InheritedSocket::is_stored() const {
  return is_stored_name(name);
}

base::Result<InheritedSockets> InheritedSockets::from_systemd() {
  auto passed = take_passed_descriptors();
  if (!passed)
    return base::fail(passed.error().kind, "the sockets passed by the service manager: " + passed.error().message);
  std::vector<InheritedSocket> sockets;
  for (auto& [descriptor, name] : *passed)
    sockets.push_back({.descriptor = net::FileDescriptor(descriptor),
                       .name = std::move(name),
                       .local = net::bound_address(descriptor)});
  return InheritedSockets(std::move(sockets));
}

template <class Fits>
std::vector<InheritedSocket> InheritedSockets::take_all(Fits fits) {
  std::vector<InheritedSocket> taken, rest;
  for (auto& socket : sockets_) (fits(socket) ? taken : rest).push_back(std::move(socket));
  sockets_ = std::move(rest);
  return taken;
}

std::vector<std::vector<InheritedSocket>> InheritedSockets::assign(
    const std::vector<server::ListenerSettings>& listeners) {
  std::vector<std::vector<InheritedSocket>> assigned;
  assigned.reserve(listeners.size());
  for (const auto& listener : listeners)
    assigned.push_back(take_all([&](const auto& socket) { return has_address_of(socket.local, listener.address); }));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (!assigned[i].empty()) continue;
    assigned[i] = take_all([&](const auto& socket) { return socket.name == name_of(listeners[i]); });
  }
  return assigned;
}

std::optional<InheritedSocket> InheritedSockets::take(const base::Endpoint& endpoint) {
  auto taken = take_all([&](const auto& socket) { return socket.local == endpoint; });
  if (taken.empty()) return {};
  return std::move(taken.front());
}

std::vector<InheritedSocket> InheritedSockets::take_stored(const base::Endpoint& endpoint) {
  return take_all([&](const auto& socket) { return socket.is_stored() && has_address_of(socket.local, endpoint); });
}

std::vector<InheritedSocket> InheritedSockets::take_stored() {
  return take_all([](const auto& socket) { return socket.is_stored(); });
}

std::size_t InheritedSockets::count_stored() const {
  return static_cast<std::size_t>(std::ranges::count_if(sockets_, &InheritedSocket::is_stored));
}

}  // namespace godwit::daemon
