// SPDX-License-Identifier: Apache-2.0
// What a configuration gives the site that a way leads to, without a queue: for who tries out another configuration.
// Pure; never changes once made.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "godwit/dispatch/settings.hpp"
#include "godwit/queue/settings.hpp"
#include "godwit/route/router.hpp"

namespace godwit::dispatch {

class SitePolicy;

class SiteLimits {
 public:
  SiteLimits(const Settings& settings, std::shared_ptr<const route::Router> router);

  struct Given {
    queue::LimitSettings limits{};
    std::size_t messages_per_connection = 0;  // 0: as usual
  };
  // Nothing: it leads nowhere.
  std::optional<Given> of(const route::Hop& hop, const std::string& destination) const;

 private:
  std::shared_ptr<const SitePolicy> policy_;
  queue::Settings queue_;
};

}  // namespace godwit::dispatch
