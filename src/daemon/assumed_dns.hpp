// SPDX-License-Identifier: Apache-2.0
// A Resolver that asks nobody: every name is one host with an address, none has MX, aliases or keys.  What the
// configuration says of a way then shows without what DNS would say.  Any reactor.
#pragma once

#include "godwit/dns/resolver.hpp"

namespace godwit::daemon {

class AssumedDns final : public dns::Resolver {
 public:
  boost::asio::awaitable<dns::Answer<dns::Mx>> mx(std::string name) override { co_return nothing<dns::Mx>(name); }
  // Of the ranges for documentation: nobody has them.
  boost::asio::awaitable<dns::Answer<base::IpAddress>> addresses(std::string name, dns::Family family) override {
    auto answer = nothing<base::IpAddress>(name);
    answer.status = dns::Status::found;
    answer.records.push_back(*base::IpAddress::parse(family == dns::Family::v4 ? "192.0.2.1" : "2001:db8::1"));
    co_return answer;
  }
  boost::asio::awaitable<dns::Answer<std::string>> txt(std::string name) override {
    co_return nothing<std::string>(name);
  }
  boost::asio::awaitable<dns::Answer<std::string>> ptr(base::IpAddress) override { co_return nothing<std::string>({}); }
  boost::asio::awaitable<dns::Answer<dns::Tlsa>> tlsa(std::string name) override { co_return nothing<dns::Tlsa>(name); }
  boost::asio::awaitable<dns::Answer<std::string>> cname(std::string name) override {
    co_return nothing<std::string>(name);
  }
  void flush() override {}

 private:
  template <class T>
  static dns::Answer<T> nothing(const std::string& name) {
    dns::Answer<T> answer;
    answer.status = dns::Status::no_data;
    answer.canonical_name = name;
    return answer;
  }
};

}  // namespace godwit::daemon
