// SPDX-License-Identifier: Apache-2.0
#include "sim/host/limits.hpp"

#include <fmt/format.h>

namespace godwit::sim {

const Limits::Of* Limits::of(const base::IpAddress& host) const {
  const auto found = limits_.find(host);
  return found == limits_.end() ? nullptr : &found->second;
}

bool Limits::is_stranger(const Of& limits, const base::IpAddress& client) const {
  return !limits_.contains(client) && !limits.trusted.contains(client);
}

base::IpAddress Limits::destination_of(const Wire& wire) const {
  const auto& to = wire.address(server).address;
  const auto found = destinations_.find(to);
  return found == destinations_.end() ? to : found->second;
}

void Limits::check(std::string_view kind, std::size_t most, std::size_t now, const base::IpAddress& host,
                   std::string what) {
  if (most > 0 && now > most) complain_(kind, fmt::format("{} {}", to_string(host), what));
}

void Limits::greeted(const Wire& wire) {
  const auto& host = wire.address(server).address;
  const auto& from = wire.address(client).address;
  const auto* limits = of(host);
  auto& talk = talks_[wire.number()];
  if (limits == nullptr || std::exchange(talk.greeted, true)) return;
  const auto all = ++incoming_[host];
  check("incoming", limits->incoming, all, host, fmt::format("greeted its {}th client at once", all));
  const auto now = ++incoming_from_[{host, from}];
  if (is_stranger(*limits, from))
    check("per_client", limits->per_client, now, host,
          fmt::format("greeted {} for its {}th connection at once", to_string(from), now));
}

void Limits::spoke(const Wire& wire) {
  const auto& host = wire.address(client).address;
  const auto* limits = of(host);
  auto& talk = talks_[wire.number()];
  if (limits == nullptr || std::exchange(talk.spoke, true)) return;
  const auto to = destination_of(wire);
  const auto now = ++outgoing_to_[{host, to}];
  check("per_destination", limits->per_destination, now, host,
        fmt::format("has {} connections to {} at once", now, to_string(to)));
}

void Limits::sent(const Wire& wire) {
  const auto& host = wire.address(client).address;
  const auto* limits = of(host);
  if (limits == nullptr) return;
  auto& talk = talks_[wire.number()];
  const auto now = ++talk.messages;
  check("messages_per_connection", limits->messages_per_connection, now, host,
        fmt::format("sent {} messages over connection {}", now, wire.number()));
  if (std::exchange(talk.under_way, true)) return;
  const auto all = ++under_way_[host];
  check("outgoing", limits->outgoing, all, host, fmt::format("sends {} messages at once", all));
}

void Limits::heard(const Wire& wire) {
  if (std::exchange(talks_[wire.number()].under_way, false)) --under_way_[wire.address(client).address];
}

void Limits::left(const Wire& wire) {
  auto& talk = talks_[wire.number()];
  if (!talk.spoke || std::exchange(talk.left, true)) return;
  --outgoing_to_[{wire.address(client).address, destination_of(wire)}];
}

void Limits::ended(const Wire& wire) {
  const auto found = talks_.find(wire.number());
  if (found == talks_.end()) return;
  heard(wire);
  left(wire);
  const auto& host = wire.address(server).address;
  if (!std::exchange(found->second.greeted, false)) return;
  --incoming_[host];
  --incoming_from_[{host, wire.address(client).address}];
}

void Limits::promised(const Wire& wire, std::size_t recipients, std::size_t size, base::MonoTime now) {
  const auto& host = wire.address(server).address;
  const auto& from = wire.address(client).address;
  const auto* limits = of(host);
  if (limits == nullptr) return;
  check("recipients", limits->recipients, recipients, host, fmt::format("took a message for {} at once", recipients));
  check("message_size", limits->message_size, size, host, fmt::format("took a message of {} bytes", size));
  if (limits->messages_per_minute == 0 || !is_stranger(*limits, from)) return;
  auto& lately = promised_lately_[{host, from}];
  lately.push_back(now);
  while (lately.front() <= now - std::chrono::minutes(1)) lately.pop_front();
  check("rate", 2 * limits->messages_per_minute, lately.size(), host,
        fmt::format("took {} messages of {} in a minute", lately.size(), to_string(from)));
}

void Limits::began_anew(const base::IpAddress& host) {
  std::erase_if(promised_lately_, [&](const auto& entry) { return entry.first.first == host; });
}

}  // namespace godwit::sim
