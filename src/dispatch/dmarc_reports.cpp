// SPDX-License-Identifier: Apache-2.0
#include "godwit/dispatch/dmarc_reports.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daily_turn.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/mail/compression.hpp"
#include "godwit/mail/dmarc_report.hpp"
#include "godwit/mailauth/dmarc.hpp"
#include "godwit/net/patience.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/net/task_group.hpp"
#include "own_mail.hpp"

namespace godwit::dispatch {
namespace {

using boost::asio::awaitable;

constexpr base::Duration dmarc_gathering = std::chrono::seconds(5);    // a crash loses as much
constexpr base::Duration others_turn = std::chrono::milliseconds(50);  // what is being sent already comes first
constexpr base::Duration report_patience = std::chrono::minutes(1);    // with DNS and disks, for one report
constexpr base::Duration longest_dmarc_nap = std::chrono::minutes(10);

class SendingMark {
 public:
  explicit SendingMark(bool& mark) : mark_(mark) { mark_ = true; }
  ~SendingMark() { mark_ = false; }
  SendingMark(const SendingMark&) = delete;
  SendingMark& operator=(const SendingMark&) = delete;

 private:
  bool& mark_;
};

}  // namespace

class DmarcReports::Implementation {
 public:
  Implementation(Surroundings surroundings, Configuration configuration)
      : around_(std::move(surroundings)),
        configuration_(std::move(configuration)),
        turn_(around_.random),
        look_(around_.executor, around_.deadlines),
        tasks_(around_.executor, around_.deadlines,
               [this](const std::exception_ptr& thrown) {
                 around_.log.error("task_failed", {{"reason", base::exception_text(thrown)}});
               }),
        patience_(around_.executor, around_.deadlines, tasks_) {}

  void start() { tasks_.spawn(run()); }
  void change(Configuration configuration) { configuration_ = std::move(configuration); }
  awaitable<void> stop(base::MonoTime deadline);
  awaitable<base::Result<Sent>> send(DailyTurn::Day before);

 private:
  using Report = state::DmarcCounts::Report;
  enum class Fate { sent, unwanted, failed };
  struct Made {
    mail::DmarcReportHead head;
    std::string file_name;
    std::string compressed;
  };

  bool enabled() const { return configuration_.settings.enabled && !configuration_.settings.contact.empty(); }
  awaitable<void> run();
  awaitable<void> save();
  awaitable<void> send_due();
  // What is not wanted any more, or was never asked for.
  awaitable<void> forget_old();
  // Ends in time, and throws nothing.
  awaitable<Fate> attempt(Report report);
  awaitable<Fate> send_or_complain(Report report);
  awaitable<Fate> send_one(Report report);
  awaitable<base::Result<Made>> make(Report report);
  awaitable<Fate> send_to(Report report, mailauth::ReportUri uri, std::shared_ptr<const Made> made);
  awaitable<bool> settle(Report report, Fate fate);
  void complain(const Report& report, const std::string& to, const std::string& why);

