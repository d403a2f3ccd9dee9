// SPDX-License-Identifier: Apache-2.0
#include "godwit/acme/renewal.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "attempt.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/task_group.hpp"
#include "godwit/state/on_pool.hpp"

namespace godwit::acme {
namespace {

using boost::asio::awaitable;

constexpr base::Duration longest_wait = std::chrono::hours(1);  // the clock may be set meanwhile
constexpr base::Duration look_again = std::chrono::minutes(1);  // where there may be one, but nobody can tell

}  // namespace

class Renewal::Implementation {
 public:
  Implementation(Surroundings around, Configuration configuration)
      : around_(std::move(around)),
        configuration_(std::move(configuration)),
        store_(around_.state_directory, around_.disk, around_.pool),
        fraction_(around_.random.fraction()),
        changed_(around_.home.executor(), around_.home.deadlines()),
        tasks_(around_.home.executor(), around_.home.deadlines(), [this](const std::exception_ptr& thrown) {
          around_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
        }) {}

  void start() { tasks_.spawn(run()); }
  void change(Configuration configuration);
  base::Result<> order_now();
  std::optional<State> state() const;
  awaitable<void> stop(base::MonoTime deadline);

 private:
  const Settings& settings() const { return configuration_.settings; }
  awaitable<void> run();
  awaitable<void> look();
  awaitable<void> order();
  awaitable<void> keep(Attempts attempts);
  awaitable<void> ended(AttemptOutcome outcome, Settings ordered, Attempts before);

