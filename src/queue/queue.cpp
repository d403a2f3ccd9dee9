// SPDX-License-Identifier: Apache-2.0
// The public face.
#include "godwit/queue/queue.hpp"

#include "implementation.hpp"

namespace godwit::queue {

Queue::Queue(const Settings& settings) : implementation_(std::make_unique<Implementation>(settings)) {}
Queue::~Queue() = default;
bool Queue::add(const Item& item) {
  return implementation_->add(item);
}
Due Queue::due(base::WallTime now) {
  return implementation_->due(now);
}
std::optional<Grant> Queue::assign(const Key& key, const Grant& grant, std::string_view via, std::string_view site,
                                   base::WallTime now) {
  return implementation_->assign(key, grant, via, site, now);
}
void Queue::ended(const Grant& grant, const SiteReport& report, base::WallTime now) {
  implementation_->ended(grant, report, now);
}
bool Queue::join(const Key& key, const Grant& grant) {
  return implementation_->join(key, grant);
}
void Queue::give_back(const Key& key) {
  implementation_->give_back(key);
}
void Queue::lookup_hangs(const Grant& grant) {
  implementation_->lookup_hangs(grant);
}
void Queue::reschedule(const Key& key, const Next& next) {
  implementation_->reschedule(key, next);
}
void Queue::remove(const Key& key) {
  implementation_->remove(key);
}
void Queue::hold(const Key& key, HoldBy by) {
  implementation_->hold(key, by);
}
void Queue::release(const Key& key) {
  implementation_->release(key);
}
std::size_t Queue::release_rule_held() {
  return implementation_->release_rule_held();
}
bool Queue::retry_now(const Key& key, base::WallTime now) {
  return implementation_->retry_now(key, now);
}
void Queue::change_settings(const Settings& settings, base::WallTime now) {
  implementation_->change_settings(settings, now);
}
void Queue::clock_jumped(base::Duration by, base::WallTime now) {
  implementation_->clock_jumped(by, now);
}
void Queue::suspend(const std::string& name, const Suspension& suspension, base::WallTime now) {
  implementation_->suspend(name, suspension, now);
}
bool Queue::resume(const std::string& name, base::WallTime now) {
  return implementation_->resume(name, now);
}
const std::map<std::string, Suspension, std::less<>>& Queue::suspensions() const {
  return implementation_->suspensions();
}
const Item* Queue::find(const Key& key) const {
  return implementation_->find(key);
}
std::vector<Key> Queue::keys_of(base::MessageId id) const {
  return implementation_->keys_of(id);
}
bool Queue::contains(base::MessageId id) const {
  return implementation_->contains(id);
}
bool Queue::contains(const Key& key) const {
  return implementation_->contains(key);
}
Counts Queue::counts() const {
  return implementation_->counts();
}
std::string Queue::reason(const Key& key) const {
  return implementation_->reason(key);
}
void Queue::for_each(const std::function<bool(const Item&)>& each, base::MessageId after) const {
  implementation_->for_each(each, after);
}
std::optional<SiteView> Queue::site(std::string_view name) const {
  return implementation_->site(name);
}

LimitSettings Queue::limits_of(std::string_view site) const {
  return implementation_->limits_of(site);
}

std::vector<SiteView> Queue::sites_of(std::string_view domain) const {
  return implementation_->sites_of(domain);
}

void Queue::for_each_site(const std::function<bool(const SiteView&)>& each, std::string_view after) const {
  implementation_->for_each_site(each, after);
}
std::string Queue::check() const {
  return implementation_->check();
}
std::string Queue::check_some(std::optional<base::MessageId>& after, std::size_t most) const {
  return implementation_->check_some(after, most);
}

}  // namespace godwit::queue
