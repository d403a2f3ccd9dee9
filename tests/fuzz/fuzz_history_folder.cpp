// SPDX-License-Identifier: Apache-2.0
// Whatever lies in the history's files, a start ends, what it finds are whole frames, and an index that is missing or
// damaged is made again and leads to the same.  Input: what becomes of the index, then pieces of the segment.
#include "fuzz/history_text.hpp"
#include "state/history_segments.hpp"
#include "support/run_awaitable.hpp"
#include "support/sim_disk.hpp"

namespace godwit::fuzz {
namespace {

using Frames = std::vector<std::vector<std::uint32_t>>;

boost::asio::awaitable<Frames> frames_in(disk::Disk& disk) {
  state::HistorySegments segments("/h", disk, log::null_logger());
  co_await segments.load();
  Frames all;
  for (const auto& segment : segments.all()) {
    auto reader = co_await segments.reader(segment);
    require(reader.has_value());
    for (const auto id : {base::MessageId{2}, base::MessageId{3}}) {
      auto frames = co_await segments.frames_of(segment, id);
      require(frames.has_value());
      for (const auto frame : *frames) {
        const auto read = co_await (*reader)->at(frame);
        require(read.has_value());
      }
      all.push_back(std::move(*frames));
    }
  }
  co_return all;
}

}  // namespace

void fuzz_history_folder(std::string_view input) {
  test::SimDisk disk;
  const auto place = take_byte(input), byte = take_byte(input);
  const auto other = take(input, place % 2 == 0 ? 0 : 60);
  disk.set_contents("/h/00000001.hist", take_history_segment(input));
  const auto frames = testing::run_awaitable(frames_in(disk));
  const auto index = disk.contents("/h/00000001.idx").value_or("");
  auto spoiled = other.empty() ? index : std::string(other);
  if (other.empty() && !index.empty()) spoiled[place % index.size()] = static_cast<char>(byte);
  if (spoiled != index && state::read_index(spoiled)) return;  // by its checksum it is ours
  disk.set_contents("/h/00000001.idx", spoiled);
  require(testing::run_awaitable(frames_in(disk)) == frames);
}

}  // namespace godwit::fuzz
