// SPDX-License-Identifier: Apache-2.0
// DNS as it is, and as it seems: a zone that the world changes, and servers that fail, are silent, or lie.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "godwit/dns/resolver.hpp"
#include "godwit/net/reactor.hpp"
#include "sim/host/world.hpp"

namespace godwit::sim {

class Names {
 public:
  explicit Names(World& world) : world_(world) {}

  void set_mx(const std::string& domain, std::vector<std::string> hosts) { mx_[domain] = std::move(hosts); }
  void set_address(const std::string& host, base::IpAddress address) { addresses_[host] = address; }
  // Never said not to be there, nor to be elsewhere.
  void trust(const std::string& name) { trusted_.push_back(name); }

  struct Weather {  // of a hundred queries
    unsigned failed = 0;
    unsigned silent = 0;
    unsigned absent = 0;  // "there is no such name", though there is
    unsigned wrong = 0;   // somebody else's address, or hosts
    unsigned slow = 0;
  };
  void set_weather(Weather weather) { weather_ = weather; }

  struct Answer {
    std::string bytes;  // empty: none comes
    base::Duration after{};
  };
  Answer answer(const std::string& query);

 private:
  template <class Value>
  const Value& any_of(const std::map<std::string, Value>& all);
  std::string answer_of(const std::string& query, const std::string& name, bool lie);

  World& world_;
  std::map<std::string, std::vector<std::string>> mx_;
  std::map<std::string, base::IpAddress> addresses_;
  std::vector<std::string> trusted_;
  Weather weather_;
};

// A host's way there.
class NamesTransport final : public dns::Transport {
 public:
  NamesTransport(Names& names, net::Reactor& reactor, base::Duration patience)
      : names_(names), reactor_(reactor), patience_(patience) {}
  boost::asio::awaitable<Reply> exchange(std::string query) override;

 private:
  Names& names_;
  net::Reactor& reactor_;
  base::Duration patience_;
};

}  // namespace godwit::sim
