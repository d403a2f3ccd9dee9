// SPDX-License-Identifier: Apache-2.0
// A Resolver that asks another one, until its time is over or it was asked too often: then every answer is "temporary",
// at once.  So that what a sender makes us look up stays bounded.  A look-up under way when the time ends is awaited:
// that takes dns.timeout twice at most.  One reactor; the other resolver and the clock outlive it.
#pragma once

#include <cstddef>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::dns {

class BoundedResolver final : public Resolver {
 public:
  // most: look-ups in all.  Without a deadline at first.
  BoundedResolver(Resolver& inner, const base::Clock& clock, std::size_t most)
      : inner_(inner), clock_(clock), left_(most) {}

  boost::asio::awaitable<Answer<Mx>> mx(std::string name) override;
  boost::asio::awaitable<Answer<base::IpAddress>> addresses(std::string name, Family family) override;
  boost::asio::awaitable<Answer<std::string>> txt(std::string name) override;
  boost::asio::awaitable<Answer<std::string>> ptr(base::IpAddress address) override;
  boost::asio::awaitable<Answer<Tlsa>> tlsa(std::string name) override;
  boost::asio::awaitable<Answer<std::string>> cname(std::string name) override;
  void flush() override { inner_.flush(); }
  void set_deadline(base::MonoTime deadline) { deadline_ = deadline; }

 private:
  bool may_ask();

  Resolver& inner_;
  const base::Clock& clock_;
  base::MonoTime deadline_ = base::no_deadline;
  std::size_t left_;
};

}  // namespace godwit::dns
