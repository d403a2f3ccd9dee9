// SPDX-License-Identifier: Apache-2.0
// Runs simulated hosts: one seed, or many until so much virtual, or real, time is over.  Exit code 1: a promise was
// broken; the seed that breaks it is printed, with the command that does it again.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/host/scenario.hpp"

namespace {

using namespace godwit;

struct Options {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> from;
  double hours = 0;
  double seconds = 0;
  std::size_t runs = 0;
  bool trace = false;
};

struct Sums {
  std::uint64_t runs = 0, failed = 0, power_losses = 0, starts = 0, reloads = 0, checks = 0, events = 0;
  std::uint64_t written = 0, taken = 0, delivered = 0, bounced = 0, deleted = 0, repeated = 0, refused = 0,
                in_doubt = 0;
  double hours = 0;
};

double to_hours(base::Duration duration) {
  return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

void add(Sums& sums, const sim::Report& report) {
  ++sums.runs;
  if (!report.complaints.empty()) ++sums.failed;
  sums.power_losses += report.power_losses;
  sums.starts += report.starts;
  sums.reloads += report.reloads;
  sums.checks += report.checks;
  sums.events += report.events;
  sums.written += report.mail.written;
  sums.taken += report.mail.taken;
  sums.delivered += report.mail.delivered;
  sums.bounced += report.mail.bounced;
  sums.deleted += report.mail.deleted;
  sums.repeated += report.mail.repeated;
  sums.refused += report.mail.refused;
  sums.in_doubt += report.mail.in_doubt;
  sums.hours += to_hours(report.virtual_time);
}

void print(const sim::Report& report) {
  fmt::print("seed {}: {:.1f} h, {} events, {} power losses, {} starts, {} reloads, trace {:016x}\n", report.seed,
             to_hours(report.virtual_time), report.events, report.power_losses, report.starts, report.reloads,
             report.trace);
}

void print(const Sums& sums) {
  fmt::print(
      "{} runs, {} failed: {:.1f} virtual hours, {} crash points, {} starts, {} queues checked, {} reloads, {} "
      "events\n",
      sums.runs, sums.failed, sums.hours, sums.power_losses, sums.starts, sums.checks, sums.reloads, sums.events);
  fmt::print(
      "messages: {} written, {} acknowledged, {} refused, {} without an answer; recipients: {} delivered, {} returned, "
      "{} deleted, {} copies repeated\n",
      sums.written, sums.taken, sums.refused, sums.in_doubt, sums.delivered, sums.bounced, sums.deleted, sums.repeated);
}

sim::Report run(std::uint64_t seed, sim::Configurations& configurations, const Options& options) {
  try {
    return sim::Scenario(seed, configurations, options.trace).run();
  } catch (const std::exception& thrown) {
    sim::Report report;
    report.seed = seed;
    report.complaints.emplace_back(thrown.what());
    return report;
  }
}

int run_all(const Options& options) {
  const auto first = options.seed.value_or(options.from.value_or(std::random_device()()));
  const auto began = std::chrono::steady_clock::now();
  fmt::print("first seed {}\n", first);
  Sums sums;
  sim::Configurations configurations;
  for (std::uint64_t seed = first;; ++seed) {
    const auto report = run(seed, configurations, options);
    add(sums, report);
    if (options.seed) print(report);
    for (const auto& complaint : report.complaints) fmt::print("seed {}: {}\n", seed, complaint);
    if (!report.complaints.empty()) fmt::print("again: scripts/simulate --seed {}\n", seed);
    std::fflush(stdout);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const bool is_enough = (options.hours > 0 && sums.hours >= options.hours) ||
                           (options.seconds > 0 && took.count() >= options.seconds) ||
                           (options.runs > 0 && sums.runs >= options.runs);
    if (options.seed || is_enough) break;
  }
  print(sums);
  return sums.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Complete mail hosts in virtual time");
  app.add_option("--seed", options.seed, "run this one alone");
  app.add_option("--from", options.from, "first seed; a new one otherwise");
  app.add_option("--hours", options.hours, "virtual hours, of one seed after the other");
  app.add_option("--seconds", options.seconds, "real seconds");
  app.add_option("--runs", options.runs, "seeds");
  app.add_flag("--trace", options.trace, "print what happens");
  CLI11_PARSE(app, argc, argv);
  if (!options.seed && options.hours <= 0 && options.seconds <= 0 && options.runs == 0) options.runs = 1;
  return run_all(options);
}
