// SPDX-License-Identifier: Apache-2.0
#include "turns.hpp"

#include <algorithm>

namespace godwit::queue {
namespace {

// A transaction costs something however small it is.
constexpr std::uint64_t least_cost = std::uint64_t{16} << 10U;

}  // namespace

std::uint64_t Turns::cost(const Record& record) const {
  return std::max<std::uint64_t>(record.size, least_cost);
}

void Turns::push(Index index, At at) {
  const Record& record = records_[index];
  Index flow = flow_table_.find(flows_, Flow::key_of(record.group, record.sender));
  const bool added = flow == no_index;
  if (added) {
    flow = flows_.insert({.group = record.group, .sender = record.sender});
    flow_table_.insert(flows_, flow);
    push_back(flows_, groups_[record.group].flows, flow, &Flow::group_links);
  }
  if (at == At::back)
    push_back(records_, flows_[flow].items, index);
  else
    push_front(records_, flows_[flow].items, index);
  if (added && !groups_[record.group].suspended) attach_flow(flow);
}

void Turns::erase(Index index) {
  const Record& record = records_[index];
  const auto key = Flow::key_of(record.group, record.sender);
  const Index flow = flow_table_.find(flows_, key);
  unlink(records_, flows_[flow].items, index);
  if (!flows_[flow].items.empty()) return;
  detach_flow(flow);
  unlink(flows_, groups_[record.group].flows, flow, &Flow::group_links);
  flow_table_.erase(flows_, key);
  flows_.erase(flow);
}

void Turns::attach_flow(Index index) {
  Flow& flow = flows_[index];
  const Index site = groups_[flow.group].site;
  Index turn = turn_table_.find(turns_, Turn::key_of(site, flow.sender));
  if (turn == no_index) {
    turn = turns_.insert({.site = site, .sender = flow.sender, .number = created_++});
    turn_table_.insert(turns_, turn);
    sites_[site].turns.push(turns_, turn, {flow.sender.rank(), sites_[site].virtual_time});
  }
  flow.turn = turn;
  push_back(flows_, turns_[turn].flows, index);
}

void Turns::detach_flow(Index index) {
  Flow& flow = flows_[index];
  if (flow.turn == no_index) return;
  const Index turn = flow.turn;
  unlink(flows_, turns_[turn].flows, index);
  flow.turn = no_index;
  if (!turns_[turn].flows.empty()) return;
  sites_[turns_[turn].site].turns.erase(turns_, turn);
  turn_table_.erase(turns_, turns_[turn].key());
  turns_.erase(turn);
}

void Turns::attach(Index group) {
  for (Index flow = groups_[group].flows.first; flow != no_index; flow = flows_[flow].group_links.next)
    attach_flow(flow);
}

void Turns::detach(Index group) {
  for (Index flow = groups_[group].flows.first; flow != no_index; flow = flows_[flow].group_links.next)
    detach_flow(flow);
}

Index Turns::choose(Index site) const {
  return flows_[turns_[sites_[site].turns.first()].flows.first].items.first;
}

void Turns::charge(Index index) {
  Site& site = sites_[index];
  const Index turn = site.turns.first();
  const Index flow = turns_[turn].flows.first;
  const TurnKey key = site.turns.first_key();
  site.virtual_time = std::max(site.virtual_time, key.start);  // what is less urgent may lag behind
  site.turns.erase(turns_, turn);
  turns_[turn].number = created_++;  // behind those with the same tag
  site.turns.push(turns_, turn, {key.rank, key.start + cost(records_[flows_[flow].items.first])});
  unlink(flows_, turns_[turn].flows, flow);
  push_back(flows_, turns_[turn].flows, flow);
}

std::string Turns::check_group(Index index, std::size_t& due, std::size_t& attached) const {
  const Group& group = groups_[index];
  for (Index at = group.flows.first; at != no_index; at = flows_[at].group_links.next) {
    const Flow& flow = flows_[at];
    if (flow.group != index || flow.items.empty()) return "a flow that is another's, or empty";
    if (flow_table_.find(flows_, flow.key()) != at) return "a flow not in its table";
    if ((flow.turn == no_index) != group.suspended) return "a flow that takes part, or not, wrongly";
    if (flow.turn != no_index && turns_[flow.turn].site != group.site) return "a flow in another site's turn";
    if (flow.turn != no_index) ++attached;
    for (Index i = flow.items.first; i != no_index; i = records_[i].links.next, ++due) {
      const Record& record = records_[i];
      if (record.state != State::due || record.overdue || record.group != index || record.sender != flow.sender)
        return "a stranger in a flow";
    }
  }
  return {};
}

std::string Turns::check_site(Index index, std::size_t& attached) const {
  const Site& site = sites_[index];
  if (!site.turns.valid(turns_)) return "turns out of order";
  for (std::size_t at = 0; at < site.turns.size(); ++at) {
    const Turn& turn = turns_[site.turns.at(at)];
    if (turn.site != index || turn.flows.empty()) return "a turn that is another's, or empty";
    if (turn_table_.find(turns_, turn.key()) != site.turns.at(at)) return "a turn not in its table";
    for (Index i = turn.flows.first; i != no_index; i = flows_[i].links.next, ++attached)
      if (flows_[i].turn != site.turns.at(at)) return "a flow in a turn it does not know";
  }
  return {};
}

}  // namespace godwit::queue
