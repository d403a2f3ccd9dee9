// SPDX-License-Identifier: Apache-2.0
// What a spool takes to be alive: all of it can be listed and read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::fuzz {

using Live = std::map<base::MessageId, std::string>;  // with body

inline boost::asio::awaitable<Live> read_all(spool::Spool& spool) {
  std::vector<base::MessageId> ids;
  const auto listed = co_await spool.for_each_live(spool::Listing::fast, [&](const spool::Summary& one) {
    ids.push_back(one.id);
    return true;
  });
  require(listed.has_value());
  // Only a done record ends a message.  Updates alone that settle everybody, which no spool writes, leave one that is
  // listed or not, but never lost.
  require(ids.size() <= spool.statistics().messages);
  Live live;
  for (const auto id : ids) {
    auto message = co_await spool.read(id);
    require(message.has_value());
    require(live.emplace(id, message->body->view().value_or("")).second);
  }
  co_return live;
}

}  // namespace godwit::fuzz
