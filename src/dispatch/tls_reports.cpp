// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/tls_reports.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daily_turn.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/mail/compression.hpp"
#include "godwit/mail/tls_report.hpp"
#include "godwit/net/http_client.hpp"
#include "godwit/net/task_group.hpp"
#include "own_mail.hpp"
#include "tls_counts.hpp"

namespace godwit::dispatch {
namespace {

using boost::asio::awaitable;
using std::chrono::days;
using Day = TlsCounts::Day;

constexpr base::Duration gathering = std::chrono::minutes(1);     // what is counted meanwhile is written at once
constexpr base::Duration longest_nap = std::chrono::minutes(10);  // the wall clock may be set
constexpr base::Duration post_time = std::chrono::minutes(1);
constexpr base::Duration patience_with_start = std::chrono::seconds(10);  // for the file of counts

}  // namespace

class TlsReports::Implementation {
 public:
  Implementation(Surroundings surroundings, Configuration configuration)
      : around_(std::move(surroundings)),
        http_(around_.network, around_.resolver),
        configuration_(std::move(configuration)),
        turn_(around_.random),
        loading_(around_.executor, around_.deadlines),
        look_(around_.executor, around_.deadlines),
        tasks_(around_.executor, around_.deadlines, [this](const std::exception_ptr& thrown) {
          around_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
        }) {}

  awaitable<void> start();
  void change(Configuration configuration);
  awaitable<void> stop(base::MonoTime deadline);
  void count(const deliver::TlsSession& session);
  awaitable<Sent> send(Day before);

 private:
  enum class Fate { sent, unwanted, failed };

  bool enabled() const { return configuration_.settings.enabled && !configuration_.settings.contact.empty(); }
  void forget_if_disabled();
  awaitable<void> run();
  awaitable<void> write();
  // How long until reports are due.
  base::Duration pause() const;
  awaitable<Fate> send_one(TlsCounts::Due of);
  mail::TlsReport report_of(const TlsCounts::Due& of) const;
  awaitable<bool> post(std::string url, std::string compressed, std::string domain);
  awaitable<bool> send_mail(smtp::Mailbox to, const mail::TlsReport& report, const std::string& compressed);

