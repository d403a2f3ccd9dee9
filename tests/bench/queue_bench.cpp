// SPDX-License-Identifier: Apache-2.0
// What the queue alone costs: operations a second, memory an item, and how long a single letter waits behind a list.
//
//   queue_bench [ITEMS]     default 1000000; 10000000 takes a gigabyte
//
// The letter's delay is told in virtual time: a site of 20 connections whose every delivery takes 100 ms.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/queue/queue.hpp"

namespace {

using namespace godwit;
using namespace std::chrono_literals;

constexpr base::WallTime start{std::chrono::hours(24 * 365)};
const base::SystemClock real;

std::size_t allocated() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

class Stopwatch {
 public:
  explicit Stopwatch(const char* what) : what_(what), began_(real.mono()) {}
  void tell(std::uint64_t operations) const {
    const double seconds = std::chrono::duration<double>(real.mono() - began_).count();
    std::printf("%-28s %11.0f operations/s\n", what_, static_cast<double>(operations) / seconds);
  }

 private:
  const char* what_;
  base::MonoTime began_;
};

queue::Item item(std::uint64_t id, std::string domain, queue::Sender sender, base::WallTime attempt) {
  return {.key = {{id}, std::move(domain)},
          .accepted = start,
          .next_attempt = attempt,
          .deadline = start + 120h,
          .sender = sender,
          .size = 4096};
}

// A thousand domains, a thousand senders; due within an hour.
void fill(queue::Queue& queue, std::uint64_t items) {
  base::SeededRandom random(1);
  for (std::uint64_t id = 1; id <= items; ++id) {
    const auto attempt = start + std::chrono::milliseconds(1 + random.below(3'600'000));
    queue.add(item(id, "d" + std::to_string(random.below(1000)) + ".example",
                   {static_cast<std::uint32_t>(random.below(1000))}, attempt));
  }
}

std::uint64_t drain(queue::Queue& queue) {
  std::uint64_t calls = 0;
  std::vector<queue::Work> active;
  base::WallTime now = start;
  while (queue.counts().items > 0) {
    auto due = queue.due(now);
    ++calls;
    if (auto* work = std::get_if<queue::Work>(&due)) {
      active.push_back(std::move(*work));
      continue;
    }
    for (const auto& each : active) {
      queue.ended(each.grant, {.kind = queue::SiteReport::Kind::success}, now);
      queue.remove(each.item.key);
      calls += 2;
    }
    if (active.empty()) now = std::max(now + 1ms, std::get<queue::SleepUntil>(due).until.value_or(now));
    active.clear();
  }
  return calls;
}

void throughput(std::uint64_t items) {
  const auto before = allocated();
  queue::Queue queue(queue::Settings{});
  {
    const Stopwatch watch("add");
    fill(queue, items);
    watch.tell(items);
  }
  std::printf("%-28s %11.1f bytes\n", "memory of an item, waiting",
              static_cast<double>(allocated() - before) / static_cast<double>(items));
  base::SeededRandom random(2);
  {
    const Stopwatch watch("retry_now, anywhere");
    std::uint64_t done = 0;
    for (int i = 0; i < 100'000; ++i)
      for (const auto& key : queue.keys_of({1 + random.below(items)})) done += queue.retry_now(key, start) ? 1U : 0U;
    watch.tell(done);
  }
  const Stopwatch watch("due, ended, remove");
  watch.tell(drain(queue));
}

// How long the letter waits, in virtual time.
base::Duration letter_behind(std::uint64_t list) {
  queue::Queue queue(queue::Settings{});
  for (std::uint64_t id = 1; id <= list; ++id) queue.add(item(id, "a.example", {1}, start));
  constexpr auto delivery = 100ms;
  constexpr std::uint64_t letter = 100'000'000;
  base::WallTime now = start;
  std::vector<queue::Work> active;
  for (int round = 0; round < 1000; ++round, now += delivery) {
    for (const auto& each : active) {
      queue.ended(each.grant, {.kind = queue::SiteReport::Kind::success}, now);
      queue.remove(each.item.key);
      if (each.item.key.id.value == letter) return now - start - 50 * delivery;
    }
    active.clear();
    if (round == 50) queue.add(item(letter, "a.example", {2}, now));
    for (;;) {
      auto due = queue.due(now);
      if (auto* work = std::get_if<queue::Work>(&due))
        active.push_back(std::move(*work));
      else if (std::get<queue::SleepUntil>(due).until.value_or(queue::never) > now)
        break;
    }
  }
  return base::Duration::max();
}

}  // namespace

int main(int count, char** words) {
  const std::uint64_t items = count > 1 ? std::strtoull(words[1], nullptr, 10) : 1'000'000;
  throughput(items);
  for (const std::uint64_t list : {std::uint64_t{0}, std::uint64_t{100'000}})
    std::printf("single letter behind a list of %-6llu %s\n", static_cast<unsigned long long>(list),
                base::format_duration(letter_behind(list)).c_str());
}
