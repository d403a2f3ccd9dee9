// SPDX-License-Identifier: Apache-2.0
// A backend that knows two messages and remembers what it was asked.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "godwit/base/text.hpp"
#include "godwit/control/backend.hpp"
#include "godwit/log/line.hpp"

namespace godwit::control {

inline const base::MessageId first_id{0x5F00000000001};
inline const base::MessageId second_id{0x5F00000000002};
inline constexpr base::WallTime noon{std::chrono::hours(12)};

// As the body of an import has it.
inline std::string import_envelope(std::uint64_t body_size) {
  mail::ExportFile file;
  file.id = second_id;
  file.envelope.recipients.emplace_back().address = {"bob", "a.example"};
  file.body_size = body_size;
  return mail::encode(file);
}

class FakeBackend final : public Backend {
 public:
  std::vector<std::string> asked;
  dispatch::Selector selected;  // the last one
  state::HistoryQuery searched;
  ReloadResult reload_result{.applied = true, .errors = {}, .restart_needed = {"listeners"}};
  ReplayStart replay_start{.number = 7, .errors = {}};
  bool refuse_replay = false;
  std::optional<ReplayProgress> replay_progress;
  base::Error failure{base::ErrorKind::not_found, "no message of that id"};

  std::shared_ptr<EventFeed::Subscription> subscription;

  std::string imported_body;
  std::string reply = "451 4.3.0 \"later\"\r\n";  // of the first recipient

  QueueEntry entry(base::MessageId id) const {
    QueueEntry entry;
    entry.id = id;
    entry.size = 4711;
    entry.envelope.sender = smtp::Mailbox{"alice", "example.com"};
    entry.envelope.accepted = noon;
    entry.envelope.envid = "QQ314159";
    entry.envelope.require_tls = true;
    entry.envelope.ret = smtp::return_headers;
    entry.envelope.client_address = "192.0.2.1";
    mail::Recipient waiting, delivered;
    waiting.address = {"bob", "a.example"};
    waiting.last_reply = reply;
    delivered.address = {"carol", "b.example"};
    delivered.original = "team@example.com";
    delivered.state = mail::RecipientState::delivered;
    delivered.notify = smtp::notify_success | smtp::notify_delay;
    delivered.orcpt = "rfc822;team@example.com";
    entry.envelope.recipients = {waiting, delivered};
    entry.items = {{.key = {id, "a.example"},
                    .accepted = noon,
                    .next_attempt = noon + std::chrono::minutes(5),
                    .attempts = 2,
                    .state = queue::State::waiting}};
    entry.reasons = {"waits for its retry time"};
    return entry;
  }

  Task<Metrics> metrics() override {
    asked.emplace_back("metrics");
    Metrics metrics;
    metrics.status = *co_await status();
    co_return metrics;
  }

  Task<DestinationSums> busiest() override {
    DestinationSums sums;
    queue::SiteView site;
    site.name = "google";
    site.due = 7;
    site.state = queue::SiteView::State::down;
    sums.add(site);
    co_return sums;
  }
  Task<log::RecentLines::Tail> log_lines(std::uint64_t after, log::Level least, std::size_t limit) override {
    asked.push_back("log after " + std::to_string(after) + " " + std::string(log::to_string(least)) + " " +
                    std::to_string(limit));
    log::RecentLines::Tail tail{.lines = {}, .last = 9};
    tail.lines.push_back({8, log::Level::warn, "deferred \xFF<b>"});
    co_return tail;
  }
  Task<Configuration> configuration() override {
    Configuration configuration{.main_file = "/etc/godwit/godwit.yaml", .files = {}, .values = {}};
    configuration.files.push_back({"/etc/godwit/godwit.yaml", "hostname: mail\n"});
    configuration.values.push_back({"threads", "2", "0", true});
    co_return configuration;
  }
  Task<ConfigurationCheck> check_configuration(std::optional<std::string> draft) override {
    asked.push_back("check " + draft.value_or("the files"));
    ConfigurationCheck check{.errors = {}, .warnings = {"f:1:1: late"}, .differences = {}};
    check.differences.push_back({"threads", "2", "4", true});
    co_return check;
  }