  const Surroundings around_;
  Configuration configuration_;
  Store store_;
  const double fraction_;
  Attempts attempts_;
  std::optional<Present> present_;
  Due due_{};
  bool is_known_ = false;  // when the next order is due
  bool is_ordering_ = false;
  bool is_ordered_ = false;  // by the administrator
  net::Signal changed_;
  net::TaskGroup tasks_;
};

void Renewal::Implementation::change(Configuration configuration) {
  configuration_ = std::move(configuration);
  changed_.notify();
}

base::Result<> Renewal::Implementation::order_now() {
  if (!settings().terms_of_service_agreed)
    return base::fail(base::ErrorKind::not_found, "no certificate is ordered by this daemon: see tls.acme");
  if (is_ordering_) return base::fail(base::ErrorKind::refused, "a certificate is being ordered already");
  is_ordered_ = true;
  changed_.notify();
  return {};
}

std::optional<State> Renewal::Implementation::state() const {
  if (!settings().terms_of_service_agreed) return {};
  State state{.directory = settings().directory,
              .names = settings().names,
              .challenge = std::string(to_string(settings().challenge)),
              .is_ordering = is_ordering_};
  if (is_known_ && !is_ordering_) state.next = due_.at;
  if (attempts_.error.empty() || attempts_.terms != terms_of(settings())) return state;
  state.failures = attempts_.failures;
  state.error = attempts_.error;
  state.failed = attempts_.last;
  return state;
}

awaitable<void> Renewal::Implementation::stop(base::MonoTime deadline) {
  changed_.cancel();
  tasks_.cancel();
  auto ended = co_await tasks_.wait_empty(deadline);
  static_cast<void>(ended);
}

// ---- the turns
// --------------------------------------------------------------------------------------------------------

awaitable<void> Renewal::Implementation::run() {
  auto text = co_await store_.attempts().read();
  if (text) attempts_ = attempts_in(*text);
  while (!tasks_.closed()) {
    auto next = base::no_deadline;
    if (settings().terms_of_service_agreed) {
      co_await look();
      const auto wait = std::max<base::Duration>(due_.at - around_.clock.wall(), base::Duration::zero());
      next = around_.clock.mono() + std::min(wait, longest_wait);
      if (is_ordered_ || wait == base::Duration::zero()) {
        co_await order();
        continue;
      }
    }
    auto woken = co_await changed_.wait(next);
    if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
  }
}

awaitable<void> Renewal::Implementation::look() {
  auto reading = [file = certificate_file(around_.state_directory), &keys = around_.keys] {
    return look_at(file, keys);
  };
  auto seen = co_await state::on_pool<base::Result<std::optional<Present>>>(around_.pool, std::move(reading));
  if (!seen && !is_known_) {
    due_.at = around_.clock.wall() + look_again;
    co_return;
  }
  if (seen) present_ = std::move(*seen);
  due_ = next_order(present_, settings(), attempts_, fraction_, around_.clock.wall());
  due_.at = std::max(due_.at, base::WallTime{});
  is_known_ = true;
}

awaitable<void> Renewal::Implementation::keep(Attempts attempts) {
  attempts_ = std::move(attempts);
  auto text = to_text(attempts_);
  auto kept = co_await store_.attempts().write(std::move(text));
  if (!kept) around_.log.error("certificate_state_not_kept", {{"reason", kept.error().message}});
}

awaitable<void> Renewal::Implementation::order() {
  const std::string_view reason = std::exchange(is_ordered_, false) ? "order" : due_.reason;
  const auto configuration = configuration_;
  const auto before = attempts_;
  is_ordering_ = true;
  auto begun_now = begun(before, terms_of(configuration.settings), around_.clock.wall(), fraction_);
  co_await keep(std::move(begun_now));
  around_.log.info("certificate_ordered", {{"names", base::join(configuration.settings.names, " ")},
                                           {"directory", configuration.settings.directory},
                                           {"reason", reason}});
  Attempt attempt({.reactor = around_.home,
                   .resolver = around_.resolver,
                   .disk = around_.disk,
                   .pool = around_.pool,
                   .clock = around_.clock,
                   .store = store_,
                   .canceller = tasks_.canceller()},
                  configuration.settings, configuration.trust);
  auto outcome = co_await attempt.run();
  is_ordering_ = false;
  co_await ended(std::move(outcome), configuration.settings, before);
}

// The settings may be others meanwhile: for these nothing was tried yet.
awaitable<void> Renewal::Implementation::ended(AttemptOutcome outcome, Settings ordered, Attempts before) {
  const auto names = base::join(ordered.names, " ");
  if (outcome.is_cancelled) {
    co_await keep(std::move(before));
    co_return;
  }
  if (outcome.is_obtained) {
    co_await look();
    auto done = succeeded(present_, terms_of(ordered), around_.clock.wall());
    co_await keep(std::move(done));
    co_await look();
    const auto until = present_ ? base::format_rfc3339(present_->until) : std::string();
    around_.log.info("certificate_obtained",
                     {{"names", names}, {"expires", until}, {"next", base::format_rfc3339(due_.at)}});
    co_await around_.on_obtained();
    co_return;
  }
  auto failed_now = failed(attempts_, std::move(outcome.why), outcome.retry_after, around_.clock.wall(), fraction_);
  co_await keep(std::move(failed_now));
  co_await look();
  around_.log.error("certificate_failed", {{"names", names},
                                           {"reason", attempts_.error},
                                           {"attempts", attempts_.failures},
                                           {"next", base::format_rfc3339(due_.at)}});
}

// ---- the handle
// -------------------------------------------------------------------------------------------------------

Renewal::Renewal(Surroundings around, Configuration configuration)
    : implementation_(std::make_unique<Implementation>(std::move(around), std::move(configuration))) {}
Renewal::~Renewal() = default;

void Renewal::start() {
  implementation_->start();
}
void Renewal::change(Configuration configuration) {
  implementation_->change(std::move(configuration));
}
base::Result<> Renewal::order_now() {
  return implementation_->order_now();
}
std::optional<State> Renewal::state() const {
  return implementation_->state();
}
boost::asio::awaitable<void> Renewal::stop(base::MonoTime deadline) {
  co_await implementation_->stop(deadline);
}

}  // namespace godwit::acme