  Surroundings around_;
  Configuration configuration_;
  DailyTurn turn_;
  DailyTurn::Day looked_{};  // the day for which all was sent, or tried
  bool again_ = false;       // something is to be tried again
  bool sending_ = false;
  bool failing_ = false;
  net::Signal look_;
  net::TaskGroup tasks_;
  net::Patience patience_;
};

awaitable<void> DmarcReports::Implementation::stop(base::MonoTime deadline) {
  tasks_.cancel();
  look_.cancel();
  static_cast<void>(co_await tasks_.wait_empty(deadline));
  co_await save();
}

awaitable<void> DmarcReports::Implementation::save() {
  if (!around_.counts.changed()) co_return;
  const auto saved = co_await around_.counts.saved();
  if (!saved && !std::exchange(failing_, true))
    around_.log.error("dmarc_counts_not_kept", {{"reason", saved.error().message}});
  if (saved) failing_ = false;
}

awaitable<void> DmarcReports::Implementation::run() {
  for (;;) {
    const auto now = around_.clock.wall();
    const bool waiting = again_ || looked_ != DailyTurn::day_of(now);
    const auto pause = turn_.pause(now, waiting);
    if (pause == base::Duration::zero()) {
      co_await send_due();
    } else {
      const auto nap = std::min(pause, enabled() ? dmarc_gathering : longest_dmarc_nap);
      const auto woken = co_await look_.wait(around_.network.now() + nap);
      if (!woken && woken.error().kind == base::ErrorKind::cancelled) co_return;
    }
    co_await save();
  }
}

awaitable<void> DmarcReports::Implementation::send_due() {
  const auto today = DailyTurn::day_of(around_.clock.wall());
  co_await forget_old();
  const auto sent = co_await send(today);
  again_ = !sent || sent->failed > 0;
  if (again_) turn_.try_later(around_.clock.wall());
  looked_ = today;
}

awaitable<void> DmarcReports::Implementation::forget_old() {
  const auto today = DailyTurn::day_of(around_.clock.wall());
  const auto first = enabled() ? today - DailyTurn::kept : today + std::chrono::days(1);
  const auto forgotten = co_await around_.counts.forget_before(first);
  if (!forgotten) around_.log.error("dmarc_counts_not_kept", {{"reason", forgotten.error().message}});
}

awaitable<base::Result<DmarcReports::Sent>> DmarcReports::Implementation::send(DailyTurn::Day before) {
  Sent sent;
  while (sending_ && !tasks_.closed()) {
    auto slept = co_await around_.network.sleep_until(around_.network.now() + others_turn);
    if (!slept) break;
  }
  if (sending_ || !enabled()) co_return sent;
  const SendingMark mark(sending_);
  const auto reports = co_await around_.counts.close(before);
  if (!reports) co_return std::unexpected(reports.error());
  for (const auto& report : *reports) {
    if (tasks_.closed()) break;
    const auto fate = co_await attempt(report);
    const bool again = co_await settle(report, fate);
    if (again) ++sent.failed;
    if (fate == Fate::sent && !again) ++sent.reports;
    co_await save();  // what is counted meanwhile: there may be many
  }
  co_return sent;
}

awaitable<DmarcReports::Implementation::Fate> DmarcReports::Implementation::attempt(Report report) {
  const auto until = around_.network.now() + report_patience;
  auto waiting = patience_.wait<Fate>(send_or_complain(report), [until] { return until; });
  const auto fate = co_await std::move(waiting);
  if (!fate) complain(report, {}, "it takes too long");
  co_return fate.value_or(Fate::failed);
}

awaitable<DmarcReports::Implementation::Fate> DmarcReports::Implementation::send_or_complain(Report report) {
  std::string why;
  try {
    auto sending = send_one(report);
    co_return co_await std::move(sending);
  } catch (const std::exception& thrown) {
    why = thrown.what();
  }
  complain(report, {}, why);
  co_return Fate::failed;
}

// True: it is to be tried again.
awaitable<bool> DmarcReports::Implementation::settle(Report report, Fate fate) {
  if (fate == Fate::failed) {
    if (tasks_.closed() || !DailyTurn::is_too_late(report.day, around_.clock.wall())) co_return true;
    around_.log.warn("dmarc_report_dropped", {{"domain", report.domain}});
  }
  const auto finished = co_await around_.counts.finish(report.number);
  if (!finished) complain(report, {}, finished.error().message);
  co_return !finished;
}

void DmarcReports::Implementation::complain(const Report& report, const std::string& to, const std::string& why) {
  around_.log.warn("dmarc_report_failed", {{"domain", report.domain}, {"to", to}, {"reason", why}});
}

awaitable<DmarcReports::Implementation::Fate> DmarcReports::Implementation::send_one(Report report) {
  const auto rule = configuration_.organizational_domain;
  auto asking = mailauth::find_dmarc_destinations(around_.resolver, report.domain, rule);
  auto destinations = co_await std::move(asking);
  if (!destinations.temporary)
    for (const auto& address : destinations.refused)
      around_.log.info("dmarc_report_refused", {{"domain", report.domain},
                                                {"to", "<" + address + ">"},
                                                {"reason", "its host does not say that it takes these reports"}});
  auto& to = destinations.to;
  to.resize(std::min(to.size(), configuration_.settings.destinations));
  bool sent = false, failed = destinations.temporary;
  if (to.empty()) co_return failed ? Fate::failed : Fate::unwanted;
  auto making = make(report);
  auto made = co_await std::move(making);
  if (!made) {
    complain(report, {}, made.error().message);
    co_return Fate::failed;
  }
  const auto shared = std::make_shared<const Made>(std::move(*made));
  for (const auto& uri : to) {
    auto sending = send_to(report, uri, shared);
    const auto fate = co_await std::move(sending);
    sent = sent || fate == Fate::sent;
    failed = failed || fate == Fate::failed;
  }
  co_return failed ? Fate::failed : sent ? Fate::sent : Fate::unwanted;
}

// The same again for the same report.
awaitable<base::Result<DmarcReports::Implementation::Made>> DmarcReports::Implementation::make(Report report) {
  auto counted = co_await around_.counts.rows(report.number);
  if (!counted) co_return std::unexpected(counted.error());
  const auto& settings = configuration_.settings;
  const auto begin = std::chrono::floor<std::chrono::seconds>(report.begin).time_since_epoch().count();
  mail::DmarcReportHead head{.organization = settings.organization,
                             .contact = settings.contact,
                             .id = fmt::format("{}.{}@{}", begin, report.number, configuration_.hostname),
                             .domain = report.domain,
                             .begin = report.begin,
                             .end = report.end};
  auto file_name = dmarc_report_file_name(head, configuration_.hostname, std::to_string(report.number));
  auto compress = [](mail::DmarcReportHead of, std::string policy,
                     std::vector<state::DmarcCounts::Counted> all) -> awaitable<std::string> {
    std::vector<mail::CountedRow> rows;
    rows.reserve(all.size());
    for (auto& row : all)
      rows.push_back({.source = std::move(row.source), .rest = std::move(row.rest), .count = row.count});
    co_return mail::gzip(dmarc_report_xml(of, policy, rows));
  };
  auto task = compress(head, report.policy, std::move(*counted));
  auto compressed = co_await boost::asio::co_spawn(around_.pool, std::move(task), boost::asio::use_awaitable);
  co_return Made{.head = std::move(head), .file_name = std::move(file_name), .compressed = std::move(compressed)};
}

awaitable<DmarcReports::Implementation::Fate> DmarcReports::Implementation::send_to(Report report,
                                                                                    mailauth::ReportUri uri,
                                                                                    std::shared_ptr<const Made> made) {
  const auto shown = "<" + uri.address + ">";
  const auto to = smtp::parse_mailbox(uri.address, smtp::BareLocal::refuse, smtp::Utf8::refuse);
  if (!to) {
    complain(report, shown, "it is no address");
    co_return Fate::unwanted;
  }
  const auto& settings = configuration_.settings;
  const mail::DmarcReportMail form{
      .submitter = configuration_.hostname, .from = settings.from, .to = *to, .now = around_.clock.wall()};
  OwnMail own{.to = *to,
              .text = compose_dmarc_report(made->head, form, made->file_name, made->compressed, around_.random),
              .protocol = mail::dmarc_report_protocol};
  if (uri.largest != 0 && own.text.size() > uri.largest) {
    complain(report, shown, fmt::format("it has {} octets, {} may be sent there", own.text.size(), uri.largest));
    co_return Fate::unwanted;
  }
  if (!settings.sender.empty())
    if (auto sender = smtp::parse_mailbox(settings.sender, smtp::BareLocal::refuse, smtp::Utf8::refuse))
      own.sender = std::move(*sender);
  const auto claimed = co_await around_.counts.claim(report.number, uri.address);
  if (!claimed) {
    complain(report, shown, claimed.error().message);
    co_return Fate::failed;
  }
  if (!*claimed) co_return Fate::sent;  // before
  const OwnMailWay way{.spool = around_.spool,
                       .clock = around_.clock,
                       .router = configuration_.router,
                       .signers = configuration_.signers};
  auto sending = send_own_mail(std::move(own), way);
  const auto added = co_await std::move(sending);
  if (added) {
    around_.log.info("dmarc_report", {{"domain", report.domain}, {"to", shown}, {"id", to_string(*added)}});
    co_return Fate::sent;
  }
  complain(report, shown, added.error().message);
  const auto unclaimed = co_await around_.counts.unclaim(report.number, uri.address);
  if (!unclaimed) complain(report, shown, unclaimed.error().message);
  co_return Fate::failed;
}

DmarcReports::DmarcReports(Surroundings surroundings, Configuration configuration)
    : implementation_(std::make_unique<Implementation>(std::move(surroundings), std::move(configuration))) {}
DmarcReports::~DmarcReports() = default;

void DmarcReports::start() {
  implementation_->start();
}
void DmarcReports::change(Configuration configuration) {
  implementation_->change(std::move(configuration));
}
awaitable<void> DmarcReports::stop(base::MonoTime deadline) {
  return implementation_->stop(deadline);
}
awaitable<base::Result<DmarcReports::Sent>> DmarcReports::send_now() {
  return implementation_->send(DailyTurn::Day::max());
}

}  // namespace godwit::dispatch
