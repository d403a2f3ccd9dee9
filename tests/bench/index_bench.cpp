// SPDX-License-Identifier: Apache-2.0
// The spool's index alone, for more messages than a test machine has disk for: the entries that sealed segments would
// end with are made in memory and replayed as a start does.
//
//   index_bench [MESSAGES]     default 10000000; takes three gigabytes of memory
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "spool/index_block.hpp"
#include "spool/live_index.hpp"
#include "spool/record.hpp"
#include "spool/replay.hpp"

namespace {

using namespace godwit;
using namespace godwit::spool;

constexpr std::uint32_t payload = 4096 + 200;
constexpr std::uint64_t segment_size = 64U << 20U;

std::size_t allocated() {
  return mallinfo2().uordblks + mallinfo2().hblkhd;
}

std::string summary_of(std::uint64_t number) {
  mail::Envelope envelope;
  envelope.sender = smtp::Mailbox{"sender" + std::to_string(number % 5000), "news.example"};
  mail::Recipient recipient;
  recipient.address = {"reader" + std::to_string(number), "d" + std::to_string(number % 1000) + ".example"};
  envelope.recipients.push_back(std::move(recipient));
  return summarise(envelope, payload);
}

// By segment.
std::vector<std::string> make_entries(std::uint64_t messages) {
  const std::uint64_t in_segment = segment_size / record_size(payload);
  std::vector<std::string> all;
  for (std::uint64_t i = 0; i < messages; ++i) {
    if (i % in_segment == 0) all.emplace_back();
    const std::string summary = summary_of(i);
    const auto offset = static_cast<std::uint32_t>(block_size + i % in_segment * record_size(payload));
    all.back() += encode(IndexEntry{.type = RecordType::message,
                                    .id = base::MessageId{i + 1},
                                    .offset = offset,
                                    .length = payload,
                                    .summary = summary});
  }
  return all;
}

}  // namespace

int main(int count, char** words) {
  const std::uint64_t messages = count > 1 ? std::strtoull(words[1], nullptr, 10) : 10'000'000;
  const std::vector<std::string> segments = make_entries(messages);
  std::uint64_t bytes = 0;
  for (const std::string& entries : segments) bytes += entries.size();
  const base::SystemClock clock;
  const auto before = allocated();
  const auto began = clock.mono();
  LiveIndex index;
  base::MessageIdGenerator ids(clock);
  Replay replay(index, ids);
  std::uint32_t number = 0;
  for (const std::string& entries : segments) {
    index.segments().set_capacity(++number, segment_size);
    replay.apply(number, entries);
  }
  const double seconds = std::chrono::duration<double>(clock.mono() - began).count();
  const auto each = static_cast<double>(messages);
  std::printf("messages             %12llu in %zu segments\n", static_cast<unsigned long long>(index.size()),
              segments.size());
  std::printf("index on disk        %12.1f bytes a message\n", static_cast<double>(bytes) / each);
  std::printf("index in memory      %12.1f bytes a message\n", static_cast<double>(allocated() - before) / each);
  std::printf("replayed in          %12.2f s\n", seconds);
}
