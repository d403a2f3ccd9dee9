// SPDX-License-Identifier: Apache-2.0
// Beside the committer, on the pool: removes or recycles segments that nobody needs, writes the next one ahead, unlinks
// large bodies.
#include <boost/asio/async_result.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "core.hpp"
#include "shortage.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t max_spares = 2;
constexpr base::Duration shortage_pause = std::chrono::milliseconds(100);

}  // namespace

bool Core::needs_spare() const {
  return journal_.spares() == 0 && !full_ && !spare_failed_;
}

void Core::maintain_if_needed() {
  {
    const std::scoped_lock lock(mutex_);
    if (!maintenance_due_ || maintaining_ || stopping_ || !healthy_) return;
    maintaining_ = true;
    ++tasks_;
  }
  auto task = maintain();
  spawn(executors.bodies, std::move(task));
}

boost::asio::awaitable<void> Core::maintain() {
  for (;;) {
    std::vector<std::string> unlink;
    {
      const std::scoped_lock lock(mutex_);
      if (!std::exchange(maintenance_due_, false) || stopping_ || !healthy_) {
        maintaining_ = false;
        co_return;
      }
      unlink = std::exchange(unlink_, {});
    }
    for (const std::string& path : unlink) static_cast<void>(co_await disk.remove(path));
    // Removing one may free those that held records about its messages.
    while (co_await remove_segments()) continue;
    prepare_spare_if_needed();
  }
}

// Beside the removals, which must not wait while a whole file is written.
void Core::prepare_spare_if_needed() {
  if (!needs_spare() || is_stopping() || preparing_.exchange(true)) return;
  task_started();
  auto task = prepare_spares();
  spawn(executors.bodies, std::move(task));
}

boost::asio::awaitable<void> Core::prepare_spares() {
  while (needs_spare() && !is_stopping()) co_await make_spare();
  preparing_ = false;
  prepare_spare_if_needed();  // one may have been taken since the last look
}

// Renamed to a spare's name, or unlinked; the spare where there is one.  What is not there any more was removed by an
// attempt that seemed to fail.
boost::asio::awaitable<base::Result<std::optional<Spare>>> Core::remove_segment(std::uint32_t number,
                                                                                SegmentState state, bool recycle) {
  const std::string path = paths.segment(number);
  base::Result<> gone;
  if (recycle)
    gone = co_await disk.rename(path, paths.spare(number));
  else
    gone = co_await disk.remove(path);
  if (gone && recycle) co_return Spare{number, state.capacity, std::move(state.file)};
  if (!gone && gone.error().kind != base::ErrorKind::not_found) co_return std::unexpected(std::move(gone.error()));
  co_return std::nullopt;
}

// False: there was nothing to do.  One that can't be removed holds up none but those that must go after it.
boost::asio::awaitable<bool> Core::remove_segments() {
  std::vector<std::uint32_t> numbers;
  std::vector<SegmentState> states;
  {
    const std::scoped_lock lock(index_mutex_);
    numbers = index_.segments().removable();
    for (const std::uint32_t number : numbers) states.push_back(*index_.segments().find(number));
  }
  std::vector<std::uint32_t> removed;
  std::vector<Spare> spares;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t ready = journal_.spares() + spares.size() + (preparing_ ? 1 : 0);
    const bool recycle = states[i].capacity == settings.segment_size && ready < max_spares;
    auto spare = co_await remove_segment(numbers[i], std::move(states[i]), recycle);
    if (!spare) {
      log.error("segment_not_removed", {{"segment", numbers[i]}, {"error", spare.error().message}});
      const std::scoped_lock lock(index_mutex_);
      index_.segments().not_removed(numbers[i]);
      continue;
    }
    removed.push_back(numbers[i]);
    if (*spare) spares.push_back(std::move(**spare));
  }
  if (removed.empty()) co_return false;
  // removal → sync journal/ → {the done records about its messages may go; the file may be written over}.  A crash
  // before the sync may bring the segment back, and then its messages must find their done records, and their own
  // bytes.  (Counted as removed before the sync, nothing would be lost either, as no other segment is removed until
  // this one's caller asks again; but the files, which become spares only after it, would be missing in what is used.)
  auto synced = co_await disk.sync_directory(paths.journal());
  // It was not even opened: nothing of it is lost, unlike with a sync that fails.
  while (!synced && no_descriptor(synced.error())) {
    if (is_stopping()) co_return false;
    auto waiting = pause(shortage_pause);
    co_await std::move(waiting);
    synced = co_await disk.sync_directory(paths.journal());
  }
  if (!synced) {
    fail(synced.error().message);
    co_return false;
  }
  {
    const std::scoped_lock lock(index_mutex_);
    for (const std::uint32_t number : removed) index_.segments().removed(number);
  }
  for (Spare& spare : spares) journal_.add_spare(std::move(spare));
  co_return true;
}

boost::asio::awaitable<void> Core::make_spare() {
  Spare spare{journal_.allocate_number(), settings.segment_size, nullptr};
  const std::string path = paths.spare(spare.number);
  auto file = co_await disk.open(path, disk::OpenMode::create_new);
  if (file) {
    spare.file = std::move(*file);
    auto filled = co_await journal_.write_ahead(*spare.file, spare.capacity, write_ahead_wanted_);
    if (filled && write_ahead_wanted_) {
      journal_.add_spare(std::move(spare));
      co_return;
    }
    static_cast<void>(co_await disk.remove(path));
    if (filled) co_return;
    file = std::unexpected(std::move(filled.error()));
  }
  // Not fatal: no record is in it.  Tried again when the disk has space.
  spare_failed_ = true;
  log.warn("segment_not_prepared", {{"error", file.error().message}});
}

void Core::remove_later(std::vector<std::string> paths_to_remove) {
  task_started();
  auto remove = [](disk::Disk& where, std::vector<std::string> all) -> Task<void> {
    for (const std::string& path : all) static_cast<void>(co_await where.remove(path));
  };
  auto task = remove(disk, std::move(paths_to_remove));
  spawn(executors.bodies, std::move(task));
}

void Core::task_started() {
  const std::scoped_lock lock(mutex_);
  ++tasks_;
}

void Core::task_ended() {
  std::vector<std::move_only_function<void()>> waiters;
  {
    const std::scoped_lock lock(mutex_);
    if (--tasks_ == 0 && closed_) waiters = std::exchange(idle_waiters_, {});
  }
  for (auto& waiter : waiters) waiter();
}

boost::asio::awaitable<void> Core::stop() {
  write_ahead_wanted_ = false;
  const auto self = shared_from_this();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  kick();
  auto initiate = [self](auto handler) {
    const auto executor = boost::asio::get_associated_executor(handler);
    std::move_only_function<void()> waiter = [executor, done = std::move(handler)]() mutable {
      boost::asio::post(executor, std::move(done));
    };
    {
      const std::scoped_lock lock(self->mutex_);
      if (self->tasks_ > 0 || !self->closed_) {
        self->idle_waiters_.push_back(std::move(waiter));
        return;
      }
    }
    waiter();
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate,
                                                                                     boost::asio::use_awaitable);
  healthy_ = false;
  lock_.reset();
}

}  // namespace godwit::spool
