// SPDX-License-Identifier: Apache-2.0
#include "sim/host/scenario.hpp"

#include <algorithm>
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
    if (world_.random().below(3) == 0) configuration.expire = minutes(60);
    if (world_.random().below(2) == 0) configuration.warn = minutes(10);
    auto live = configurations_.load(configuration);
    const auto path = configurations_.write(configuration);
    const auto domain = configuration.name + ".example";
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
    for (std::size_t count = world_.chance(3) ? 16 : 1 + world_.random().below(4); count > 0; --count)
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
  const bool smuggles = world_.chance(3);
  if (smuggles) smuggle(mails.back());
  Sender::Manners manners{
      .pipelines = world_.chance(50), .chunks = !smuggles && world_.chance(40), .half_closes = world_.chance(10)};
  if (world_.chance(5 * storm_)) manners.quits_after = 1 + static_cast<int>(world_.random().below(20));
  if (world_.chance(2 * storm_)) manners.stalls_after = 1 + static_cast<int>(world_.random().below(20));
  const auto from = address(may_relay ? 2 : 3, 1 + static_cast<int>(world_.random().below(5)));
  Sender::send(world_, network_, ledger_, from, {.address = host.address(), .port = 25, .unix_path = {}},
               std::move(mails), manners);
}

// More connections than one client may have.
// Behind an end that is none, in the name of this client, a message that nobody may send.
void Scenario::smuggle(Mail& mail) {
  constexpr std::string_view ends[] = {"\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "\r.\r\n"};
  const std::string recipient = "u1@r1.example";
  const auto hidden = ledger_.write("s1@senders.example", {recipient}, 300);
  ledger_.forbid(hidden, recipient);
  mail.smuggled = fmt::format("{}MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n{}",
                              ends[world_.random().below(std::size(ends))], hidden.sender, recipient, hidden.body);
}

// One client, or many, with more connections than they may have, or more messages.
void Scenario::flood() {
  const auto& host = any_host();
  const base::Endpoint to{.address = host.address(), .port = 25, .unix_path = {}};
  const auto connect = [&](int from, std::size_t count, std::size_t messages) {
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<Mail> mails;
      while (mails.size() < messages) mails.push_back(ledger_.write("s1@senders.example", {somebody(true, host)}, 300));
      const Sender::Manners manners{.stalls_after = messages == 0 ? 1 : -1};
      Sender::send(world_, network_, ledger_, address(3, from), to, std::move(mails), manners);
    }
  };
  switch (world_.random().below(3)) {
    case 0:
      return connect(9, 3 * Configurations::per_client, 0);
    case 1:
      return connect(9, Configurations::per_client, 3 * Configurations::messages_per_minute);
    default:
      for (int from = 10; from < 18; ++from) connect(from, Configurations::per_client, 0);
  }
}

void Scenario::plan_mail() {
  constexpr int apart[] = {240, 120, 60, 30};  // seconds
  every(seconds(apart[storm_]), [this] { write_mail(); });
  every(minutes(40), [this] {
    for (int i = 0; i < 12; ++i) write_mail();
  });
  every(minutes(30), [this] { flood(); });
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
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    Moods moods{.unwilling = up_to(6),
                .rejecting = up_to(3),
                .hanging_up = up_to(4),
                .mute = up_to(3),
                .slow = up_to(6),
                .half_closing = up_to(2)};
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
    auto& receiver = *any_receiver().receiver;
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
    for (const auto& item : entry.items)
      if (item.state == queue::State::held || (item.state == queue::State::waiting && item.next_attempt > latest))
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