  Surroundings around_;
  net::HttpClient http_;
  Configuration configuration_;
  TlsCounts counts_;
  DailyTurn turn_;
  Day full_since_{};
  bool sending_ = false;
  bool loaded_ = false;
  net::Signal loading_;
  net::Signal look_;
  net::TaskGroup tasks_;
};

awaitable<void> TlsReports::Implementation::start() {
  auto text = co_await around_.file.read();
  if (!text)
    around_.log.error("tls_counts_unreadable", {{"reason", text.error().message}});
  else if (const auto bad = counts_.read(*text); bad > 0)
    around_.log.warn("tls_counts_unreadable", {{"lines", bad}});
  forget_if_disabled();
  loaded_ = true;
  loading_.notify();
  tasks_.spawn(run());
}

void TlsReports::Implementation::change(Configuration configuration) {
  configuration_ = std::move(configuration);
  forget_if_disabled();
}

// Else, switched on again, it would report what is long over.
void TlsReports::Implementation::forget_if_disabled() {
  if (!enabled()) counts_.forget_before(Day::max());
}

awaitable<void> TlsReports::Implementation::stop(base::MonoTime deadline) {
  tasks_.cancel();
  loading_.cancel();
  look_.cancel();
  static_cast<void>(co_await tasks_.wait_empty(deadline));
}

void TlsReports::Implementation::count(const deliver::TlsSession& session) {
  if (!enabled()) return;
  const auto now = around_.clock.wall();
  if (counts_.count(session, now)) return look_.notify();
  if (std::exchange(full_since_, TlsCounts::day_of(now)) != TlsCounts::day_of(now))
    around_.log.warn("tls_counts_full", {{"rows", counts_.rows()}});
}

base::Duration TlsReports::Implementation::pause() const {
  const auto now = around_.clock.wall();
  const bool waiting = enabled() && !counts_.due(TlsCounts::day_of(now)).empty();
  return turn_.pause(now, waiting);
}

awaitable<void> TlsReports::Implementation::run() {
  auto write_at = base::no_deadline;
  for (;;) {
    if (pause() == base::Duration::zero()) {
      const auto sent = co_await send(TlsCounts::day_of(around_.clock.wall()));
      if (sent.failed > 0 || sending_) turn_.try_later(around_.clock.wall());
    }
    const auto nap = around_.network.now() + std::clamp<base::Duration>(pause(), std::chrono::seconds(1), longest_nap);
    auto woken = co_await look_.wait(std::min(nap, write_at));
    const bool stopping = !woken && woken.error().kind == base::ErrorKind::cancelled;
    const auto now = around_.network.now();
    if (counts_.changed()) write_at = std::min(write_at, now + gathering);
    if (write_at != base::no_deadline && (stopping || now >= write_at)) {
      write_at = base::no_deadline;
      co_await write();
    }
    if (stopping) co_return;
  }
}

awaitable<void> TlsReports::Implementation::write() {
  auto written = co_await around_.file.write(counts_.text());
  if (!written) around_.log.error("tls_counts_not_kept", {{"reason", written.error().message}});
}

awaitable<TlsReports::Sent> TlsReports::Implementation::send(Day before) {
  Sent sent;
  if (sending_ || !enabled()) co_return sent;
  sending_ = true;
  const auto give_up = around_.network.now() + patience_with_start;
  while (!loaded_ && !tasks_.closed() && around_.network.now() < give_up) co_await loading_.wait(give_up);
  for (const auto& of : counts_.due(before)) {
    if (tasks_.closed()) break;
    if (!loaded_) {  // the rest of what was counted is not known yet
      ++sent.failed;
      continue;
    }
    const auto fate = co_await send_one(of);
    const bool too_late = DailyTurn::is_too_late(of.day, around_.clock.wall());
    if (fate == Fate::sent) ++sent.reports;
    if (fate == Fate::failed && !too_late) {
      ++sent.failed;
      continue;
    }
    if (fate == Fate::failed) around_.log.warn("tls_report_dropped", {{"domain", of.domain}});
    counts_.forget(of);
  }
  sending_ = false;
  look_.notify();
  co_return sent;
}

mail::TlsReport TlsReports::Implementation::report_of(const TlsCounts::Due& of) const {
  const auto& settings = configuration_.settings;
  const auto now = std::chrono::floor<std::chrono::seconds>(around_.clock.wall());
  const base::WallTime day_end = base::WallTime(of.day + days(1)) - std::chrono::seconds(1);
  mail::TlsReport report;
  report.domain = of.domain;
  report.organization = settings.organization;
  report.contact = settings.contact;
  report.begin = base::WallTime(of.day);
  report.end = std::min<base::WallTime>(day_end, now);
  // The same again for the same counts.
  const auto end = std::chrono::floor<std::chrono::seconds>(report.end).time_since_epoch().count();
  report.id = fmt::format("{}.{}@{}", end, of.domain, configuration_.hostname);
  report.policies = counts_.policies(of);
  return report;
}

awaitable<TlsReports::Implementation::Fate> TlsReports::Implementation::send_one(TlsCounts::Due of) {
  const auto answer = co_await around_.resolver.txt("_smtp._tls." + of.domain);
  if (answer.status == dns::Status::temporary) co_return Fate::failed;
  const auto wish = mail::parse_tls_report_records(answer.records);
  if (wish.empty()) co_return Fate::unwanted;
  const auto report = report_of(of);
  const auto compressed = mail::gzip(to_json(report));
  bool sent = false;
  for (const auto& url : wish.urls) {
    const bool posted = co_await post(url, compressed, of.domain);
    sent = sent || posted;
  }
  for (const auto& to : wish.addresses) {
    const bool stored = co_await send_mail(to, report, compressed);
    sent = sent || stored;
  }
  co_return sent ? Fate::sent : Fate::failed;
}

awaitable<bool> TlsReports::Implementation::post(std::string url, std::string compressed, std::string domain) {
  auto parsed = net::parse_url(url);
  std::string why;
  if (parsed) {
    net::HttpRequest request;
    request.method = "POST";
    request.url = std::move(*parsed);
    request.content_type = "application/tlsrpt+gzip";
    request.body = std::move(compressed);
    net::HttpLimits limits;
    limits.deadline = around_.network.now() + post_time;
    limits.canceller = &tasks_.canceller();
    const auto outcome = co_await http_.exchange(std::move(request), configuration_.tls, limits);
    if (!outcome)
      why = outcome.error().why;
    else if (outcome->status / 100 != 2)
      why = fmt::format("the server answers {}", outcome->status);
  } else {
    why = parsed.error().message;
  }
  if (why.empty())
    around_.log.info("tls_report", {{"domain", domain}, {"to", url}});
  else
    around_.log.warn("tls_report_failed", {{"domain", domain}, {"to", url}, {"reason", why}});
  co_return why.empty();
}

awaitable<bool> TlsReports::Implementation::send_mail(smtp::Mailbox to, const mail::TlsReport& report,
                                                      const std::string& compressed) {
  const mail::TlsReportMail form{.submitter = configuration_.hostname,
                                 .from = configuration_.settings.from,
                                 .to = to,
                                 .now = around_.clock.wall()};
  OwnMail own{.to = to,
              .text = compose_tls_report(report, form, compressed, around_.random),
              .protocol = mail::tls_report_protocol,
              .tls_optional = true};  // as its header says
  const OwnMailWay way{.spool = around_.spool,
                       .clock = around_.clock,
                       .router = configuration_.router,
                       .signers = configuration_.signers};
  auto sending = send_own_mail(std::move(own), way);
  const auto added = co_await std::move(sending);
  const auto address = "<" + to_string(to) + ">";
  if (added)
    around_.log.info("tls_report", {{"domain", report.domain}, {"to", address}, {"id", to_string(*added)}});
  else
    around_.log.warn("tls_report_failed",
                     {{"domain", report.domain}, {"to", address}, {"reason", added.error().message}});
  co_return added.has_value();
}

TlsReports::TlsReports(Surroundings surroundings, Configuration configuration)
    : implementation_(std::make_unique<Implementation>(std::move(surroundings), std::move(configuration))) {}
TlsReports::~TlsReports() = default;

awaitable<void> TlsReports::start() {
  return implementation_->start();
}
void TlsReports::change(Configuration configuration) {
  implementation_->change(std::move(configuration));
}
awaitable<void> TlsReports::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
void TlsReports::count(const deliver::TlsSession& session) {
  implementation_->count(session);
}
awaitable<TlsReports::Sent> TlsReports::send_now() {
  return implementation_->send(Day::max());
}

}  // namespace godwit::dispatch
