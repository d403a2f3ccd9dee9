// SPDX-License-Identifier: Apache-2.0
// Messages read back: on the pool, with every checksum verified.
#include "core.hpp"
#include "headed_body.hpp"
#include "record.hpp"
#include "run_on.hpp"
#include "segment_file.hpp"

namespace godwit::spool {
namespace {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

}  // namespace

Core::Found Core::locate_in(const Live& live) const {
  const auto with_file = [this](const Place& place) {
    const SegmentState* segment = index_.segments().find(place.segment);
    return Stored{place, segment == nullptr ? nullptr : segment->file};
  };
  Found found{.id = live.id, .message = with_file(live.place), .updates = {}, .cached = index_.cached(live.id)};
  for (const Place& place : index_.updates(live)) found.updates.push_back(with_file(place));
  return found;
}

std::optional<Core::Found> Core::locate(base::MessageId id) const {
  const std::scoped_lock lock(index_mutex_);
  const Live* live = index_.find(id);
  if (live == nullptr) return {};
  return locate_in(*live);
}

std::optional<SegmentState> Core::segment(std::uint32_t number) const {
  const std::scoped_lock lock(index_mutex_);
  const SegmentState* state = index_.segments().find(number);
  if (state == nullptr) return {};
  return *state;
}

Awaitable<base::Result<StoredMessage>> Core::read(base::MessageId id) {
  const auto self = shared_from_this();
  auto found = locate(id);
  if (!found) co_return base::fail(base::ErrorKind::not_found, describe(id, "not in the spool"));
  if (found->cached) co_return *found->cached;
  auto task = read_here(std::move(*found));
  auto message = co_await run_on(executors.bodies, std::move(task));
  if (message) co_return message;
  // Done or moved meanwhile: its segment may already have another life.
  auto now = locate(id);
  if (!now) co_return base::fail(base::ErrorKind::not_found, describe(id, "not in the spool"));
  auto segments = now->segments();
  auto again = read_here(std::move(*now));
  message = co_await run_on(executors.bodies, std::move(again));
  // Damage that came after the start-up, or that the scrub has not come to yet: who asks once more hears what became of
  // it.
  if (!message && message.error().kind == base::ErrorKind::corrupt) scrub_later(std::move(segments));
  co_return message;
}

std::vector<std::uint32_t> Core::Found::segments() const {
  std::vector<std::uint32_t> numbers{message.place.segment};
  for (const Stored& stored : updates) numbers.push_back(stored.place.segment);
  return numbers;
}

std::vector<Place> Core::Found::update_places() const {
  std::vector<Place> places;
  places.reserve(updates.size());
  for (const Stored& stored : updates) places.push_back(stored.place);
  return places;
}

Awaitable<base::Result<Core::Whole>> Core::read_whole(const Found& found) {
  if (!found.message.file) co_return base::fail(base::ErrorKind::not_found, describe(found.id, "not in the spool"));
  auto record = co_await read_record(*found.message.file, found.message.place, found.id);
  if (!record) co_return std::unexpected(std::move(record.error()));
  const auto parts = decode_message(record->payload(), record->header.flags);
  if (!parts) co_return base::fail(base::ErrorKind::corrupt, describe(found.id, "its record is malformed"));
  auto envelope = mail::decode_envelope(parts->envelope);
  if (!envelope) co_return std::unexpected(std::move(envelope.error()));
  const auto updates = co_await read_updates(found);
  if (!updates) co_return std::unexpected(updates.error());
  for (const mail::Update& update : *updates) mail::apply(update, *envelope);
  co_return Whole{record->header, parts->prefix, std::move(*envelope), std::string(parts->body)};
}

Awaitable<base::Result<std::vector<mail::Update>>> Core::read_updates(const Found& found) {
  std::vector<mail::Update> updates;
  for (const Stored& stored : found.updates) {
    if (!stored.file)
      co_return base::fail(base::ErrorKind::not_found, describe(found.id, "an update's segment is gone"));
    auto record = co_await read_record(*stored.file, stored.place, found.id);
    if (!record) co_return std::unexpected(std::move(record.error()));
    auto update = mail::decode_update(record->payload());
    if (!update) co_return std::unexpected(std::move(update.error()));
    updates.push_back(std::move(*update));
  }
  co_return updates;
}

Awaitable<base::Result<StoredMessage>> Core::read_here(Found found) {
  auto whole = co_await read_whole(found);
  if (!whole) co_return std::unexpected(std::move(whole.error()));
  StoredMessage message{found.id, std::move(whole->envelope), nullptr};
  if ((whole->header.flags & body_is_large) != 0) {
    message.body = std::make_shared<LargeBody>(disk, executors.bodies, paths.large(found.id), whole->prefix.body_size,
                                               whole->prefix.body_crc);
    message.body = with_head(std::move(whole->body), std::move(message.body));
  } else {
    message.body = std::make_shared<InlineBody>(std::move(whole->body), Charge(budget));
  }
  co_return message;
}

}  // namespace godwit::spool
