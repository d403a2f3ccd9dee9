// SPDX-License-Identifier: Apache-2.0
#include "sim/host/machine.hpp"

#include <stdexcept>

#include <boost/asio/this_coro.hpp>

#include "godwit/net/signal.hpp"

namespace godwit::sim {
namespace {

std::unique_ptr<net::ReactorPool> make_reactors(const Machine::Place& place, std::size_t count, Lines& lines) {
  std::vector<std::unique_ptr<net::Reactor>> reactors;
  for (std::size_t i = 0; i < count; ++i)
    reactors.push_back(std::make_unique<Reactor>(place.world, place.network, place.clock, i, place.address, lines));
  return std::make_unique<net::ReactorPool>(std::move(reactors));
}

}  // namespace

Machine::Machine(Place place, const config::Settings& settings)
    : place_(std::move(place)),
      random_(place_.world.random().next()),
      deadlines_(place_.clock),
      reactors_(make_reactors(place_, daemon::reactor_count(settings), lines_)),
      pools_(settings, daemon::Pools::Threads::none) {
  auto& world = place_.world;
  world.add(deadlines_);
  for (std::size_t i = 0; i < reactors_->size(); ++i) world.add((*reactors_)[i].deadlines());
  world.add(pools_.committer.context());
  for (auto* pool : pools_.all()) world.add(pool->context());
  place_.disk.set_wait([this](std::uint64_t bytes, bool is_sync) { return rest(place_.disk_time(bytes, is_sync)); });
}

Machine::~Machine() {
  place_.disk.set_wait({});
  auto& world = place_.world;
  for (auto* pool : pools_.all()) world.remove(pool->context());
  world.remove(pools_.committer.context());
  for (std::size_t i = 0; i < reactors_->size(); ++i) {
    world.remove((*reactors_)[i].context());
    world.remove((*reactors_)[i].deadlines());
  }
  world.remove(deadlines_);
}

// What ends in one context may give its answer to another, where it then lies: hence the rounds.
void Machine::abandon() {
  {
    const auto parked = std::move(lines_.parked);
    lines_.parked.clear();  // what ends may ask
  }
  for (int round = 0; round < 4; ++round) {
    reactors_->abandon();
    pools_.committer.abandon();
    for (auto* pool : pools_.all()) pool->abandon();
  }
}

base::Result<std::vector<net::BoundSocket>> Machine::bind(const base::Endpoint& endpoint, std::size_t reactors,
                                                          const net::BindOptions&, std::vector<net::FileDescriptor>) {
  std::vector<net::BoundSocket> sockets;
  for (std::size_t i = 0; i < reactors; ++i) sockets.push_back({.descriptor = {}, .local = endpoint, .reactor = i});
  return sockets;
}

std::unique_ptr<net::Listener> Machine::listen(net::BoundSocket socket) {
  auto& reactor = (*reactors_)[socket.reactor];
  return std::make_unique<Listener>(place_.network, std::move(socket.local), reactor, lines_);
}

std::unique_ptr<dns::Transport> Machine::dns_transport(std::size_t reactor, const dns::Settings& settings) {
  return std::make_unique<NamesTransport>(place_.names, (*reactors_)[reactor], 3 * settings.timeout);
}

boost::asio::awaitable<void> Machine::rest(base::Duration wait) {
  net::Signal alarm(co_await boost::asio::this_coro::executor, deadlines_);
  std::ignore = co_await alarm.wait(place_.world.now() + wait);
}

std::function<boost::asio::awaitable<void>(base::Duration)> Machine::pause() {
  return [this](base::Duration wait) { return rest(wait); };
}

void Machine::start_reactors() {
  for (std::size_t i = 0; i < reactors_->size(); ++i) place_.world.add((*reactors_)[i].context());
}

bool Machine::wait(std::future<void>& running, base::MonoTime deadline) {
  const auto is_ready = [&] { return running.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  if (deadline != base::no_deadline) place_.world.at(deadline, [] {});
  while (!is_ready()) {
    if (place_.world.now() >= deadline) return false;
    if (!place_.world.step()) throw std::runtime_error("a host waits for what never comes");
  }
  return true;
}

void Machine::run(boost::asio::io_context& context) {
  while (!context.stopped()) {
    if (context.poll_one() > 0 || context.stopped()) continue;
    if (!place_.world.step()) throw std::runtime_error("a host waits at its start for what never comes");
  }
}

}  // namespace godwit::sim
