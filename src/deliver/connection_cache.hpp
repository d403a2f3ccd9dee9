// SPDX-License-Identifier: Apache-2.0
// Idle connections that may carry the next message (RFC 5321 section 4.5.4.1 wants few connections; peers count them).
// A key is everything that makes two connections interchangeable.  One reactor.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/dns/resolver.hpp"
#include "smtp_connection.hpp"

namespace godwit::deliver {

struct ConnectionKey {
  base::Endpoint remote;
  smtp::ClientProtocol protocol = smtp::ClientProtocol::smtp;
  smtp::ClientTls tls = smtp::ClientTls::opportunistic;
  std::vector<std::string> names;  // of which the certificate must bear one
  std::vector<dns::Tlsa> tlsa;     // of which it must match one
  std::string certificate;         // of ours
  std::string user;
  std::string source;
  auto operator<=>(const ConnectionKey&) const = default;
};

class ConnectionCache {
 public:
  static constexpr base::Duration idle_time = std::chrono::seconds(2);
  static constexpr std::size_t max_idle = 100;

  // A usable one whose peer is still silent, or none.
  std::unique_ptr<SmtpConnection> take(const ConnectionKey& key);
  // One that was kept for this site, wherever it leads and on whatever terms: the one that was idle longest.
  std::unique_ptr<SmtpConnection> take_any(std::string_view site);
  bool has(const ConnectionKey& key) const { return idle_.contains(key); }
  void put(const ConnectionKey& key, std::string site, std::unique_ptr<SmtpConnection> connection, base::MonoTime now);
  // Those that have been idle for idle_time (all of them when `now` is no_deadline).
  std::vector<std::unique_ptr<SmtpConnection>> expired(base::MonoTime now);
  std::size_t size() const { return size_; }

 private:
  struct Idle {
    std::unique_ptr<SmtpConnection> connection;
    std::string site;
    base::MonoTime since;
  };
  std::map<ConnectionKey, std::deque<Idle>> idle_;
  std::size_t size_ = 0;
};

}  // namespace godwit::deliver
