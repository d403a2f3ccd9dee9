// SPDX-License-Identifier: Apache-2.0
// Carries DNS queries to the servers and back: sockets, retries, several servers, TCP for what does not fit.  c-ares
// does that; what is in the messages is dns/'s business.  One per reactor, used on its thread only.
//
// The id of each query is drawn here.  An answer that does not match (id, question, sender) is dropped and the wait
// goes on.  Servers are tried in order, each twice, waiting settings.timeout at first and twice that the second time.
// Of several servers, one that says SERVFAIL, NOTIMP or REFUSED is passed over; of a single one it is the answer.
// Failures: "timed out", "no DNS server gave an answer …", "cancelled" (destroyed meanwhile).
//
// The system's servers are read from /etc/resolv.conf when this is made; where it is absent or empty, 127.0.0.1 is
// asked.  The constructor throws std::runtime_error where c-ares cannot start or a server is not usable.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/random.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/dns/settings.hpp"

namespace godwit::net {

class AresTransport final : public dns::Transport {
 public:
  AresTransport(const boost::asio::any_io_executor& executor, const dns::Settings& settings, base::Random& random);
  // Before the executor's context.  Queries under way end with "cancelled"; their callers go on afterwards and must not
  // come back here.
  ~AresTransport() override;
  AresTransport(const AresTransport&) = delete;
  AresTransport& operator=(const AresTransport&) = delete;

  boost::asio::awaitable<Reply> exchange(std::string query) override;

 private:
  class Channel;
  std::shared_ptr<Channel> channel_;
};

// Makes `automatic` into yes or no, reading resolv.conf where the system's servers are used.
dns::TrustAd decide_trust_ad(const dns::Settings& settings, const std::string& resolv_conf = "/etc/resolv.conf");

}  // namespace godwit::net
