// SPDX-License-Identifier: Apache-2.0
// Fairness within a site: whose due item is next.  Start-time fair queueing (Goyal 1996): a sender's turn has a start
// tag, the sender with the least one is served, and his tag grows by the cost (bytes, with a floor) of what he got.  As
// fair as deficit round robin, but O(log senders) whatever the sizes, and one who just came is served next: a list of
// 100,000 in front of him costs nothing.  Between the domains of one sender: turns.
//
// Keeps the invariants of flows and turns; the caller keeps the states of items.
#pragma once

#include "index_table.hpp"
#include "records.hpp"

namespace godwit::queue {

enum class At { back, front };

class Turns {
 public:
  Turns(Slab<Record>& records, Slab<Group>& groups, Slab<Site>& sites)
      : records_(records), groups_(groups), sites_(sites) {}

  void push(Index record, At at);
  void erase(Index record);
  // Who is next in this site.  Requires: something is.
  Index choose(Index site) const;
  // Of what choose() gave, before it is erased: the sender's next turn comes later by its cost.
  void charge(Index site);
  // Its flows take part in their site, or are left out (suspended, or while the group moves).
  void attach(Index group);
  void detach(Index group);

  // Of one group: counts its due items and the flows that take part; of one site: counts the flows in its turns. Empty:
  // all is well.
  std::string check_group(Index group, std::size_t& due, std::size_t& attached) const;
  std::string check_site(Index site, std::size_t& attached) const;

 private:
  void attach_flow(Index flow);
  void detach_flow(Index flow);
  std::uint64_t cost(const Record& record) const;

  Slab<Record>& records_;
  Slab<Group>& groups_;
  Slab<Site>& sites_;
  Slab<Flow> flows_;
  Slab<Turn> turns_;
  IndexTable<Flow> flow_table_;
  IndexTable<Turn> turn_table_;
  std::uint64_t created_ = 0;
};

}  // namespace godwit::queue
