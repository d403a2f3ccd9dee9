// SPDX-License-Identifier: Apache-2.0
// The spool alone, on a real disk: how fast it commits, starts and lists, and what it takes.
//
//   spool_bench MODE DIRECTORY [--messages N] [--size BYTES] [--senders N] [--seconds N] [--stay PERCENT]
//
//   fill    commits N messages that stay
//   start   opens the spool as `fill` left it, and lists it: time, memory a message
//   commit  parallel senders for some seconds, each message done at once: commits a second, syncs a message, latency
//   idle    one sender with pauses: latency and syncs of a lone commit
//   steady  like commit, but some messages stay: the most space used beside its bound
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "godwit/disk/posix_disk.hpp"
#include "godwit/log/logger.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::bench {
namespace {

using namespace std::chrono_literals;
using base::MonoTime;

struct Options {
  std::string mode;
  std::string directory;
  std::uint64_t messages = 1'000'000;
  std::size_t size = 4096;
  std::size_t senders = 100;
  std::uint64_t seconds = 5;
  std::uint64_t stay = 2;  // of a hundred messages
};

double seconds_since(const base::Clock& clock, MonoTime start) {
  return std::chrono::duration<double>(clock.mono() - start).count();
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {
    body_.reserve(options_.size);
    while (body_.size() + 80 <= options_.size) body_.append(78, 'x').append("\r\n");
    settings_.directory = options_.directory;
    settings_.min_free = 0;
  }
  ~Bench() {
    pool_.join();
    committer_.join();
    callers_.join();
  }

  int run() {
    if (options_.mode == "fill") return fill();
    if (options_.mode == "start") return start();
    if (options_.mode == "commit") return commit(0);
    if (options_.mode == "idle") return idle();
    if (options_.mode == "steady") return commit(options_.stay);
    std::fprintf(stderr, "unknown mode %s\n", options_.mode.c_str());
    return 2;
  }

 private:
  template <class T>
  T wait(boost::asio::awaitable<T> task) {
    return boost::asio::co_spawn(callers_, std::move(task), boost::asio::use_future).get();
  }
  bool open() {
    auto opened = wait(spool::open_spool(settings_, disk_, clock_, random_, log::null_logger(),
                                         {committer_.get_executor(), pool_.get_executor(), pool_.get_executor()}));
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().message.c_str());
      return false;
    }
    spool_ = std::move(*opened);
    return true;
  }
  void close() {
    boost::asio::co_spawn(callers_, spool_->stop(), boost::asio::use_future).get();
    spool_.reset();
  }

  mail::Envelope envelope(std::uint64_t number) const {
    mail::Envelope e;
    e.sender = smtp::Mailbox{"sender" + std::to_string(number % 1000), "source.example"};
    e.recipients.push_back(
        {.address = {"user" + std::to_string(number), "d" + std::to_string(number % 500) + ".example"},
         .original = {},
         .orcpt = {},
         .last_reply = {}});
    e.accepted = clock_.wall();
    e.client_address = "192.0.2.1";
    e.client_hello = "client.example";
    e.protocol = "ESMTPS";
    return e;
  }

  boost::asio::awaitable<bool> send(std::uint64_t number, bool stays) {
    auto incoming = spool_->begin(body_.size());
    if (!incoming) co_return false;
    auto written = co_await (*incoming)->write(body_);
    if (!written) co_return false;
    auto committed = co_await (*incoming)->commit(envelope(number));
    if (!committed) co_return false;
    if (stays) co_return true;
    mail::Update update;
    update.recipients.push_back({0, mail::RecipientState::delivered, "250 2.0.0 Ok: queued as 0123456789ABC"});
    spool_->update(*committed, std::move(update));
    co_return true;
  }

  // Sends until `next` reaches `end` or the time is over; gives latencies in seconds.
  boost::asio::awaitable<std::vector<float>> sender(std::atomic<std::uint64_t>& next, std::uint64_t end, MonoTime until,
                                                    std::uint64_t stay) {
    std::vector<float> latencies;
    while (clock_.mono() < until) {
      const std::uint64_t number = next++;
      if (number >= end) break;
      const MonoTime begun = clock_.mono();
      auto sending = send(number, number % 100 < stay);
      const bool sent = co_await std::move(sending);
      if (!sent) {
        // Back-pressure: as a session would, later.
        boost::asio::steady_timer timer(callers_, 5ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
        continue;
      }
      latencies.push_back(static_cast<float>(seconds_since(clock_, begun)));
    }
    co_return latencies;
  }

  std::vector<float> send_all(std::uint64_t end, MonoTime until, std::uint64_t stay) {
    std::atomic<std::uint64_t> next = 0;
    std::vector<std::future<std::vector<float>>> senders;
    for (std::size_t i = 0; i < options_.senders; ++i)
      senders.push_back(boost::asio::co_spawn(callers_, sender(next, end, until, stay), boost::asio::use_future));
    std::vector<float> all;
    for (auto& one : senders) {
      const auto some = one.get();
      all.insert(all.end(), some.begin(), some.end());
    }
    std::ranges::sort(all);
    return all;
  }

  static void print_latencies(const std::vector<float>& sorted) {
    if (sorted.empty()) return;
    const auto at = [&](double part) {
      return 1000.0 *
             static_cast<double>(sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))]);
    };
    std::printf("latency ms: median %.2f, p99 %.2f, most %.2f\n", at(0.5), at(0.99), at(1));
  }

  int fill() {
    if (!open()) return 1;
    const MonoTime start = clock_.mono();
    const auto sent = send_all(options_.messages, base::no_deadline, 100);
    std::printf("%zu messages in %.1f s\n", sent.size(), seconds_since(clock_, start));
    close();
    return 0;
  }

  int start() {
    const std::uint64_t before = resident_bytes();
    MonoTime start = clock_.mono();
    if (!open()) return 1;
    const double opened = seconds_since(clock_, start);
    const std::uint64_t after = resident_bytes();
    start = clock_.mono();
    std::uint64_t listed = 0;
    std::uint64_t destinations = 0;
    auto listing = spool_->for_each_live(spool::Listing::fast, [&](const spool::Summary& summary) {
      ++listed;
      destinations += summary.waiting.size();
      return true;
    });
    const auto result = wait(std::move(listing));
    const double told = seconds_since(clock_, start);
    if (!result || listed == 0) return 1;
    std::printf("%lu messages, %lu destinations: ready after %.2f s, listed in %.2f s\n", listed, destinations, opened,
                told);
    std::printf("resident: %.1f MiB before, %.1f MiB ready (%.0f bytes a message), %.1f MiB after listing\n",
                static_cast<double>(before) / 0x1p20, static_cast<double>(after) / 0x1p20,
                static_cast<double>(after - before) / static_cast<double>(listed),
                static_cast<double>(resident_bytes()) / 0x1p20);
    close();
    return 0;
  }

  int commit(std::uint64_t stay) {
    if (!open()) return 1;
    std::atomic<bool> over = false;
    std::uint64_t most_used = 0, most_over = 0;
    std::thread watcher([&] {
      while (!over) {
        const auto now = spool_->statistics();
        most_used = std::max(most_used, now.bytes_used);
        most_over = std::max(most_over, now.bytes_used - std::min(now.bytes_used, 2 * now.bytes_live));
        std::this_thread::sleep_for(20ms);
      }
    });
    const auto before = spool_->statistics();
    const MonoTime start = clock_.mono();
    const auto sent = send_all(~0ULL, start + std::chrono::seconds(options_.seconds), stay);
    const double took = seconds_since(clock_, start);
    const auto after = spool_->statistics();
    over = true;
    watcher.join();
    std::printf("%zu senders, %zu bytes: %.0f commits/s, %.3f syncs a message\n", options_.senders, body_.size(),
                static_cast<double>(sent.size()) / took,
                static_cast<double>(after.syncs - before.syncs) / static_cast<double>(sent.size()));
    print_latencies(sent);
    std::printf("space: live %.1f MiB, used at most %.1f MiB, %.1f segments above twice the live; %lu copies\n",
                static_cast<double>(after.bytes_live) / 0x1p20, static_cast<double>(most_used) / 0x1p20,
                static_cast<double>(most_over) / static_cast<double>(settings_.segment_size), after.copies);
    close();
    return 0;
  }

  int idle() {
    if (!open()) return 1;
    const auto before = spool_->statistics();
    std::vector<float> latencies;
    auto lone = [](Bench& self, std::vector<float>& into) -> boost::asio::awaitable<int> {
      for (std::uint64_t i = 0; i < 200; ++i) {
        const MonoTime begun = self.clock_.mono();
        auto sending = self.send(i, true);
        const bool sent = co_await std::move(sending);
        if (!sent) co_return 1;
        into.push_back(static_cast<float>(seconds_since(self.clock_, begun)));
        boost::asio::steady_timer timer(self.callers_, 5ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
      }
      co_return 0;
    };
    const int failed = wait(lone(*this, latencies));
    const auto after = spool_->statistics();
    std::ranges::sort(latencies);
    std::printf("lone commits: %.2f syncs each\n",
                static_cast<double>(after.syncs - before.syncs) / static_cast<double>(latencies.size()));
    print_latencies(latencies);
    close();
    return failed;
  }

  const Options options_;
  spool::Settings settings_;
  std::string body_;
  disk::PosixDisk disk_;
  base::SystemClock clock_;
  base::SeededRandom random_{static_cast<std::uint64_t>(::getpid())};
  boost::asio::thread_pool committer_{1};
  boost::asio::thread_pool pool_{2};
  boost::asio::thread_pool callers_{2};
  std::unique_ptr<spool::Spool> spool_;
};

std::optional<Options> parse(int argc, char** argv) {
  if (argc < 3 || argc % 2 == 0) return {};
  Options options{.mode = argv[1], .directory = argv[2]};
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--messages")
      options.messages = value;
    else if (name == "--size")
      options.size = value;
    else if (name == "--senders")
      options.senders = value;
    else if (name == "--seconds")
      options.seconds = value;
    else if (name == "--stay")
      options.stay = value;
    else
      return {};
  }
  return options;
}

}  // namespace
}  // namespace godwit::bench

int main(int argc, char** argv) {
  auto options = godwit::bench::parse(argc, argv);
  if (!options) {
    std::fprintf(stderr,
                 "usage: spool_bench fill|start|commit|idle|steady DIRECTORY [--messages N] [--size BYTES] "
                 "[--senders N] [--seconds N] [--stay PERCENT]\n");
    return 2;
  }
  return godwit::bench::Bench(std::move(*options)).run();
}
