// SPDX-License-Identifier: Apache-2.0
#include "sim/host/daemon.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>

#include "daemon/control_backend.hpp"
#include "godwit/log/recent_lines.hpp"

namespace godwit::sim {
namespace {

using std::chrono::microseconds, std::chrono::milliseconds, std::chrono::seconds;

// What a daemon says only when something is wrong with it, and not with its world.
constexpr std::string_view confessions[] = {"task_failed",        "queue_forgot",   "queue_inconsistent",
                                            "queue_unreadable",   "spool_damaged",  "message_damaged",
                                            "spool_body_missing", "update_damaged", "unreadable"};

// Whether all of it is done.
boost::asio::awaitable<bool> carry_out(std::unique_ptr<daemon::ControlBackend> backend, control::QueueOrder order,
                                       std::optional<base::MessageId> id, dispatch::Selector selector) {
  if (id) {
    auto changing = backend->queue_change(order, *id);
    const auto changed = co_await std::move(changing);
    co_return changed.has_value();
  }
  dispatch::Page page{.limit = 100};
  do {
    auto changing = backend->queue_change_many(order, selector, page);
    const auto changed = co_await std::move(changing);
    if (!changed) co_return false;
    page.after = changed->next;
  } while (page.after);
  co_return true;
}

}  // namespace

class Daemon::Log final : public log::FileLogger {
 public:
  explicit Log(Daemon& daemon) : daemon_(daemon) {}
  bool enabled(log::Level level) const override { return level >= log::Level::info; }
  void write(log::Level, std::string_view event, std::span<const log::Field> fields) override {
    std::string line = fmt::format("{} {}", daemon_.name_, event);
    for (const auto& field : fields) line += fmt::format(" {}={}", field.name, std::visit(as_text, field.value));
    forget_folder(line);
    daemon_.around_.world.note(line);
    follow(event, fields);
    if (std::ranges::find(confessions, event) != std::end(confessions) && !daemon_.disk_.dead())
      daemon_.around_.ledger.complain(event, line);
  }
  void start() override {}
  base::Result<> reopen() override { return {}; }
  void set_level(log::Level) override {}
  void flush() override {}

