// SPDX-License-Identifier: Apache-2.0
#include "sim/host/scenario.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

#include <fmt/format.h>

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
    : seed_(seed),
      configurations_(configurations),
      world_(seed),
      ledger_(world_),
      network_(world_),
      names_(world_),
      orders_(world_, ledger_, hosts_) {
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
    if (world_.random().below(3) == 0) configuration.expire = minutes(60);
    if (world_.random().below(2) == 0) configuration.warn = minutes(10);
    configuration.aliases = {
        {fmt::format("all@h{}.example", i),
         {fmt::format("u0@h{}.example", i), fmt::format("u2@h{}.example", (i + 1) % host_count), "u1@r0.example",
          "nobody@r0.example"}},
        {fmt::format("away@h{}.example", i), {"u3@r1.example"}},
    };
    for (const auto& [alias, members] : configuration.aliases)
      ledger_.set_alias(alias, {configuration.address, members});
    configuration.store = address(5, static_cast<int>(i) + 1);
    configuration.has_users = world_.random().below(3) > 0;
    auto live = configurations_.load(configuration);
    const auto path = configurations_.write(configuration);
    const auto domain = configuration.name + ".example";
    add_store(configuration);
    names_.set_mx(domain, {"mx." + domain});
    names_.set_address("mx." + domain, configuration.address);
    ledger_.limits().set(configuration.address, {.incoming = Configurations::incoming,
                                                 .per_client = Configurations::per_client,
                                                 .outgoing = Configurations::outgoing,
                                                 // Where names lie, hosts of several sites may have one address.
                                                 .per_destination = may_lie() ? 0 : Configurations::per_destination,
                                                 .messages_per_connection = Configurations::messages_per_connection,
                                                 .recipients = Configurations::recipients,
                                                 .message_size = Configurations::message_size,
                                                 .messages_per_minute = Configurations::messages_per_minute,
                                                 .trusted = *base::IpNetwork::parse("10.2.0.0/16")});
    const auto started = [this](Daemon& host) {
      ledger_.limits().began_anew(host.address());
      world_.after(world_.between(milliseconds(0), seconds(3)), [this, &host] { check_queue(host, Look::first); });
    };
    hosts_.push_back(std::make_unique<Daemon>(Around{world_, network_, names_, ledger_, started}, configuration.name,
                                              configuration.address, path, std::move(live)));
    configured_.push_back(std::move(configuration));
  }
  const auto add = [&](int number, const std::string& domain, const std::string& host) {
    const auto here = address(1, number), there = address(1, number + 10);
    names_.set_address(host, here);
    ledger_.limits().set_destination(there, here);
    receivers_.push_back({.name = host,
                          .here = here,
                          .there = there,
                          .receiver = std::make_unique<Receiver>(world_, network_, ledger_, here, std::set{domain})});
    receivers_.back().receiver->open();
  };
  names_.set_mx("r0.example", {"a.r0.example", "b.r0.example"});
  add(1, "r0.example", "a.r0.example");
  add(2, "r0.example", "b.r0.example");
  for (const int number : {2, 12}) ledger_.limits().set_destination(address(1, number), address(1, 1));
  names_.set_mx("r1.example", {"mx.r1.example"});
  add(3, "r1.example", "mx.r1.example");
  add(4, "r1.example", "new.r1.example");
  // Where reports go: it may be out of reach, but it takes them in the end.
  names_.set_mx("senders.example", {"mx.senders.example"});
  add(5, "senders.example", "mx.senders.example");
  names_.trust("senders.example");
  names_.trust("mx.senders.example");
  for (const auto& host : hosts_) {
    names_.trust(host->name() + ".example");
    names_.trust("mx." + host->name() + ".example");
  }
}