  Task<std::shared_ptr<EventFeed::Subscription>> events(std::string name) override {
    asked.emplace_back("events " + name);
    if (!subscription) co_return std::unexpected(failure);
    co_return subscription;
  }

  Task<Status> status() override {
    Status status;
    status.version = "1.2.3";
    status.uptime = std::chrono::milliseconds(61'999);
    status.messages = 2;
    status.queue = {.items = 3, .waiting = 1, .due = 0, .active = 1, .held = 1, .destinations = 2, .sites = 2};
    status.audit = {.checked = 6, .errors = 0};
    status.connections_in = 4;
    status.connections_out = 5;
    status.listeners = {"127.0.0.1:25"};
    status.dns_validation = "works";
    status.certificates = {{.file = "/c.pem",
                            .subject = "CN=mail",
                            .names = {"mail"},
                            .valid_from = {},
                            .expires = noon,
                            .error = "unreadable",
                            .out_of_date = "expired"}};
    co_return status;
  }
  Task<QueuePage> queue_list(dispatch::Selector selector, dispatch::Page page) override {
    selected = std::move(selector);
    QueuePage result;
    for (const base::MessageId id : {first_id, second_id}) {
      if (page.after && id <= *page.after) continue;
      if (result.entries.size() < page.limit)
        result.entries.push_back(entry(id));
      else
        result.next = result.entries.back().id;
    }
    co_return result;
  }
  Task<QueueEntry> queue_show(base::MessageId id) override {
    if (!known(id)) co_return std::unexpected(failure);
    co_return entry(id);
  }
  Task<Trace> trace(base::MessageId id) override {
    if (!known(id)) co_return std::unexpected(failure);
    state::HistoryEvent accepted{.time = noon, .ids = {id}, .name = "accepted", .fields = {}};
    accepted.fields = {{.name = "id", .value = base::to_string(id)}, {.name = "size", .value = std::int64_t{4711}}};
    state::HistoryEvent attempt{.time = noon, .ids = {id}, .name = "attempt", .fields = {}};
    attempt.fields = {{.name = "id", .value = base::to_string(id)},
                      {.name = "transcript", .value = "0 * connecting\n12 < 220 \xFFhi\n13 > EHLO me\n"}};
    Trace trace{.id = id, .events = {accepted, attempt}};
    if (id == first_id) trace.message = entry(id);
    co_return trace;
  }
  Task<state::HistoryFound> history_search(state::HistoryQuery query) override {
    searched = query;
    state::HistoryEvent event{.time = noon, .ids = {second_id, first_id}, .name = "report", .fields = {}};
    event.fields = {{.name = "id", .value = base::to_string(second_id)}};
    state::HistoryFound found;
    found.matches.push_back({.id = first_id, .event = event});
    found.searched_back_to = noon;
    co_return found;
  }
  Task<dispatch::Ways> route(smtp::Mailbox address, smtp::ReversePath sender) override {
    asked.push_back("route " + smtp::to_string(address) + " from <" + smtp::to_string(sender) + ">");
    dispatch::Ways ways{.asked = address, .expansion = {}, .ways = {}};
    auto& way = ways.ways.emplace_back();
    way.destination = "a.example";
    way.recipients = {entry(first_id).envelope.recipients[0]};
    way.rule = "dns";
    route::SmtpHop hop;
    hop.hosts.push_back({.name = "mx.a.example",
                         .preference = 10,
                         .addresses = {*base::Endpoint::parse("192.0.2.1:25")},
                         .why_none = {}});
    way.hop = hop;
    way.site = "mx.a.example";
    way.waits = "down: refused";
    co_return ways;
  }
  Task<std::vector<dispatch::Waiting>> why(std::string what) override {
    asked.push_back("why " + what);
    if (what == "unknown") co_return std::unexpected(failure);
    dispatch::Waiting waiting{.destination = "a.example", .site = {}, .state = "waiting", .reason = "because"};
    waiting.next = noon;
    waiting.id = first_id;
    waiting.messages = 3;
    co_return std::vector<dispatch::Waiting>{waiting};
  }
  Task<> queue_change(QueueOrder order, base::MessageId id) override {
    if (!known(id)) co_return std::unexpected(failure);
    asked.push_back(words(order) + " " + base::to_string(id));
    co_return base::Result<>();
  }
  Task<QueueChange> queue_change_many(QueueOrder order, dispatch::Selector selector, dispatch::Page page) override {
    asked.push_back(words(order) + " " + std::to_string(page.limit));
    selected = std::move(selector);
    co_return QueueChange{.count = 7, .next = page.after ? std::nullopt : std::optional(first_id)};
  }
  Task<Imported> queue_import(mail::ExportFile file, spool::Pieces body) override {
    asked.push_back("import " + base::to_string(file.id));
    for (;;) {
      auto piece = co_await body();
      if (!piece) co_return std::unexpected(piece.error());
      if (piece->empty()) break;
      imported_body += *piece;
      if (imported_body.size() > file.body_size) co_return base::fail(base::ErrorKind::corrupt, "too long");
    }
    co_return Imported{.id = first_id, .again = false};
  }
  Task<DestinationPage> destinations(std::size_t limit, std::string after) override {
    asked.push_back("destinations " + std::to_string(limit) + " after \"" + after + "\"");
    DestinationPage page;
    page.destinations.push_back({.name = "google",
                                 .domains = {"a.example", "b.example"},
                                 .domain_count = 2,
                                 .due = 7,
                                 .active = 1,
                                 .connections = 2,
                                 .window = 2,
                                 .limits = {.connections = 20, .rate = {.count = 100}, .adaptive = true},
                                 .state = queue::SiteView::State::full,
                                 .reason = "limit of connections (2 of 2)",
                                 .next = {}});
    page.next = "google";
    page.suspensions["b.example"] = {.until = noon, .reason = "they asked"};
    co_return page;
  }
  Task<> suspend(std::string destination, base::Duration wait, std::string reason) override {
    asked.push_back("suspend \"" + destination + "\" " + base::format_duration(wait) + " " + reason);
    co_return base::Result<>();
  }
  Task<std::vector<Lockouts::Lockout>> lockouts(std::size_t limit, std::string after) override {
    asked.push_back("lockouts " + std::to_string(limit) + " after \"" + after + "\"");
    co_return std::vector<Lockouts::Lockout>{
        {.name = "192.0.2.1/32", .is_account = false, .failures = 10, .until = noon},
        {.name = "alice@example.com", .is_account = true, .failures = 50, .until = noon}};
  }
  Task<> unlock(std::string name) override {
    asked.push_back("unlock " + name);
    if (name == "192.0.2.1") co_return base::Result<>();
    co_return base::fail(base::ErrorKind::not_found, name + " is not locked out");
  }
  Task<std::vector<LimitUse>> limits(std::size_t limit, std::size_t skipped) override {
    asked.push_back("limits " + std::to_string(limit) + " after " + std::to_string(skipped));
    co_return std::vector<LimitUse>{{.by = "sender",
                                     .of = "messages",
                                     .rate = "2/1h",
                                     .key = "a@a.example",
                                     .used = 2,
                                     .allowed = 2,
                                     .next = noon,
                                     .unused = noon}};
  }
  Task<std::size_t> reset_limits(std::string key) override {
    asked.push_back("reset " + key);
    if (key == "a@a.example") co_return std::size_t{1};
    co_return base::fail(base::ErrorKind::not_found, key + " has used nothing");
  }
  Task<std::size_t> release_account(std::string name) override {
    asked.push_back("release account " + name);
    if (name == "alice@example.com") co_return std::size_t{3};
    co_return base::fail(base::ErrorKind::not_found, name + " is not stopped");
  }
  Task<std::size_t> purge_account(std::string name) override {
    asked.push_back("purge account " + name);
    co_return std::size_t{7};
  }
  Task<> resume(std::string destination) override {
    asked.push_back("resume \"" + destination + "\"");
    if (destination == "unknown") co_return std::unexpected(failure);
    co_return base::Result<>();
  }
  Task<std::vector<Suppression>> suppressions(std::size_t limit, std::string after) override {
    asked.push_back("suppressions " + std::to_string(limit) + " after \"" + after + "\"");
    co_return std::vector<Suppression>{{.address = "a@x.example",
                                        .klass = "bad_mailbox",
                                        .reason = "550 no",
                                        .source = "bounce",
                                        .added = noon,
                                        .expires = noon}};
  }
  Task<> suppress(std::string address, base::Duration time, std::string reason) override {
    asked.push_back("suppress " + address + " " + base::format_duration(time) + " " + reason);
    co_return base::Result<>();
  }
  Task<> unsuppress(std::string address) override {
    asked.push_back("unsuppress " + address);
    if (address == "a@x.example") co_return base::Result<>();
    co_return base::fail(base::ErrorKind::not_found, address + " is not suppressed");
  }
  Task<> flush_dns() override {
    asked.emplace_back("flush dns");
    co_return base::Result<>();
  }
  Task<> renew_certificate() override {
    asked.emplace_back("renew_certificate");
    if (std::ranges::count(asked, "renew_certificate") == 1) co_return base::Result<>();
    co_return base::fail(base::ErrorKind::refused, "a certificate is being ordered already");
  }
  Task<dispatch::TlsReports::Sent> send_tls_reports() override {
    asked.emplace_back("send_tls_reports");
    co_return dispatch::TlsReports::Sent{.reports = 3, .failed = 1};
  }
  Task<dispatch::DmarcReports::Sent> send_dmarc_reports() override {
    asked.emplace_back("send_dmarc_reports");
    co_return dispatch::DmarcReports::Sent{.reports = 2, .failed = 1};
  }
  Task<std::vector<state::DmarcCounts::Waiting>> dmarc_reports(std::size_t limit, state::DmarcCounts::Day after_day,
                                                               std::string after_domain) override {
    asked.push_back("dmarc_reports " + std::to_string(limit) + " after " +
                    base::format_rfc3339(base::WallTime(after_day)).substr(0, 10) + " \"" + after_domain + "\"");
    const auto day = std::chrono::floor<std::chrono::days>(noon);
    co_return std::vector<state::DmarcCounts::Waiting>{{.day = day, .domain = "x.example", .rows = 2, .messages = 5}};
  }
  Task<std::vector<state::DmarcSums::Domain>> dmarc_summary(std::string domain, base::Duration time) override {
    asked.push_back("dmarc_summary \"" + domain + "\" " + base::format_duration(time));
    const state::DmarcSums::Counts counts{.messages = 5, .passed = 3, .dkim = 2, .spf = 1, .rejected = 1};
    co_return std::vector<state::DmarcSums::Domain>{{.name = "x.example",
                                                     .reports = 1,
                                                     .organizations = {"Some \xE9"},
                                                     .counts = counts,
                                                     .sources = {{.address = "192.0.2.1", .counts = counts}}}};
  }
  Task<ReplayStart> start_replay(std::optional<std::string> draft, ReplayOrder order) override {
    asked.push_back(
        fmt::format("replay {} last {}{}", draft.value_or("the files"), order.last, order.dns ? " dns" : ""));
    if (refuse_replay) co_return base::fail(base::ErrorKind::refused, "another replay is under way");
    co_return replay_start;
  }
  Task<ReplayProgress> replay() override {
    if (!replay_progress) co_return base::fail(base::ErrorKind::not_found, "nothing was replayed");
    co_return *replay_progress;
  }
  Task<ReloadResult> reload(bool force) override {
    asked.emplace_back(force ? "reload by force" : "reload");
    co_return reload_result;
  }
  Task<> stop() override {
    asked.emplace_back("stop");
    co_return base::Result<>();
  }

 private:
  static bool known(base::MessageId id) { return id == first_id || id == second_id; }
  static std::string words(const QueueOrder& order) {
    return std::string(to_string(order.verb)) + (order.reason.empty() ? "" : " \"" + order.reason + "\"");
  }
};

}  // namespace godwit::control
