// SPDX-License-Identifier: Apache-2.0
#include "sim/host/scenario.hpp"

#include <cerrno>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "sim/host/sender.hpp"

namespace godwit::sim {
namespace {

using std::chrono::hours, std::chrono::milliseconds, std::chrono::minutes, std::chrono::seconds;

constexpr std::size_t host_count = 3;
constexpr base::Duration longest_calm = hours(36);  // beyond it, what still waits waits for ever
constexpr base::Duration largest_jump = hours(2);
constexpr test::Loss losses[] = {test::Loss::all,       test::Loss::none,   test::Loss::some,      test::Loss::torn,
                                 test::Loss::last_torn, test::Loss::prefix, test::Loss::last_only, test::Loss::names};

base::IpAddress address(int network, int host) {
  return *base::IpAddress::parse(fmt::format("10.{}.0.{}", network, host));
}

}  // namespace

Scenario::Scenario(std::uint64_t seed, Configurations& configurations, bool prints)
    : seed_(seed), configurations_(configurations), world_(seed), ledger_(world_), network_(world_), names_(world_) {
  world_.print_trace(prints);
  network_.watch(&ledger_);
  build();
}

Scenario::~Scenario() = default;

void Scenario::build() {
  storm_ = static_cast<unsigned>(world_.random().below(4));
  constexpr int longest[] = {24, 24, 8, 3};  // hours
  calm_ = world_.now() + world_.between(minutes(30), hours(longest[storm_]));
  for (std::size_t i = 0; i < host_count; ++i) {
    Configuration configuration{.name = fmt::format("h{}", i),
                                .address = address(0, static_cast<int>(i) + 1),
                                .threads = 1 + static_cast<int>(world_.random().below(2))};
    auto live = configurations_.load(configuration);
    const auto path = configurations_.write(configuration);
    const auto domain = configuration.name + ".example";
    names_.set_mx(domain, {"mx." + domain});
    names_.set_address("mx." + domain, configuration.address);
    // Where names lie, hosts of several sites may have one address.
    ledger_.set_limits(configuration.address, {.per_client = Configurations::per_client,
                                               .per_destination = may_lie() ? 0 : Configurations::per_destination,
                                               .trusted = *base::IpNetwork::parse("10.2.0.0/16")});
    hosts_.push_back(std::make_unique<Daemon>(Around{world_, network_, names_, ledger_}, configuration.name,
                                              configuration.address, path, std::move(live)));
    configured_.push_back(std::move(configuration));
  }
  const auto add = [&](int number, const std::string& domain, const std::string& host) {
    names_.set_address(host, address(1, number));
    receivers_.push_back(std::make_unique<Receiver>(world_, network_, ledger_, address(1, number), std::set{domain}));
    receivers_.back()->open();
  };
  names_.set_mx("r0.example", {"a.r0.example", "b.r0.example"});
  add(1, "r0.example", "a.r0.example");
  add(2, "r0.example", "b.r0.example");
  ledger_.set_destination(address(1, 2), address(1, 1));
  names_.set_mx("r1.example", {"mx.r1.example"});
  add(3, "r1.example", "mx.r1.example");
  // Where reports go: it may be out of reach, but it takes them in the end.
  names_.set_mx("senders.example", {"mx.senders.example"});
  add(4, "senders.example", "mx.senders.example");
  names_.trust("senders.example");
  names_.trust("mx.senders.example");
  for (const auto& host : hosts_) {
    names_.trust(host->name() + ".example");
    names_.trust("mx." + host->name() + ".example");
  }
}

// At random, so many a while on average, until all is well.
void Scenario::every(base::Duration mean, std::function<void()> what) {
  const double wait = -std::log(1.0 - world_.random().fraction()) * static_cast<double>(mean.count());
  const auto when = world_.now() + base::Duration(static_cast<base::Duration::rep>(wait) + 1);
  if (when >= calm_) return;
  world_.at(when, [this, mean, what = std::move(what)] {
    every(mean, what);
    what();
  });
}

// ---- mail
// ------------------------------------------------------------------------------------------------------------

std::string Scenario::somebody(bool at_home, const Daemon& host) {
  const auto user = fmt::format("u{}", world_.random().below(4));
  if (at_home) return user + "@" + host.name() + ".example";
  switch (world_.random().below(6)) {
    case 0:
      return "nobody@r0.example";
    case 1:
    case 2:
      return user + "@r0.example";
    case 3:
      return user + "@r1.example";
    default:
      return user + "@" + any_host().name() + ".example";
  }
}

void Scenario::write_mail() {
  auto& host = any_host();
  const bool may_relay = world_.chance(75);
  std::vector<Mail> mails;
  for (std::size_t left = 1 + world_.random().below(3); left > 0; --left) {
    std::set<std::string> recipients;
    for (std::size_t count = 1 + world_.random().below(4); count > 0; --count)
      recipients.insert(somebody(may_relay ? world_.chance(25) : world_.chance(90), host));
    const auto sender =
        world_.chance(70) ? fmt::format("s{}@senders.example", world_.random().below(9)) : somebody(true, any_host());
    std::size_t size = 300 + world_.random().below(3000);
    if (world_.chance(15)) size = world_.random().below(60'000);
    if (world_.chance(2)) size = Configurations::message_size + 1000;
    auto mail = ledger_.write(sender, {recipients.begin(), recipients.end()}, size);
    for (const auto& recipient : mail.recipients)
      if (!may_relay && !recipient.ends_with("@" + host.name() + ".example")) ledger_.forbid(mail, recipient);
    mails.push_back(std::move(mail));
  }
  Sender::Manners manners{
      .pipelines = world_.chance(50), .chunks = world_.chance(40), .half_closes = world_.chance(10)};
  if (world_.chance(5 * storm_)) manners.quits_after = 1 + static_cast<int>(world_.random().below(20));
  if (world_.chance(2 * storm_)) manners.stalls_after = 1 + static_cast<int>(world_.random().below(20));
  const auto from = address(may_relay ? 2 : 3, 1 + static_cast<int>(world_.random().below(5)));
  Sender::send(world_, network_, ledger_, from, {.address = host.address(), .port = 25, .unix_path = {}},
               std::move(mails), manners);
}

// More connections than one client may have.
void Scenario::flood() {
  const auto from = address(3, 9);
  const base::Endpoint to{.address = any_host().address(), .port = 25, .unix_path = {}};
  for (std::size_t i = 0; i < 3 * Configurations::per_client; ++i)
    Sender::send(world_, network_, ledger_, from, to, {}, {.stalls_after = 1});
}

void Scenario::plan_mail() {
  every(seconds(storm_ == 3 ? 30 : 90), [this] { write_mail(); });
  every(minutes(20), [this] {
    for (int i = 0; i < 12; ++i) write_mail();
  });
  every(minutes(30), [this] { flood(); });
}

// ---- faults
// ----------------------------------------------------------------------------------------------------------

// Somewhere in the middle of what it does, or while it starts again.
void Scenario::plan_power() {
  constexpr int apart[] = {0, 240, 90, 15};  // seconds
  every(seconds(apart[storm_]), [this] {
    auto& host = any_host();
    const auto loss = losses[world_.random().below(std::size(losses))];
    strikes_.push_back({.host = &host, .at_step = world_.steps() + world_.random().below(3000), .loss = loss});
  });
  every(minutes(25), [this] { any_host().stop(world_.between(seconds(1), minutes(3))); });
  every(minutes(40), [this] {
    const auto at = world_.random().below(hosts_.size());
    configured_[at].retry_first = 30 + static_cast<int>(world_.random().below(90));
    configurations_.write(configured_[at]);
    hosts_[at]->reload();
  });
}

void Scenario::strike() {
  for (std::size_t i = 0; i < strikes_.size(); ++i) {
    if (strikes_[i].at_step > world_.steps()) continue;
    const auto now = strikes_[i];
    strikes_.erase(strikes_.begin() + static_cast<std::ptrdiff_t>(i));
    const auto wait = world_.between(milliseconds(1), world_.chance(90) ? seconds(20) : minutes(20));
    now.host->lose_power(now.loss, wait);
    // And once more before it is up, or just when it is.
    if (!world_.chance(40)) return;
    world_.after(wait + world_.between(base::Duration(0), milliseconds(60)), [this, host = now.host] {
      host->lose_power(losses[world_.random().below(std::size(losses))], world_.between(milliseconds(1), seconds(20)));
    });
    return;
  }
}

void Scenario::plan_disks() {
  every(minutes(40), [this] {
    auto& host = any_host();
    host.slow_disk(world_.between(milliseconds(20), milliseconds(300)),
                   world_.now() + world_.between(seconds(10), minutes(10)));
  });
  every(minutes(50), [this] {
    auto& host = any_host();
    host.fail_disk(world_.random().below(40), world_.chance(60) ? EIO : ENOSPC);
    world_.after(seconds(20), [&host] { host.disk().fail_at(0, 0); });
  });
  every(minutes(60), [this] {
    auto& host = any_host();
    host.fill_disk(true);
    const auto length = world_.between(seconds(10), minutes(15));
    for (auto at = base::Duration(0); at < length + Ledger::settling; at += Ledger::settling / 2)
      world_.after(at, [&host] { host.note_trouble(); });
    world_.after(length, [&host] { host.fill_disk(false); });
  });
}

void Scenario::change_weather() {
  const auto up_to = [this](unsigned most) { return static_cast<unsigned>(world_.random().below(most * storm_ + 1)); };
  network_.set_weather({.refused = up_to(5), .silent = up_to(5), .cut = up_to(8), .slow = up_to(5)});
  names_.set_weather({.failed = up_to(8),
                      .silent = up_to(5),
                      .absent = up_to(1),
                      .wrong = may_lie() ? up_to(2) : 0,
                      .slow = up_to(8)});
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    Moods moods{.unwilling = up_to(6),
                .rejecting = up_to(3),
                .hanging_up = up_to(4),
                .mute = up_to(3),
                .slow = up_to(6),
                .half_closing = up_to(2)};
    if (i + 1 == receivers_.size()) moods.rejecting = 0;
    receivers_[i]->set_moods(moods);
  }
}

void Scenario::plan_faults() {
  change_weather();
  every(minutes(12), [this] { change_weather(); });
  if (storm_ == 0) return;
  plan_power();
  plan_disks();
  every(minutes(15), [this] { network_.cut_some(50, world_.chance(50) ? Wire::Cut::reset : Wire::Cut::silence); });
  every(minutes(30), [this] {
    const auto& receiver_or_host =
        world_.chance(50) ? any_host().address() : address(1, 1 + static_cast<int>(world_.random().below(4)));
    network_.part(any_host().address(), receiver_or_host);
    world_.after(world_.between(seconds(5), minutes(20)), [this] { network_.mend(); });
  });
  every(minutes(40), [this] {
    const auto at = world_.random().below(receivers_.size());
    receivers_[at]->close();
    world_.after(world_.between(seconds(5), minutes(30)), [this, at] { receivers_[at]->open(); });
  });
  every(minutes(90), [this] {
    const auto by = world_.between(base::Duration(0), largest_jump);
    any_host().clock().jump(world_.chance(50) ? by : -by);
  });
}

void Scenario::heal() {
  world_.note("all is well");
  network_.set_weather({});
  network_.mend();
  names_.set_weather({});
  for (const auto& receiver : receivers_) {
    receiver->set_moods({});
    receiver->open();
  }
  strikes_.clear();
  for (const auto& host : hosts_) {
    host->fill_disk(false);
    host->disk().fail_at(0, 0);
    host->slow_disk({}, {});
  }
}

// ---- the run
// ---------------------------------------------------------------------------------------------------------

// What waits has its turn ahead, and soon.
void Scenario::check_waiting() {
  for (const auto& host : hosts_) {
    if (!host->is_up()) continue;
    const auto latest = host->clock().wall() + 2 * Configurations::longest_retry + 2 * largest_jump;
    for (const auto& entry : host->queue())
      for (const auto& item : entry.items)
        if (item.state == queue::State::waiting && item.next_attempt > latest)
          ledger_.complain("waiting",
                           fmt::format("{} has mail that waits too long: {}", host->name(), to_string(entry.id)));
  }
}

void Scenario::collect() {
  for (const auto& host : hosts_)
    for (const auto& filed : host->collect()) ledger_.received(filed.recipient, filed.message);
}

bool Scenario::is_all_done() {
  collect();
  if (ledger_.open() > 0) return false;
  for (const auto& host : hosts_)
    if (!host->is_up() || !host->queue().empty()) return false;
  return true;
}

Report Scenario::run() {
  const auto began = world_.now();
  for (const auto& host : hosts_) world_.after(seconds(0), [&host] { host->start(); });
  plan_mail();
  plan_faults();
  world_.before_step([this] {
    if (!strikes_.empty()) strike();
  });
  world_.run_until(calm_);
  heal();
  world_.run_until(world_.now() + minutes(1));
  check_waiting();
  while (!is_all_done() && world_.now() < calm_ + longest_calm) world_.run_until(world_.now() + minutes(10));
  for (const auto& host : hosts_) {
    if (!host->is_up()) ledger_.complain("down", host->name() + " does not come up again");
    if (host->is_up() && !host->queue().empty())
      ledger_.complain("waiting", host->name() + " has mail that waits for ever");
  }
  collect();
  ledger_.settle();
  Report report{.seed = seed_,
                .virtual_time = world_.now() - began,
                .events = world_.steps(),
                .trace = world_.trace(),
                .mail = ledger_.counts(),
                .complaints = ledger_.complaints()};
  for (const auto& host : hosts_) {
    report.power_losses += host->power_losses();
    report.starts += host->starts();
    report.reloads += host->reloads();
  }
  return report;
}

}  // namespace godwit::sim
