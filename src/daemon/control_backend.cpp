// SPDX-License-Identifier: Apache-2.0
#include "control_backend.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "control_submissions.hpp"
#include "godwit/base/text.hpp"
#include "host.hpp"

namespace godwit::daemon {
namespace {

base::Result<> known(bool found) {
  if (found) return {};
  return base::fail(base::ErrorKind::not_found, "there is no such message in the queue");
}

// So many are written in one group; the rest after it leaves disk and processors to the mail that flows meanwhile.
constexpr std::size_t changed_at_once = 16;
constexpr base::Duration rest = std::chrono::microseconds(500);

// What a disk that stalls may keep somebody waiting; less than godwitctl waits for an answer.
constexpr base::Duration patience = std::chrono::seconds(30);

std::unexpected<base::Error> not_in_time() {
  return base::fail(base::ErrorKind::timed_out,
                    "the disk of the spool has not answered for 30 seconds; the order may still take effect");
}

std::unexpected<base::Error> no_suppressions() {
  return base::fail(base::ErrorKind::refused, "there is no suppression list: suppression.enabled is false");
}

// Remembered, some 10 MB: who repeats an import soon does so with less.
constexpr std::size_t remembered_imports = 100'000;

// Among many: a message that was delivered meanwhile, or is being delivered right now.
bool is_passed_over(const base::Error& error) {
  return error.kind == base::ErrorKind::not_found || error.kind == base::ErrorKind::refused;
}

control::QueueEntry as_control_entry(dispatch::QueueEntry entry) {
  return {.id = entry.id,
          .envelope = std::move(entry.envelope),
          .size = entry.size,
          .items = std::move(entry.items),
          .reasons = std::move(entry.reasons),
          .classes = std::move(entry.classes)};
}

boost::asio::awaitable<std::size_t> count_connections(deliver::SmtpAgent& agent) {
  co_return agent.connections();
}

}  // namespace

ControlBackend::ControlBackend(Host& host)
    : host_(host),
      patience_(host.reactors_[Host::home].executor(), host.reactors_[Host::home].deadlines(), host.tasks_),
      started_(host.clock_.mono()),
      started_at_(host.clock_.wall()),
      spool_directory_(host.live_->settings.spool.directory),
      imports_(remembered_imports) {
  for (const auto& bound : host.bound_) listeners_.insert(listeners_.end(), bound.names.begin(), bound.names.end());
}

control::SubmissionDesk* ControlBackend::submissions() {
  return &host_.submissions_->desk();
}

control::Task<control::Status> ControlBackend::status() {
  control::Status status;
  status.version = GODWIT_VERSION;
  status.uptime = host_.clock_.mono() - started_;
  status.spool = host_.spool_->statistics();
  status.spool_directory = spool_directory_;
  status.healthy = status.spool.healthy;
  status.messages = status.spool.messages;
  status.queue = host_.dispatcher_->counts();
  status.audit = host_.dispatcher_->audit();
  status.history = host_.history_.counts();
  status.connections_in = host_.limits_.open();
  status.listeners = listeners_;
  status.dns_validation = dns::to_string(host_.resolver_watch_.found());
  status.stopped_accounts = host_.breaker_.stopped();
  status.dns_lists = host_.list_health_.report();
  status.events = host_.events_.counts();
  for (const auto& parts : host_.parts_) status.accept_time.add(parts.accept_time.counts());
  status.certificates = host_.live_->tls.certificates;
  for (auto& certificate : status.certificates)
    certificate.out_of_date = date_problem(certificate, host_.clock_.wall());
  status.acme = host_.certificate_renewal_->state();
  for (std::size_t i = 0; i < host_.parts_.size(); ++i) {
    auto counting = count_connections(*host_.parts_[i].agent);
    status.connections_out +=
        co_await boost::asio::co_spawn(host_.reactors_[i].executor(), std::move(counting), boost::asio::use_awaitable);
  }
  co_return status;
}

control::Task<std::shared_ptr<control::EventFeed::Subscription>> ControlBackend::events(std::string name) {
  auto subscription = host_.feed_.subscribe(std::move(name));
  if (!subscription) co_return base::fail(base::ErrorKind::exhausted, "too many listen to events already");
  co_return subscription;
}

control::Task<control::QueuePage> ControlBackend::queue_list(dispatch::Selector selector, dispatch::Page page) {
  auto selected = co_await host_.dispatcher_->select(std::move(selector), page);
  if (!selected) co_return std::unexpected(selected.error());
  control::QueuePage result{.entries = {}, .next = selected->next};
  for (const auto id : selected->ids) {
    auto shown = co_await host_.dispatcher_->show(id);
    if (shown) result.entries.push_back(as_control_entry(std::move(*shown)));  // else: delivered meanwhile
  }
  co_return result;
}

control::Task<control::QueueEntry> ControlBackend::queue_show(base::MessageId id) {
  auto shown = co_await host_.dispatcher_->show(id);
  if (!shown) co_return std::unexpected(shown.error());
  co_return as_control_entry(std::move(*shown));
}

control::Task<> ControlBackend::queue_change(control::QueueOrder order, base::MessageId id) {
  dispatch::Selector everybody;  // named: GCC 12 destroys braced temporaries of a co_await twice
  auto changed = co_await change(std::move(order), id, std::move(everybody));
  if (changed) changed = co_await recorded();
  co_return changed;
}

control::Task<> ControlBackend::patiently(control::Task<> task) {
  const auto until = [deadline = patience_.now() + patience] { return deadline; };
  auto waiting = patience_.wait(std::move(task), until);
  auto result = co_await std::move(waiting);
  if (!result) co_return not_in_time();
  co_return std::move(*result);
}

// What is answered as done stays done.
control::Task<> ControlBackend::recorded() {
  auto recording = host_.dispatcher_->recorded();
  auto result = co_await patiently(std::move(recording));
  if (!result) result.error().message = "it counts now, but a restart may undo it: " + result.error().message;
  co_return result;
}

control::Task<> ControlBackend::change(control::QueueOrder order, base::MessageId id, dispatch::Selector recipients) {
  using Verb = control::QueueOrder::Verb;
  auto& dispatcher = *host_.dispatcher_;
  switch (order.verb) {
    case Verb::hold:
      co_return known(dispatcher.hold(id));
    case Verb::release:
      co_return known(dispatcher.release(id));
    case Verb::retry:
    case Verb::bounce:
    case Verb::remove:
      break;
  }
  auto changing = order.verb == Verb::retry    ? dispatcher.retry(id, std::move(recipients))
                  : order.verb == Verb::bounce ? dispatcher.bounce(id, order.reason, std::move(recipients))
                                               : dispatcher.remove(id, std::move(recipients));
  co_return co_await patiently(std::move(changing));
}

control::Task<control::QueueChange> ControlBackend::queue_change_many(control::QueueOrder order,
                                                                      dispatch::Selector selector,
                                                                      dispatch::Page page) {
  auto selected = co_await host_.dispatcher_->select(selector, page);
  if (!selected) co_return std::unexpected(selected.error());
  control::QueueChange result{.count = 0, .next = selected->next};
  std::size_t seen = 0;
  for (const auto id : selected->ids) {
    const auto changed = co_await change(order, id, selector);
    if (changed)
      ++result.count;
    else if (!is_passed_over(changed.error()))
      co_return std::unexpected(changed.error());
    ++seen;
    if (seen % changed_at_once != 0 && seen < selected->ids.size()) continue;
    const auto written = co_await recorded();
    if (!written) co_return std::unexpected(written.error());
    static_cast<void>(co_await host_.reactors_[Host::home].network().sleep_until(patience_.now() + rest));
  }
  co_return result;
}

control::Task<control::Imported> ControlBackend::queue_import(mail::ExportFile file, spool::Pieces body) {
  const auto key = RecentImports::key_of(file);
  if (const auto before = imports_.find(key)) co_return control::Imported{.id = *before, .again = true};
  if (!imports_.begin(key)) co_return base::fail(base::ErrorKind::refused, "it is being imported right now");
  const auto pieces = std::make_shared<PatientPieces>(patience_, std::move(body));
  const auto until = [pieces] { return pieces->spool_asked_at() + patience; };
  auto importing = import(key, std::move(file), pieces);
  auto waiting = patience_.wait(std::move(importing), until);
  auto imported = co_await std::move(waiting);
  pieces->end();
  if (!imported) co_return not_in_time();
  if (!*imported) co_return std::unexpected(std::move(imported->error()));
  co_return control::Imported{.id = **imported, .again = false};
}

// Also when nobody waits for it any more.
control::Task<base::MessageId> ControlBackend::import(RecentImports::Key key, mail::ExportFile file,
                                                      std::shared_ptr<PatientPieces> body) {
  RecentImports::Turn turn(imports_, key);
  spool::Pieces pieces = [body] { return body->next(); };
  auto importing = spool::import_message(*host_.spool_, std::move(file), std::move(pieces));
  auto imported = co_await std::move(importing);
  if (!imported) co_return std::unexpected(std::move(imported.error()));
  turn.done(*imported);
  host_.events_.info("imported", {{"id", to_string(*imported)}, {"from_id", to_string(key.id)}});
  co_return imported;
}

control::Task<control::DestinationPage> ControlBackend::destinations(std::size_t limit, std::string after) {
  control::DestinationPage page;
  page.destinations = host_.dispatcher_->destinations(limit + 1, after);
  if (page.destinations.size() > limit) {
    page.destinations.resize(limit);
    page.next = page.destinations.back().name;
  }
  page.suspensions = host_.dispatcher_->suspensions();
  co_return page;
}

control::Task<> ControlBackend::suspend(std::string destination, base::Duration wait, std::string reason) {
  queue::Suspension suspension{.until = queue::never, .reason = std::move(reason)};
  if (wait > base::Duration::zero()) suspension.until = host_.clock_.wall() + wait;
  co_return co_await host_.dispatcher_->suspend(std::move(destination), std::move(suspension));
}

control::Task<> ControlBackend::resume(std::string destination) {
  co_return co_await host_.dispatcher_->resume(std::move(destination));
}

control::Task<std::vector<auth::Lockouts::Lockout>> ControlBackend::lockouts(std::size_t limit, std::string after) {
  co_return host_.lockouts_.list(host_.clock_.wall(), limit, after);
}

control::Task<> ControlBackend::unlock(std::string name) {
  if (!host_.lockouts_.unlock(auth::canonical_name(name), host_.clock_.wall()))
    co_return base::fail(base::ErrorKind::not_found, name + " is not locked out");
  host_.log_.info("login_unlocked", {{"name", name}});
  co_return base::Result<>();
}

control::Task<std::vector<control::Suppression>> ControlBackend::suppressions(std::size_t limit, std::string after) {
  if (!host_.suppressions_) co_return no_suppressions();
  co_return host_.suppressions_->list(limit, after);
}

control::Task<> ControlBackend::suppress(std::string address, base::Duration time, std::string reason) {
  if (!host_.suppressions_) co_return no_suppressions();
  const auto mailbox = smtp::parse_mailbox(address, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!mailbox) co_return base::fail(base::ErrorKind::invalid, mailbox.error().message);
  state::Suppression wanted{
      .address = to_string(*mailbox), .klass = "manual", .reason = std::move(reason), .source = "administrator"};
  wanted.added = host_.clock_.wall();
  if (time > base::Duration::zero()) wanted.expires = wanted.added + time;
  auto added = host_.suppressions_->add(std::move(wanted));
  if (!added) co_return added;
  host_.log_.info("suppressed", {{"to", "<" + address + ">"}, {"class", "manual"}});
  auto saving = host_.suppressions_->saved();
  co_return co_await patiently(std::move(saving));
}

control::Task<> ControlBackend::unsuppress(std::string address) {
  if (!host_.suppressions_) co_return no_suppressions();
  auto removed = host_.suppressions_->remove(address);
  if (!removed) co_return removed;
  host_.log_.info("unsuppressed", {{"to", "<" + address + ">"}});
  auto saving = host_.suppressions_->saved();
  co_return co_await patiently(std::move(saving));
}

control::Task<> ControlBackend::flush_dns() {
  auto flush = [](dns::Resolver* resolver) -> boost::asio::awaitable<void> {
    resolver->flush();
    co_return;
  };
  for (std::size_t i = 0; i < host_.reactors_.size(); ++i) {
    auto flushing = flush(host_.parts_[i].resolver.get());
    co_await boost::asio::co_spawn(host_.reactors_[i].executor(), std::move(flushing), boost::asio::use_awaitable);
  }
  host_.log_.info("dns_flushed");
  co_return base::Result<>();
}

control::Task<std::size_t> ControlBackend::release_account(std::string name) {
  auto account = auth::canonical_name(name);
  co_return co_await host_.account_guard_->release(std::move(account));
}

control::Task<std::size_t> ControlBackend::purge_account(std::string name) {
  auto account = auth::canonical_name(name);
  co_return co_await host_.account_guard_->purge(std::move(account));
}

control::Task<> ControlBackend::renew_certificate() {
  co_return host_.certificate_renewal_->order_now();
}

control::Task<dispatch::TlsReports::Sent> ControlBackend::send_tls_reports() {
  auto sending = host_.outgoing_tls_->reports().send_now();
  auto sent = co_await std::move(sending);
  co_return sent;
}

control::Task<dispatch::DmarcReports::Sent> ControlBackend::send_dmarc_reports() {
  if (!are_dmarc_reports_sent(*host_.live_))
    co_return base::fail(base::ErrorKind::refused, "dmarc_reports.enabled is false, or there is no contact");
  auto sending = host_.dmarc_reporting_->reports().send_now();
  auto sent = co_await std::move(sending);
  co_return sent;
}

control::Task<std::vector<state::DmarcCounts::Waiting>> ControlBackend::dmarc_reports(std::size_t limit,
                                                                                      state::DmarcCounts::Day after_day,
                                                                                      std::string after_domain) {
  auto asking = host_.dmarc_counts_->waiting(limit, after_day, std::move(after_domain));
  auto waiting = co_await std::move(asking);
  co_return waiting;
}

control::Task<std::vector<state::DmarcSums::Domain>> ControlBackend::dmarc_summary(std::string domain,
                                                                                   base::Duration time) {
  auto asking = host_.dmarc_reporting_->sums().summary(base::to_lower(domain), host_.clock_.wall() - time);
  auto summary = co_await std::move(asking);
  co_return summary;
}

control::Task<control::ReloadResult> ControlBackend::reload(bool force) {
  auto outcome = co_await host_.reload(force);
  co_return control::ReloadResult{.applied = outcome.applied,
                                  .errors = std::move(outcome.errors),
                                  .restart_needed = std::move(outcome.restart_needed)};
}

control::Task<> ControlBackend::stop() {
  host_.request_stop_();
  co_return base::Result<>();
}

}  // namespace godwit::daemon
