// SPDX-License-Identifier: Apache-2.0
// Which site a message goes to, and what that site is given: routing and the configuration seen with the queue's eyes.
// Pure; never changes once made, a reload makes a new one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/dispatch/settings.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/route/router.hpp"

namespace godwit::dispatch {

class SitePolicy {
 public:
  SitePolicy(const Settings& settings, std::shared_ptr<const route::Router> router)
      : retry_(settings.queue.retry),
        shaping_(settings.shaping),
        providers_(settings.providers),
        maildir_connections_(settings.maildir_connections),
        router_(std::move(router)) {}

  // queue::Item::via.
  std::string via(std::string_view domain, const smtp::ReversePath& sender) const;
  // Requires: not HoldHop, not NoRoute.
  std::string site_of(const route::Hop& hop, const std::string& domain) const;
  // queue::Settings::sites.
  std::vector<queue::SiteRule> rules(std::size_t connections_per_destination) const;
  // 0: as usual.
  std::size_t messages_per_connection(std::string_view site) const;
  queue::RetrySettings retry(std::string_view domain, const smtp::ReversePath& sender) const;

 private:
  bool is_own_site(std::string_view domain) const;

  queue::RetrySettings retry_;
  std::vector<Shaping> shaping_;
  Providers providers_;
  std::size_t maildir_connections_;
  std::shared_ptr<const route::Router> router_;
};

}  // namespace godwit::dispatch
