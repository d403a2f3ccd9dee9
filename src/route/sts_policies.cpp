// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/sts_policies.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "godwit/base/exception_text.hpp"
#include "godwit/base/recent_map.hpp"
#include "godwit/route/sts_fetch.hpp"
#include "sts_cache.hpp"

namespace godwit::route {
namespace {

using boost::asio::awaitable;

constexpr std::size_t most_failures = 10000;
constexpr base::Duration gathering = std::chrono::seconds(2);        // what changes meanwhile is written at once
constexpr base::Duration refresh_pause = std::chrono::minutes(10);   // between two looks at what is stale
constexpr base::Duration waiters_margin = std::chrono::seconds(30);  // addresses are looked up beside fetch_time

}  // namespace

class StsPolicies::Implementation {
 public:
  Implementation(Surroundings surroundings, std::shared_ptr<const net::TlsClientContext> tls, std::uint16_t https_port)
      : around_(std::move(surroundings)),
        http_(around_.network, around_.resolver),
        tls_(std::move(tls)),
        https_port_(https_port),
        look_(around_.executor, around_.deadlines),
        tasks_(around_.executor, around_.deadlines, [this](const std::exception_ptr& thrown) {
          around_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
        }) {}

  awaitable<void> start();
  void change_settings(std::shared_ptr<const net::TlsClientContext> tls, std::uint16_t https_port) {
    tls_ = std::move(tls);
    https_port_ = https_port;
  }
  awaitable<void> stop(base::MonoTime deadline);
  awaitable<StsVerdict> of(std::string domain);
  std::size_t known() const { return cache_.size(); }

 private:
  struct Failure {
    base::MonoTime until;
    std::string_view type;
    std::string why;
  };
  using Waiters = std::vector<net::Signal*>;

  bool holds(const Failure& failure) const { return failure.until > around_.clock.mono(); }
  // False: too many are under way.
  bool start_fetch(const std::string& domain, const std::string& id);
  awaitable<void> fetch(std::string domain, std::string id);
  void note_policy(const std::string& domain, const std::string& id, StsPolicy policy);
  void note_failure(const std::string& domain, const StsFailure& failure);
  awaitable<void> wait_for_fetch(std::string domain);
  StsVerdict verdict(const std::string& domain);
  awaitable<void> keep();
  awaitable<void> write();
  awaitable<void> refresh();

