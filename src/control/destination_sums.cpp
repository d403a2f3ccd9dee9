// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "godwit/control/metrics.hpp"

namespace godwit::control {
namespace {

bool is_busier(const DestinationSums::Sum& a, const DestinationSums::Sum& b) {
  return std::pair(a.connections, a.waiting + a.due + a.active) >
         std::pair(b.connections, b.waiting + b.due + b.active);
}

bool is_slower(const queue::SiteView& a, const queue::SiteView& b) {
  return a.due + a.waiting > b.due + b.waiting;
}

}  // namespace

void DestinationSums::add(const queue::SiteView& site) {
  down_ += site.state == queue::SiteView::State::down ? 1 : 0;
  suspended_ += site.state == queue::SiteView::State::suspended ? 1 : 0;
  if (!site.reason.empty() && site.due + site.waiting > 0) add_to_slow(site);
  Sum sum{.name = site.name,
          .waiting = site.waiting,
          .due = site.due,
          .active = site.active,
          .held = site.held,
          .connections = site.connections,
          .down = site.state == queue::SiteView::State::down};
  busiest_.insert(std::ranges::upper_bound(busiest_, sum, is_busier), std::move(sum));
  if (busiest_.size() <= named) return;
  add_to_other(busiest_.back());
  busiest_.pop_back();
}

void DestinationSums::add_to_slow(const queue::SiteView& site) {
  if (slow_.size() == slow_named && !is_slower(site, slow_.back())) return;
  slow_.insert(std::ranges::upper_bound(slow_, site, is_slower), site);
  if (slow_.size() > slow_named) slow_.pop_back();
}

void DestinationSums::add_to_other(const Sum& sum) {
  other_.waiting += sum.waiting;
  other_.due += sum.due;
  other_.active += sum.active;
  other_.held += sum.held;
  other_.connections += sum.connections;
}

}  // namespace godwit::control
