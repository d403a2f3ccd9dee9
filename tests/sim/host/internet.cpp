// SPDX-License-Identifier: Apache-2.0
#include "sim/host/internet.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace godwit::sim {
namespace {

using std::chrono::milliseconds, std::chrono::seconds;

}  // namespace

Internet::~Internet() {
  for (const auto& one : wires_)
    if (const auto wire = one.lock()) wire->abandon();
}

Internet::Ticket Internet::listen(const base::Endpoint& at, Accept accept) {
  auto listener = std::make_shared<Listener>(Listener{.at = at, .accept = std::move(accept)});
  listeners_.push_back(listener);
  return listener;
}

Internet::Attempt Internet::connect(const base::IpAddress& from, const base::Endpoint& to) {
  if (parted_.contains(std::minmax(from, to.address))) return {.kind = Attempt::Kind::silent};
  if (world_.chance(weather_.silent)) return {.kind = Attempt::Kind::silent};
  if (world_.chance(weather_.refused)) return {.kind = Attempt::Kind::refused};
  std::erase_if(listeners_, [](const auto& one) { return one.expired(); });
  std::vector<std::shared_ptr<Listener>> there;
  for (const auto& one : listeners_)
    if (auto listener = one.lock(); listener && listener->at == to) there.push_back(std::move(listener));
  if (there.empty()) return {.kind = Attempt::Kind::refused};
  ports_ = ports_ >= 60000 ? 1024 : static_cast<std::uint16_t>(ports_ + 1);
  const base::Endpoint source{.address = from, .port = ports_, .unix_path = {}};
  auto wire = std::make_shared<Wire>(world_, ++numbers_, source, to, watcher_);
  world_.note(fmt::format("connect {} {} {}", wire->number(), to_string(source), to_string(to)));
  if (world_.chance(weather_.slow)) wire->slow_down(world_.between(milliseconds(100), seconds(20)));
  if (world_.chance(weather_.crumbling)) wire->crumble(256 + world_.random().below(8192));
  if (world_.chance(weather_.cut)) {
    const auto how = world_.chance(50) ? Wire::Cut::reset : Wire::Cut::silence;
    const auto life = world_.between(milliseconds(0), world_.chance(80) ? milliseconds(400) : seconds(30));
    world_.after(life, [wire, how] { wire->cut(how); });
  }
  if (wires_.size() > 256) std::erase_if(wires_, [](const auto& one) { return one.expired(); });
  wires_.push_back(wire);
  there[world_.random().below(there.size())]->accept(wire);
  return {.kind = Attempt::Kind::connected, .wire = std::move(wire)};
}

void Internet::part(const base::IpAddress& one, const base::IpAddress& other) {
  parted_.insert(std::minmax(one, other));
  for (const auto& wire : wires())
    if (std::minmax(wire->address(client).address, wire->address(server).address) == std::minmax(one, other))
      wire->cut(Wire::Cut::silence);
}

std::vector<std::shared_ptr<Wire>> Internet::wires() {
  std::vector<std::shared_ptr<Wire>> open;
  for (const auto& one : wires_)
    if (auto wire = one.lock(); wire && wire->is_open(client) && wire->is_open(server)) open.push_back(std::move(wire));
  return open;
}

void Internet::cut_some(unsigned percent, Wire::Cut how) {
  for (const auto& wire : wires())
    if (world_.chance(percent)) wire->cut(how);
}

}  // namespace godwit::sim