 private:
  // Where configurations lie differs from process to process.
  void forget_folder(std::string& line) const {
    const auto folder = daemon_.configuration_file_.substr(0, daemon_.configuration_file_.rfind('/'));
    for (auto at = line.find(folder); at != std::string::npos; at = line.find(folder, at))
      line.erase(at, folder.size());
  }
  static constexpr auto as_text = [](const auto& value) { return fmt::format("{}", value); };
  // Which mail a message is, and when it is done with.
  void follow(std::string_view event, std::span<const log::Field> fields) const {
    const bool is_end = event == "bounced" || event == "expired";
    if (event != "accepted" && event != "delivered" && !is_end) return;
    std::map<std::string_view, std::string> said;
    for (const auto& field : fields) said[field.name] = std::visit(as_text, field.value);
    auto& ledger = daemon_.around_.ledger;
    const auto& mark = said["message_id"];  // "<7@sim>"; reports have others
    const auto& to = said["to"];
    if (mark.ends_with("@sim>"))
      ledger.named(daemon_.address_, said["id"], std::strtoull(mark.c_str() + 1, nullptr, 10));
    if (event == "accepted" || to.size() < 3) return;
    const auto recipient = to.substr(1, to.size() - 2);
    if (is_end)
      ledger.gave_up(daemon_.address_, said["id"], recipient);
    else
      ledger.done(daemon_.address_, said["id"], recipient);
  }
  Daemon& daemon_;
};

struct Daemon::Life {
  Life(Machine::Place place, const config::Settings& settings) : machine(std::move(place), settings) {}
  Machine machine;
  log::RecentLines recent;
  std::unique_ptr<daemon::Host> host;
};

Daemon::Daemon(Around around, std::string name, base::IpAddress address, std::string configuration_file,
               std::shared_ptr<const daemon::LiveSettings> live)
    : around_(around),
      name_(std::move(name)),
      address_(address),
      configuration_file_(std::move(configuration_file)),
      live_(std::move(live)),
      clock_(around.world),
      disk_(test::SimDisk::Completion::posted),
      log_(std::make_unique<Log>(*this)) {
  disk_.on_rename([this](const std::string& to) {
    if (to.find("/new/") != std::string::npos) filed_lately_.emplace_back(around_.world.now(), to);
    while (!filed_lately_.empty() && filed_lately_.front().first < around_.world.now() - Ledger::settling) {
      fetch(filed_lately_.front().second);
      filed_lately_.pop_front();
    }
  });
  disk_.on_failure([this] { note_trouble(); });
}

Daemon::~Daemon() {
  if (life_) end_life();
}

base::Duration Daemon::disk_time(std::uint64_t bytes, bool is_sync) {
  auto& world = around_.world;
  if (world.now() < slow_until_) return world.between(base::Duration(0), slowness_);
  if (is_sync) return world.between(microseconds(100), milliseconds(8));
  return microseconds(world.random().below(20) + bytes / 500);
}

void Daemon::start() {
  if (life_) return;
  ++starts_;
  around_.world.note(name_ + " starts");
  busy_ = true;
  life_ = std::make_unique<Life>(
      Machine::Place{.world = around_.world,
                     .network = around_.network,
                     .names = around_.names,
                     .clock = clock_,
                     .disk = disk_,
                     .address = address_,
                     .disk_time = [this](auto bytes, bool is_sync) { return disk_time(bytes, is_sync); }},
      live_->settings);
  auto ask_to_stop = [this, number = starts_] {
    around_.world.after(base::Duration(0), [this, number] { fail(number); });
  };
  life_->host = std::make_unique<daemon::Host>(configuration_file_, live_, life_->machine, *log_, life_->recent,
                                               std::move(ask_to_stop));
  auto up = life_->host->bind({});
  if (up) up = life_->host->open();
  if (up && !lost_) life_->host->start();
  busy_ = false;
  if (!up) around_.world.note(name_ + " does not start: " + up.error().message);
  if (!up || lost_) return settle(seconds(5));
  around_.started(*this);
}

// The host wants to end; in this life.
void Daemon::fail(std::uint64_t life) {
  if (!life_ || life != starts_) return;
  note_trouble();
  if (is_up()) {
    stop(seconds(5));
    return note_trouble();  // what was under way and came to its end in the meantime could not be recorded either
  }
  around_.world.after(seconds(1), [this, life] { fail(life); });
}

// What became of the host while it started or stopped.
void Daemon::settle(base::Duration wait) {
  end_life();
  if (const auto lost = std::exchange(lost_, {})) {
    disk_.crash(lost->loss, around_.world.random().next());
    wait = lost->wait;
  }
  start_later(wait);
}

void Daemon::start_later(base::Duration wait) {
  around_.world.after(wait, [this] { start(); });
}

void Daemon::end_life() {
  life_->machine.unplug();
  life_->machine.abandon();
  life_.reset();
}

void Daemon::lose_power(test::Loss loss, base::Duration until_it_comes_back) {
  if (!life_ || lost_) return;
  ++power_losses_;
  around_.world.note(fmt::format("{} loses power {}", name_, static_cast<int>(loss)));
  note_trouble();
  lost_ = Loss{loss, until_it_comes_back};
  disk_.die_at(0);
  life_->machine.unplug();
  if (!busy_) settle({});
}

void Daemon::stop(base::Duration until_it_starts_again) {
  if (!is_up()) return;
  around_.world.note(name_ + " stops");
  busy_ = true;
  life_->host->stop();
  busy_ = false;
  settle(until_it_starts_again);
}

void Daemon::reload(std::shared_ptr<const daemon::LiveSettings> live) {
  if (live) live_ = std::move(live);
  if (!is_up()) return;
  ++reloads_;
  around_.world.note(name_ + " reloads");
  life_->host->start_reload();
}

void Daemon::fail_disk(std::uint64_t after, int code) {
  disk_.fail_at(disk_.operations() + 1 + after, code);
}

void Daemon::slow_disk(base::Duration at_most, base::MonoTime until) {
  slowness_ = at_most;
  slow_until_ = until;
}

void Daemon::fill_disk(std::uint64_t left, bool inodes) {
  disk_.set_capacity(disk_.used() + left);
  disk_.set_out_of_inodes(!inodes);
}

void Daemon::clear_disk() {
  disk_.set_capacity(~std::uint64_t{0});
  disk_.set_out_of_inodes(false);
}

void Daemon::note_trouble() {
  around_.ledger.host_in_trouble(address_, clock_.wall());
  const auto since = around_.world.now() - Ledger::settling;
  for (const auto& [when, path] : filed_lately_)
    if (when >= since)
      if (const auto message = disk_.contents(path)) around_.ledger.may_be_repeated(*message);
}

std::optional<std::vector<control::QueueEntry>> Daemon::queue() {
  if (!is_up()) return {};
  std::vector<control::QueueEntry> all;
  bool complete = false;
  busy_ = true;
  daemon::ControlBackend backend(*life_->host);
  auto ask = [](daemon::ControlBackend& asked, std::vector<control::QueueEntry>& into,
                bool& answered) -> boost::asio::awaitable<void> {
    dispatch::Page page{.limit = 100};
    do {
      auto listing = asked.queue_list({}, page);
      auto got = co_await std::move(listing);
      if (!got) co_return;
      for (auto& entry : got->entries) into.push_back(std::move(entry));
      page.after = got->next;
    } while (page.after);
    answered = true;
  };
  auto running = boost::asio::co_spawn(life_->machine.reactors()[0].executor(), ask(backend, all, complete),
                                       boost::asio::use_future);
  life_->machine.wait(running, base::no_deadline);
  running.get();
  busy_ = false;
  if (lost_) settle({});
  if (!complete || !is_up()) return {};
  return all;
}

void Daemon::order(control::QueueOrder order, std::optional<base::MessageId> id, dispatch::Selector selector,
                   std::function<void(bool)> then) {
  if (!is_up()) return;
  around_.world.note(fmt::format("{} is ordered to {} {} {} {}", name_, control::to_string(order.verb),
                                 id ? to_string(*id) : "all", selector.sender, selector.recipient));
  auto running =
      carry_out(std::make_unique<daemon::ControlBackend>(*life_->host), std::move(order), id, std::move(selector));
  boost::asio::co_spawn(life_->machine.reactors()[0].executor(), std::move(running),
                        [this, then = std::move(then)](const std::exception_ptr& failure, bool done) {
                          if (failure) std::rethrow_exception(failure);
                          around_.world.note(fmt::format("{} has done as it was ordered: {}", name_, done));
                          then(done);
                        });
}

// /sim/mail/DOMAIN/LOCAL/new/NAME
std::optional<std::string> Daemon::recipient_of(const std::string& path) {
  constexpr std::string_view root = "/sim/mail/";
  if (!path.starts_with(root)) return {};
  const auto domain_end = path.find('/', root.size());
  const auto local_end = path.find('/', domain_end + 1);
  if (path.substr(local_end, 5) != "/new/") return {};
  const auto domain = path.substr(root.size(), domain_end - root.size());
  return path.substr(domain_end + 1, local_end - domain_end - 1) + "@" + domain;
}

// The user reads it, and takes it away: mailboxes stay small, and a power loss has little to look through.
void Daemon::fetch(const std::string& path) {
  if (collected_.contains(path)) return;
  if (const auto message = disk_.take_durable(path)) around_.ledger.received(*recipient_of(path), *message);
}

std::vector<Daemon::Filed> Daemon::filed(const std::set<std::string>& but) const {
  std::vector<Filed> all;
  for (const auto& name : disk_.names()) {
    const auto recipient = recipient_of(name);
    if (recipient && !but.contains(name))
      all.push_back({.name = name, .recipient = *recipient, .message = *disk_.contents(name)});
  }
  return all;
}

std::vector<Daemon::Filed> Daemon::collect() {
  auto all = filed(collected_);
  for (const auto& one : all) collected_.insert(one.name);
  return all;
}

}  // namespace godwit::sim
