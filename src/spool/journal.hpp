// SPDX-License-Identifier: Apache-2.0
// The segments as one log: appends groups to the active segment, seals it when it is full, goes on in a new one.  Used
// by the committer only, one call at a time; add_spare() from any thread.
//
// append() completes when the group survives power loss.  It fails without harm (nothing of the group will be found,
// the next append goes to the same place) or fatally: then what is on disk is unknown, and nothing may be appended any
// more.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format.hpp"
#include "godwit/base/clock.hpp"
#include "godwit/base/random.hpp"
#include "godwit/disk/disk.hpp"
#include "godwit/spool/settings.hpp"
#include "message_table.hpp"
#include "names.hpp"

namespace godwit::spool {

// A record to append.  What it points to must live until append() completes.
struct Item {
  RecordType type = RecordType::message;
  std::uint8_t flags = 0;
  base::MessageId id{};
  std::uint32_t holder = 0;  // updates and dones: the segment of the message's record
  std::string_view front{};  // payload = front, body
  std::string_view body{};
  std::uint32_t payload_crc = 0;
  std::string_view summary{};  // for the index
  std::uint64_t payload() const { return front.size() + body.size(); }
};

struct AppendFailure {
  base::Error error;
  bool fatal = false;
};
template <class T>
using AppendResult = std::expected<T, AppendFailure>;

// A file that can become a segment: written ahead, so that a commit allocates nothing and costs no metadata journal
// write.
struct Spare {
  std::uint32_t number = 0;  // of its name
  std::uint64_t capacity = 0;
  std::shared_ptr<disk::File> file;
};

struct ActiveSegment {
  std::uint32_t number = 0;
  Generation generation = 0;
  std::uint64_t capacity = 0;
  std::uint64_t offset = block_size;  // of the next group
  std::shared_ptr<disk::File> file;
  std::string index;  // entries so far; also read by others, under the journal's lock
};

class Journal {
 public:
  Journal(Settings settings, disk::Disk& disk, const base::Clock& clock, base::Random& random,
          const base::MessageIdGenerator& ids);

  // Where recovery found the end.
  void restore(std::unique_ptr<ActiveSegment> active, std::uint64_t next_group, std::uint32_t next_number);
  // Appends the longest run of `items` that fits one group; one place for each taken (at least one).
  boost::asio::awaitable<AppendResult<std::vector<Place>>> append(std::span<const Item> items);
  // An empty group: proves to recovery that the group before it was durable.  For an orderly stop.
  boost::asio::awaitable<AppendResult<std::vector<Place>>> close();

  void add_spare(Spare spare);
  std::size_t spares() const;
  std::uint64_t spare_bytes() const;
  std::uint32_t allocate_number() { return next_number_++; }
  // The active segment, and those sealed since the last call, for the live index.
  const ActiveSegment* active() const { return active_.get(); }
  // Any thread.  The entries of the active segment; empty when it is another.
  std::optional<std::string> active_index(std::uint32_t number) const;
  // Any thread.  Where the groups of the active segment end that survive power loss; empty when it is another.
  std::optional<std::uint64_t> durable_end(std::uint32_t number) const;
  // Any thread.  Bytes that the active segment can still take.
  std::uint64_t room() const { return room_; }
  std::vector<std::uint32_t> take_sealed() { return std::exchange(sealed_, {}); }

  std::uint64_t groups() const { return groups_; }
  std::uint64_t syncs() const { return syncs_; }
  // Writes zeros up to `size`, a window at a time, and syncs each; false in `wanted`: gives up.
  boost::asio::awaitable<base::Result<>> write_ahead(disk::File& file, std::uint64_t size,
                                                     const std::atomic<bool>& wanted);

 private:
  template <class T = void>
  using Step = boost::asio::awaitable<AppendResult<T>>;

  std::size_t count_fitting(std::span<const Item> items) const;
  Step<> roll(std::uint64_t records, std::size_t index);
  Step<> seal();
  Step<> activate(Spare spare);
  Step<> take_name_back(Spare spare, std::uint32_t number, base::Error why);
  boost::asio::awaitable<base::Result<Spare>> take_or_make_spare(std::uint64_t capacity);
  Step<std::vector<Place>> write_group(std::span<const Item> items);
  Step<> wipe_group();
  Step<> sync(disk::File& file);
  Step<> check_name() const;

  const Settings settings_;
  const Paths paths_;
  disk::Disk& disk_;
  const base::Clock& clock_;
  base::Random& random_;
  const base::MessageIdGenerator& ids_;
  std::unique_ptr<ActiveSegment> active_;
  std::vector<std::uint32_t> sealed_;
  std::uint64_t next_group_ = 1;
  std::atomic<std::uint32_t> next_number_ = 1;
  std::atomic<std::uint64_t> groups_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> room_ = 0;
  mutable std::mutex index_mutex_;  // guards what active_ points to and its index against readers on other threads
  mutable std::mutex spares_mutex_;
  std::vector<Spare> spares_;
};

}  // namespace godwit::spool
