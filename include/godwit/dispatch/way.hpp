// SPDX-License-Identifier: Apache-2.0
// The way that mail to an address takes, found out without sending any; and why mail waits.  Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "godwit/base/message_id.hpp"
#include "godwit/queue/queue.hpp"
#include "godwit/route/router.hpp"

namespace godwit::dispatch {

// Of the recipients in one domain, or of a user with a store of his own.
struct Way {
  std::string destination{};
  std::vector<mail::Recipient> recipients{};
  std::string rule{};  // what decides: "domains.example.com", "domains.example.com.users", "routes[2]", "dns"
  route::Hop hop{};
  std::string site{};                       // empty: it goes nowhere (held, no route)
  std::optional<queue::SiteView> queued{};  // what waits at the site now
  queue::LimitSettings limits{};            // of the site
  std::size_t messages_per_connection = 0;  // likewise; 0: as usual
  std::string waits{};                      // why a message would wait there now; empty: it is tried at once
};

struct Ways {
  smtp::Mailbox asked{};
  route::Expansion expansion{};
  std::vector<Way> ways{};  // empty where the address is refused
};

// Why something waits: the first is the reason, others concern other destinations.
struct Waiting {
  std::string destination{};  // recipient domain; of a site as a whole: empty
  std::string site{};         // empty: not known yet
  std::string state{};        // of the item or the site
  std::string reason{};       // empty: nothing keeps it
  std::optional<base::WallTime> next{};
  std::optional<base::MessageId> id{};  // a message that waits there, the oldest
  std::string last_reply{};             // to that message
  std::uint64_t messages = 0;           // deliveries that wait there
};

}  // namespace godwit::dispatch
