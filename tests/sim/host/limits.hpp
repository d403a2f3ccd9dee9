// SPDX-License-Identifier: Apache-2.0
// What hosts may have at once, or in a time, as their wires show it: whatever goes beyond is complained of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "godwit/base/clock.hpp"
#include "sim/host/wire.hpp"

namespace godwit::sim {

class Limits {
 public:
  struct Of {                                 // 0: whatever it likes
    std::size_t incoming = 0;                 // connections in all
    std::size_t per_client = 0;               // of them, but for those of `trusted`, and other hosts
    std::size_t outgoing = 0;                 // messages under way at once; idle connections are beside them
    std::size_t per_destination = 0;          // connections, idle ones too
    std::size_t messages_per_connection = 0;  // that go out
    std::size_t recipients = 0;               // of a message that comes in
    std::size_t message_size = 0;
    std::size_t messages_per_minute = 0;  // of a stranger; as many may come at once, and as many again in the minute
    base::IpNetwork trusted{};
  };
  using Complain = std::function<void(std::string_view kind, std::string what)>;

  explicit Limits(Complain complain) : complain_(std::move(complain)) {}

  void set(const base::IpAddress& host, Of limits) { limits_[host] = limits; }
  // Else an address is a destination of its own.
  void set_destination(const base::IpAddress& address, const base::IpAddress& as) { destinations_[address] = as; }

  // ---- of a wire ----
  void greeted(const Wire& wire);  // by the server
  void spoke(const Wire& wire);    // the client, for the first time
  void sent(const Wire& wire);     // a message, the answer to which is awaited
  void heard(const Wire& wire);    // the client, of the server
  void left(const Wire& wire);     // the client, who only waits for the other to hang up
  void ended(const Wire& wire);
  // The server has a message, and says so.
  void promised(const Wire& wire, std::size_t recipients, std::size_t size, base::MonoTime now);
  // It forgets what was, and how often.
  void began_anew(const base::IpAddress& host);

 private:
  struct Talk {
    bool greeted = false;
    bool spoke = false;
    bool left = false;
    bool under_way = false;
    std::size_t messages = 0;
  };

  const Of* of(const base::IpAddress& host) const;
  bool is_stranger(const Of& limits, const base::IpAddress& client) const;
  base::IpAddress destination_of(const Wire& wire) const;
  void check(std::string_view kind, std::size_t most, std::size_t now, const base::IpAddress& host, std::string what);

  Complain complain_;
  std::map<base::IpAddress, Of> limits_;
  std::map<base::IpAddress, base::IpAddress> destinations_;
  std::map<std::uint64_t, Talk> talks_;
  using Pair = std::pair<base::IpAddress, base::IpAddress>;  // host and client, or destination
  std::map<Pair, std::size_t> incoming_from_, outgoing_to_;
  std::map<base::IpAddress, std::size_t> incoming_, under_way_;
  std::map<Pair, std::deque<base::MonoTime>> promised_lately_;
};

}  // namespace godwit::sim
