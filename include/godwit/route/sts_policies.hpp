// SPDX-License-Identifier: Apache-2.0
// The MTA-STS policies of the domains that mail goes to (RFC 8461): found through DNS, fetched over HTTPS, kept over
// restarts, and fetched anew before their time is over.  One reactor.
//
//  * Only the first mail to a domain waits for its policy, and no longer than `fetch_time`; all that ask meanwhile
//    share one fetch.  A record with another id counts as a first mail.  Other domains never wait.
//  * A policy that is known holds until its max_age is over, whatever DNS and HTTPS say meanwhile.  Without one, a
//    fetch that fails lets mail go as if there were none; it is not repeated for `failure_kept`.
//  * A crash forgets what was learned in its last seconds.
//
// Logged: sts_policy (a new one), sts_policy_failed, sts_policies_unreadable, sts_policies_not_kept.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "godwit/base/clock.hpp"
#include "godwit/dns/resolver.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/net/http_client.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/route/mta_sts.hpp"
#include "godwit/state/small_file.hpp"

namespace godwit::route {

// What MTA-STS says of a domain now.
struct StsVerdict {
  std::shared_ptr<const StsPolicy> policy;  // null: none, or its mode is none
  // Why the policy that DNS announces could not be had, and nothing older is known: the result type of RFC 8460
  // section 4.3.2.2, and our words.  Empty: nothing is wrong.
  std::string problem;
  std::string why;
};

// Where the router asks.
class StsSource {
 public:
  virtual ~StsSource() = default;
  virtual boost::asio::awaitable<StsVerdict> of(std::string domain) = 0;
};

class StsPolicies final : public StsSource {
 public:
  static constexpr base::Duration fetch_time = std::chrono::seconds(20);
  static constexpr base::Duration failure_kept = std::chrono::minutes(5);  // RFC 8461 section 3.3
  static constexpr std::size_t most_fetches = 100;                         // at once
  static constexpr std::size_t largest_file = std::size_t{10} << 20U;

  // All of one reactor; all outlive this.
  struct Surroundings {
    boost::asio::any_io_executor executor;
    net::Deadlines& deadlines;
    net::Network& network;
    dns::Resolver& resolver;
    const base::Clock& clock;
    log::Logger& log;
    state::SmallFile& file;  // of up to largest_file bytes
  };
  // https_port: where policies are fetched.
  StsPolicies(Surroundings surroundings, std::shared_ptr<const net::TlsClientContext> tls, std::uint16_t https_port);
  ~StsPolicies() override;

  // Reads what was kept, and keeps from now on.  Before, nothing is known.
  boost::asio::awaitable<void> start();
  void change_settings(std::shared_ptr<const net::TlsClientContext> tls, std::uint16_t https_port);
  // Ends fetches, and writes what is new.  What is not done at the deadline stays undone.
  boost::asio::awaitable<void> stop(base::MonoTime deadline);

  boost::asio::awaitable<StsVerdict> of(std::string domain) override;
  std::size_t known() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace godwit::route
