// SPDX-License-Identifier: Apache-2.0
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

#include "godwit/base/text.hpp"
#include "godwit/control/metrics.hpp"

namespace godwit::control {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// The families in the order in which they were begun; values belong to the last one.
class Families {
 public:
  void begin(MetricType type, std::string name, std::string help) {
    families_.push_back({.name = "godwit_" + std::move(name), .help = std::move(help), .type = type, .metric = {}});
  }
  void begin_of_process(MetricType type, std::string name, std::string help) {
    families_.push_back({.name = "process_" + std::move(name), .help = std::move(help), .type = type, .metric = {}});
  }
  void add(double value, Labels labels = {}) {
    auto& metric = next(std::move(labels));
    metric.counter.value = metric.gauge.value = value;  // the type says which counts
  }
  void add(std::uint64_t value, Labels labels = {}) { add(static_cast<double>(value), std::move(labels)); }
  void add(const base::HistogramCounts& counts, Labels labels = {}) {
    auto& histogram = next(std::move(labels)).histogram;
    for (std::size_t i = 0; i < counts.counts.size(); ++i) {
      histogram.sample_count += counts.counts[i];
      if (i < counts.bounds.size())
        histogram.bucket.push_back({.cumulative_count = histogram.sample_count, .upper_bound = counts.bounds[i]});
    }
    histogram.sample_sum = counts.sum;
  }
  void gauge(std::string name, std::string help, std::uint64_t value) {
    begin(MetricType::Gauge, std::move(name), std::move(help));
    add(value);
  }
  void counter(std::string name, std::string help, std::uint64_t value) {
    begin(MetricType::Counter, std::move(name), std::move(help));
    add(value);
  }
  void histogram(std::string name, std::string help, const base::HistogramCounts& counts) {
    begin(MetricType::Histogram, std::move(name), std::move(help));
    add(counts);
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  ClientMetric& next(Labels labels) {
    auto& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }

  std::vector<MetricFamily> families_;
};

Labels label(std::string name, std::string_view value) {
  return {{std::move(name), base::to_valid_utf8(value)}};
}

double seconds_of(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_incoming(Families& families, const EventCounts::Values& events) {
  families.counter("messages_accepted_total", "Messages that were acknowledged with 250.", events.accepted);
  families.counter("recipients_accepted_total", "Recipients of accepted messages.", events.accepted_recipients);
  families.counter("bytes_accepted_total", "Bytes of accepted messages.", events.accepted_bytes);
  families.begin(MetricType::Counter, "rejections_total",
                 "Commands and messages that were refused, by stage; kind: permanent (5yz) or temporary (4yz).");
  for (std::size_t i = 0; i < EventCounts::stages.size(); ++i) {
    const std::string stage(EventCounts::stages[i]);
    families.add(events.rejected[i], {{"stage", stage}, {"kind", "permanent"}});
    families.add(events.put_off[i], {{"stage", stage}, {"kind", "temporary"}});
  }
  families.begin(MetricType::Counter, "events_total", "Other events of the log, by name.");
  for (std::size_t i = 0; i < EventCounts::other_events.size(); ++i)
    families.add(events.others[i], label("event", EventCounts::other_events[i]));
}

// Of classes only those that there were: most never come.
void add_outcomes(Families& families, const EventCounts::Values& events) {
  families.begin(MetricType::Counter, "recipients_total",
                 "What became of recipients; class: what kind of trouble it was, or none.");
  for (std::size_t i = 0; i < EventCounts::outcomes.size(); ++i)
    for (std::size_t k = 0; k < EventCounts::classes; ++k) {
      const bool has_class = k + 1 < EventCounts::classes;
      const auto value = events.by_outcome[i][k];
      if (value == 0 && has_class) continue;
      families.add(value, {{"outcome", std::string(EventCounts::outcomes[i])},
                           {"class", has_class ? std::string(mail::failure_class_names[k]) : "none"}});
    }
}

void add_times(Families& families, const Metrics& metrics) {
  families.histogram("accept_seconds", "From a message's final dot to its 250.", metrics.status.accept_time);
  const auto& spool = metrics.status.spool;
  families.histogram("commit_seconds", "From a message's hand-over to the committer until it survives power loss.",
                     spool.commit_time);
  families.histogram("commit_group_records", "Records that were written with one sync.", spool.group_size);
  families.histogram("delivery_wait_seconds", "From when a delivery was due until its attempt began.",
                     metrics.wait_time);
  families.histogram("delivery_route_seconds", "Look-ups that say where a delivery goes.", metrics.route_time);
  families.begin(MetricType::Histogram, "delivery_attempt_seconds",
                 "Attempts, by the stage in which they ended; final_dot: all was said.");
  for (const auto& [stage, counts] : metrics.attempt_times) families.add(counts, label("stage", stage));
  families.histogram("delivery_delay_seconds", "From acceptance to delivery, of each recipient.", metrics.delay);
  families.counter("bytes_delivered_total", "Bytes of messages that were delivered, once for each destination.",
                   metrics.delivered_bytes);
}

void add_queue(Families& families, const Status& status) {
  families.gauge("queue_messages", "Messages in the spool.", status.messages);
  families.begin(MetricType::Gauge, "queue_transactions",
                 "Transactions (a message and one of its destinations) in the queue, by state.");
  families.add(std::uint64_t{status.queue.waiting}, label("state", "waiting"));
  families.add(std::uint64_t{status.queue.due}, label("state", "due"));
  families.add(std::uint64_t{status.queue.active}, label("state", "active"));
  families.add(std::uint64_t{status.queue.held}, label("state", "held"));
  families.begin(MetricType::Gauge, "connections", "Connections, to us (in) and from us (out).");
  families.add(std::uint64_t{status.connections_in}, label("direction", "in"));
  families.add(std::uint64_t{status.connections_out}, label("direction", "out"));
  families.counter("queue_audit_errors_total", "Deliveries that only the spool knew of; see queue_forgot in the log.",
                   status.audit.errors);
}

void add_destinations(Families& families, const DestinationSums& destinations) {
  using Sum = DestinationSums::Sum;
  const auto each = [&](std::string name, std::string help, auto value) {
    families.begin(MetricType::Gauge, std::move(name), std::move(help));
    for (const Sum& sum : destinations.busiest()) families.add(value(sum), label("destination", sum.name));
    families.add(value(destinations.other()), label("destination", "other"));
  };
  each("destination_queued", "Transactions that wait or are due, of the busiest destinations and all others.",
       [](const Sum& sum) { return sum.waiting + sum.due; });
  each("destination_held", "Transactions that are held.", [](const Sum& sum) { return sum.held; });
  each("destination_connections", "Connections in use.", [](const Sum& sum) { return sum.connections; });
  families.gauge("destinations_down", "Destinations to which no connection is possible.", destinations.down());
  families.gauge("destinations_suspended", "Destinations that are suspended and for which something waits.",
                 destinations.suspended());
}

void add_spool(Families& families, const Status& status) {
  const auto& spool = status.spool;
  families.gauge("healthy", "1 while the spool takes mail; 0: it failed, and the daemon is about to end.",
                 status.healthy ? 1 : 0);
  families.counter("spool_syncs_total", "Syncs of the journal.", spool.syncs);
  families.counter("spool_records_total", "Records written to the journal.", spool.records);
  families.counter("spool_copies_total", "Messages that compaction moved.", spool.copies);
  families.counter("spool_quarantined_total", "Pieces of the spool that were found damaged and kept aside.",
                   spool.quarantined);
  families.gauge("spool_segments", "Files of the journal.", spool.segments);
  families.gauge("spool_live_bytes", "Of records that are needed.", spool.bytes_live);
  families.gauge("spool_used_bytes", "Of the journal's files; large messages have files beside it.", spool.bytes_used);
  families.counter("history_events_total", "Events written to the history.", status.history.events);
  families.counter("history_lost_total", "Events that the history could not keep.", status.history.lost);
  families.gauge("history_bytes", "Of the history's files.", status.history.bytes);
  families.gauge("history_index_bytes", "Of the history's index.", status.history.index_bytes);
  families.gauge("history_not_indexed_bytes", "Of events that the history's index does not have yet.",
                 status.history.behind);
  families.gauge("accounts_stopped", "Accounts that may not send for now.", status.stopped_accounts.size());
}

void add_limits(Families& families, const std::vector<policy::Limits::Counted>& limits) {
  const auto labels = [](const policy::Limits::Counted& one) {
    return Labels{{"by", std::string(policy::to_string(one.by))},
                  {"of", std::string(policy::to_string(one.what))},
                  {"rate", policy::rate_text(one.what, one.rate)}};
  };
  if (limits.empty()) return;
  families.begin(MetricType::Counter, "limit_refusals_total",
                 "What was refused because of a limit of policy.limits, limits.*_rate or limits.account.");
  for (const auto& one : limits) families.add(one.refusals, labels(one));
  families.begin(MetricType::Gauge, "limit_keys", "Of whom something is counted, by limit.");
  for (const auto& one : limits) families.add(one.keys, labels(one));
}

void add_certificates(Families& families, const Status& status) {
  const auto& certificates = status.certificates;
  families.begin(MetricType::Gauge, "certificate_expires_timestamp_seconds",
                 "When the certificate that is in force expires.");
  for (const auto& one : certificates)
    if (one.expires) families.add(seconds_of(*one.expires), label("file", one.file));
  families.begin(MetricType::Gauge, "certificate_unusable",
                 "1: what the certificate's files hold now is not in force, for it cannot be used.");
  for (const auto& one : certificates) families.add(one.error.empty() ? 0.0 : 1.0, label("file", one.file));
  families.begin(MetricType::Gauge, "certificate_order_failures",
                 "Orders of the daemon's own certificate (tls.acme) that failed since the last success.");
  families.add(status.acme ? static_cast<double>(status.acme->failures) : 0.0);
}

void add_process(Families& families, const Metrics& metrics) {
  const auto& process = metrics.process;
  families.begin(MetricType::Gauge, "build_info", "Always 1; the version is in the label.");
  families.add(1.0, label("version", metrics.status.version));
  families.begin_of_process(MetricType::Counter, "cpu_seconds_total", "Time on processors, in seconds.");
  families.add(process.cpu_seconds);
  families.begin_of_process(MetricType::Gauge, "start_time_seconds", "Start of the process, in seconds since 1970.");
  families.add(process.start_time);
  families.begin_of_process(MetricType::Gauge, "resident_memory_bytes", "Memory in use.");
  families.add(process.resident_bytes);
  families.begin_of_process(MetricType::Gauge, "virtual_memory_bytes", "Address space in use.");
  families.add(process.virtual_bytes);
  families.begin_of_process(MetricType::Gauge, "open_fds", "Descriptors in use.");
  families.add(process.open_files);
  families.begin_of_process(MetricType::Gauge, "max_fds", "Descriptors that may be in use.");
  families.add(process.most_files);
  families.begin_of_process(MetricType::Gauge, "threads", "Threads.");
  families.add(process.threads);
}

}  // namespace

std::string to_text(const Metrics& metrics) {
  Families families;
  add_incoming(families, metrics.status.events);
  add_outcomes(families, metrics.status.events);
  add_times(families, metrics);
  add_queue(families, metrics.status);
  add_destinations(families, metrics.destinations);
  add_spool(families, metrics.status);
  add_limits(families, metrics.limits);
  add_certificates(families, metrics.status);
  add_process(families, metrics);
  return families.text();
}

}  // namespace godwit::control