void Scenario::add_store(const Configuration& configuration) {
  const auto domain = "store." + configuration.name + ".example";
  names_.set_mx(domain, {"mx." + configuration.name + ".example"});
  names_.trust(domain);
  stores_.push_back(std::make_unique<Receiver>(world_, network_, ledger_, configuration.store, std::set{domain},
                                               Receiver::Protocol::lmtp));
  stores_.back()->open();
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

void Scenario::plan_mail() {
  clients_.emplace(world_, network_, ledger_, hosts_, storm_);
  constexpr int apart[] = {240, 120, 60, 30};  // seconds
  every(seconds(apart[storm_]), [this] { clients_->send(); });
  every(2 * seconds(apart[storm_]), [this] { clients_->submit(); });
  every(minutes(40), [this] {
    for (int i = 0; i < 12; ++i) clients_->send();
  });
  every(minutes(30), [this] { clients_->flood(); });
  every(minutes(5), [this] { orders_.give(); });
}

// ---- faults
// ----------------------------------------------------------------------------------------------------------

// Somewhere in the middle of what it does, or while it starts again.
void Scenario::plan_power() {
  constexpr int apart[] = {0, 120, 30, 10};  // seconds
  every(seconds(apart[storm_]), [this] {
    auto& host = any_host();
    const auto loss = losses[world_.random().below(std::size(losses))];
    strikes_.push_back({.host = &host, .at_step = world_.steps() + world_.random().below(3000), .loss = loss});
  });
  every(minutes(25), [this] { any_host().stop(world_.between(seconds(1), minutes(3))); });
}

// Now and then the file is wrong, and stays so until the next time.
void Scenario::plan_reloads() {
  every(minutes(20), [this] {
    const auto at = world_.random().below(hosts_.size());
    auto& configured = configured_[at];
    configured.is_wrong = world_.chance(25);
    configured.retry_first = 30 + 10 * static_cast<int>(world_.random().below(10));
    configured.per_destination = Configurations::per_destination - world_.random().below(2);
    configurations_.write(configured);
    hosts_[at]->reload(configured.is_wrong ? nullptr : configurations_.load(configured));
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
  every(minutes(50), [this] { out_of_space(any_host()); });
}

// At once, or when so much more was written.
void Scenario::out_of_space(Daemon& host) {
  host.fill_disk(world_.chance(50) ? 0 : world_.random().below(std::uint64_t{512} << 10U), world_.chance(70));
  const auto length = world_.between(seconds(10), minutes(15));
  for (auto at = base::Duration(0); at < length + Ledger::settling; at += Ledger::settling / 2)
    world_.after(at, [&host] { host.note_trouble(); });
  world_.after(length, [&host] { host.clear_disk(); });
}

void Scenario::change_weather() {
  const auto up_to = [this](unsigned most) { return static_cast<unsigned>(world_.random().below(most * storm_ + 1)); };
  network_.set_weather(
      {.refused = up_to(5), .silent = up_to(5), .cut = up_to(8), .slow = up_to(5), .crumbling = up_to(10)});
  names_.set_weather({.failed = up_to(8),
                      .silent = up_to(5),
                      .absent = up_to(1),
                      .wrong = may_lie() ? up_to(2) : 0,
                      .slow = up_to(8)});
  const auto any_moods = [&up_to] {
    return Moods{.unwilling = up_to(6),
                 .rejecting = up_to(3),
                 .hanging_up = up_to(4),
                 .mute = up_to(3),
                 .slow = up_to(6),
                 .half_closing = up_to(2)};
  };
  for (const auto& store : stores_) store->set_moods(any_moods());
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    auto moods = any_moods();
    if (i + 1 == receivers_.size()) moods.rejecting = 0;
    receivers_[i].receiver->set_moods(moods);
  }
}

void Scenario::plan_faults() {
  change_weather();
  every(minutes(12), [this] { change_weather(); });
  plan_reloads();
  plan_names();
  if (storm_ == 0) return;
  plan_power();
  plan_disks();
  plan_network();
  every(minutes(90), [this] {
    const auto by = world_.between(base::Duration(0), largest_jump);
    any_host().clock().jump(world_.chance(50) ? by : -by);
  });
}

void Scenario::plan_network() {
  every(minutes(15), [this] { network_.cut_some(50, world_.chance(50) ? Wire::Cut::reset : Wire::Cut::silence); });
  every(minutes(30), [this] {
    const auto& other = world_.chance(50) ? any_host().address() : any_receiver().receiver->address();
    network_.part(any_host().address(), other);
    world_.after(world_.between(seconds(5), minutes(20)), [this] { network_.mend(); });
  });
  every(minutes(40), [this] {
    auto& receiver = world_.chance(30) ? *stores_[world_.random().below(stores_.size())] : *any_receiver().receiver;
    receiver.close();
    world_.after(world_.between(seconds(5), minutes(30)), [&receiver] { receiver.open(); });
  });
}

// Hosts move, and domains change theirs.  Whoever knows the old ones still may use them, in vain.
void Scenario::plan_names() {
  every(minutes(40), [this] {
    auto& moving = any_receiver();
    moving.receiver->move_to(moving.receiver->address() == moving.here ? moving.there : moving.here);
    names_.set_address(moving.name, moving.receiver->address());
  });
  every(minutes(60), [this] {
    names_.set_mx("r1.example", {world_.chance(50) ? "mx.r1.example" : "new.r1.example"});
    names_.set_mx("r0.example", world_.chance(50) ? std::vector<std::string>{"a.r0.example", "b.r0.example"}
                                                  : std::vector<std::string>{"b.r0.example", "a.r0.example"});
  });
}

void Scenario::heal() {
  world_.note("all is well");
  network_.set_weather({});
  network_.mend();
  names_.set_weather({});
  for (const auto& one : receivers_) {
    one.receiver->set_moods({});
    one.receiver->open();
  }
  for (const auto& store : stores_) {
    store->set_moods({});
    store->open();
  }
  strikes_.clear();
  for (const auto& host : hosts_) {
    host->clear_disk();
    host->disk().fail_at(0, 0);
    host->slow_disk({}, {});
  }
}

// ---- the run
// ---------------------------------------------------------------------------------------------------------

// What the host has promised waits there, or has arrived, and has its turn ahead, soon.  Just after a start it may
// still be reading: there is a second look.
void Scenario::check_queue(Daemon& host, Look look) {
  const auto since = world_.now();
  const auto entries = host.queue();
  if (!entries) return;
  ++checks_;
  Ledger::Waiting waiting;
  const auto latest = host.clock().wall() + 2 * Configurations::longest_retry + host.clock().jumped_back();
  for (const auto& entry : *entries) {
    auto& recipients = waiting[to_string(entry.id)];
    for (const auto& recipient : entry.envelope.recipients)
      if (recipient.state == mail::RecipientState::waiting) recipients.insert(to_string(recipient.address));
    orders_.check(host, entry);
    for (const auto& item : entry.items)
      if (item.state == queue::State::waiting && item.next_attempt > latest)
        ledger_.complain("waiting",
                         fmt::format("{} has mail that waits too long: {}", host.name(), to_string(entry.id)));
  }
  auto missing = ledger_.missing(host.address(), waiting, since);
  if (missing.empty()) return;
  for (const auto& filed : host.filed())
    std::erase_if(missing, [number = Ledger::number_of(filed.message), &filed](const auto& one) {
      return one.mail == number && one.recipient == filed.recipient;
    });
  if (missing.empty()) return;
  if (look == Look::first)
    return world_.after(seconds(30), [this, &host, life = host.starts()] {
      if (host.starts() == life) check_queue(host, Look::last);
    });
  for (const auto& [mail, recipient, id] : missing)
    ledger_.complain("missing", fmt::format("mail {} to {} is not in the queue of {}, which has promised it as {}",
                                            mail, recipient, host.name(), id));
}

void Scenario::collect() {
  for (const auto& host : hosts_)
    for (const auto& filed : host->collect()) ledger_.received(filed.recipient, filed.message);
}

bool Scenario::is_all_done() {
  collect();
  orders_.release_all();
  if (ledger_.open() > 0) return false;
  return std::ranges::all_of(hosts_, [](const auto& host) {
    const auto queue = host->queue();
    return queue && queue->empty();
  });
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
  for (const auto& host : hosts_) check_queue(*host, Look::first);
  while (!is_all_done() && world_.now() < calm_ + longest_calm) world_.run_until(world_.now() + minutes(10));
  for (const auto& host : hosts_) {
    const auto queue = host->queue();
    if (!queue) ledger_.complain("down", host->name() + " does not come up again");
    if (queue && !queue->empty()) ledger_.complain("waiting", host->name() + " has mail that waits for ever");
  }
  collect();
  ledger_.settle();
  Report report{.seed = seed_,
                .virtual_time = world_.now() - began,
                .events = world_.steps(),
                .trace = world_.trace(),
                .checks = checks_,
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