  Surroundings around_;
  net::HttpClient http_;
  std::shared_ptr<const net::TlsClientContext> tls_;
  std::uint16_t https_port_;
  StsCache cache_;
  base::RecentMap<std::string, Failure> failures_{most_failures};
  std::map<std::string, Waiters> fetches_;
  net::Signal look_;
  bool refreshing_ = false;
  net::TaskGroup tasks_;
};

awaitable<void> StsPolicies::Implementation::start() {
  auto text = co_await around_.file.read();
  if (!text)
    around_.log.error("sts_policies_unreadable", {{"reason", text.error().message}});
  else if (const auto bad = cache_.read(*text); bad > 0)
    around_.log.warn("sts_policies_unreadable", {{"lines", bad}});
  tasks_.spawn(keep());
}

awaitable<void> StsPolicies::Implementation::stop(base::MonoTime deadline) {
  tasks_.cancel();
  look_.cancel();
  static_cast<void>(co_await tasks_.wait_empty(deadline));
}

// Writes what has changed, and now and then refreshes what is stale.
awaitable<void> StsPolicies::Implementation::keep() {
  auto refresh_at = around_.network.now();
  auto write_at = base::no_deadline;
  for (;;) {
    auto woken = co_await look_.wait(std::min(refresh_at, write_at));
    const bool stopping = !woken && woken.error().kind == base::ErrorKind::cancelled;
    const auto now = around_.network.now();
    if (cache_.changed()) write_at = std::min(write_at, now + gathering);
    if (write_at != base::no_deadline && (stopping || now >= write_at)) {
      write_at = base::no_deadline;
      co_await write();
    }
    if (stopping) co_return;
    if (now < refresh_at) continue;
    refresh_at = now + refresh_pause;
    if (refreshing_) continue;
    refreshing_ = true;  // before: it may be over when spawn() returns
    auto refreshing = refresh();
    if (!tasks_.spawn(std::move(refreshing))) refreshing_ = false;
  }
}

awaitable<void> StsPolicies::Implementation::write() {
  auto written = co_await around_.file.write(cache_.text());
  if (!written) around_.log.error("sts_policies_not_kept", {{"reason", written.error().message}});
}

// One after the other: nobody waits for it.
awaitable<void> StsPolicies::Implementation::refresh() {
  for (const auto& domain : cache_.stale(around_.clock.wall())) {
    if (tasks_.closed()) break;
    const auto* failed = failures_.find(domain);
    const auto* entry = cache_.find(domain, around_.clock.wall());
    if (entry == nullptr || (failed != nullptr && holds(*failed))) continue;
    const auto id = entry->id;
    if (start_fetch(domain, id)) co_await wait_for_fetch(domain);
  }
  refreshing_ = false;
}

bool StsPolicies::Implementation::start_fetch(const std::string& domain, const std::string& id) {
  if (fetches_.contains(domain)) return true;
  if (fetches_.size() >= most_fetches) return false;
  fetches_[domain];
  auto fetching = fetch(domain, id);
  if (tasks_.spawn(std::move(fetching))) return true;
  fetches_.erase(domain);
  return false;
}

awaitable<void> StsPolicies::Implementation::fetch(std::string domain, std::string id) {
  net::HttpLimits limits;
  limits.deadline = around_.network.now() + fetch_time;
  limits.body = largest_sts_policy;
  limits.canceller = &tasks_.canceller();
  auto request = sts_request(domain, https_port_);
  auto outcome = co_await http_.exchange(std::move(request), tls_, limits);
  if (!tasks_.closed()) {
    auto fetched = sts_fetched(outcome);
    if (fetched)
      note_policy(domain, id, std::move(*fetched));
    else
      note_failure(domain, fetched.error());
  }
  const auto waiters = std::move(fetches_[domain]);
  fetches_.erase(domain);
  for (auto* waiter : waiters) waiter->notify();
}

void StsPolicies::Implementation::note_policy(const std::string& domain, const std::string& id, StsPolicy policy) {
  const auto now = around_.clock.wall();
  const auto* before = cache_.find(domain, now);
  if (before == nullptr || *before->policy != policy)
    around_.log.info(
        "sts_policy",
        {{"domain", domain}, {"id", id}, {"mode", to_string(policy.mode)}, {"max_age", policy.max_age.count()}});
  const auto used = before == nullptr ? base::WallTime(std::chrono::floor<std::chrono::days>(now)) : before->used;
  cache_.put(domain,
             {.policy = std::make_shared<const StsPolicy>(std::move(policy)), .id = id, .fetched = now, .used = used});
  failures_.erase(domain);
  look_.notify();
}

void StsPolicies::Implementation::note_failure(const std::string& domain, const StsFailure& failure) {
  const auto now = around_.clock.wall();
  const auto* kept = cache_.find(domain, now);
  around_.log.warn("sts_policy_failed", {{"domain", domain},
                                         {"type", failure.type},
                                         {"reason", failure.why},
                                         {"kept", kept == nullptr ? "none" : to_string(kept->policy->mode)}});
  failures_.touch(domain) = {.until = around_.clock.mono() + failure_kept, .type = failure.type, .why = failure.why};
}

awaitable<void> StsPolicies::Implementation::wait_for_fetch(std::string domain) {
  const auto under_way = fetches_.find(domain);
  if (under_way == fetches_.end()) co_return;
  net::Signal ended(around_.executor, around_.deadlines);
  under_way->second.push_back(&ended);
  const auto woken = co_await ended.wait(around_.network.now() + fetch_time + waiters_margin);
  if (woken) co_return;
  if (const auto still = fetches_.find(domain); still != fetches_.end()) std::erase(still->second, &ended);
}

StsVerdict StsPolicies::Implementation::verdict(const std::string& domain) {
  const auto now = around_.clock.wall();
  StsVerdict result;
  if (const auto* entry = cache_.use(domain, now)) {
    if (cache_.changed()) look_.notify();
    if (entry->policy->mode != StsPolicy::Mode::none) result.policy = entry->policy;
  } else if (const auto* failure = failures_.find(domain); failure != nullptr && holds(*failure)) {
    result.problem = failure->type;
    result.why = failure->why;
  }
  return result;
}

awaitable<StsVerdict> StsPolicies::Implementation::of(std::string domain) {
  const auto record = co_await around_.resolver.txt("_mta-sts." + domain);
  const auto id = record.status == dns::Status::found ? sts_record_id(record.records) : std::string();
  const auto now = around_.clock.wall();
  const auto* known = cache_.find(domain, now);
  if (id.empty() && known == nullptr) co_return StsVerdict{};
  const bool is_new = !id.empty() && (known == nullptr || known->id != id);
  const auto* failed = failures_.find(domain);
  if (failed != nullptr && holds(*failed)) co_return verdict(domain);
  if (is_new) {
    if (start_fetch(domain, id)) co_await wait_for_fetch(domain);
  } else if (StsCache::is_stale(*known, now)) {
    start_fetch(domain, known->id);
  }
  co_return verdict(domain);
}

StsPolicies::StsPolicies(Surroundings surroundings, std::shared_ptr<const net::TlsClientContext> tls,
                         std::uint16_t https_port)
    : implementation_(std::make_unique<Implementation>(std::move(surroundings), std::move(tls), https_port)) {}
StsPolicies::~StsPolicies() = default;

awaitable<void> StsPolicies::start() {
  return implementation_->start();
}
void StsPolicies::change_settings(std::shared_ptr<const net::TlsClientContext> tls, std::uint16_t https_port) {
  implementation_->change_settings(std::move(tls), https_port);
}
awaitable<void> StsPolicies::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
awaitable<StsVerdict> StsPolicies::of(std::string domain) {
  return implementation_->of(std::move(domain));
}
std::size_t StsPolicies::known() const {
  return implementation_->known();
}

}  // namespace godwit::route
