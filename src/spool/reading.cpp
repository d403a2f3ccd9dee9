// SPDX-License-Identifier: Apache-2.0
// Messages read back: on the pool, with every checksum verified.
#include <algorithm>
#include <map>

#include "bytes.hpp"
#include "core.hpp"
#include "record.hpp"
#include "run_on.hpp"
#include "segment_file.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t live_batch = 256;       // envelopes read at a time
constexpr std::size_t envelope_guess = 1024;  // of payload bytes: most envelopes fit

template <class T>
using Awaitable = boost::asio::awaitable<T>;

}  // namespace

Core::Found Core::locate_in(base::MessageId id, const Live& live) const {
  const auto with_file = [this](const Place& place) {
    const SegmentState* segment = index_.find_segment(place.segment);
    return Stored{place, segment == nullptr ? nullptr : segment->file};
  };
  Found found{
      .id = id, .message = with_file(live.place), .body_size = live.body_size, .updates = {}, .cached = live.cached};
  for (const Place& place : live.updates) found.updates.push_back(with_file(place));
  return found;
}

std::optional<Core::Found> Core::locate(base::MessageId id) const {
  const std::scoped_lock lock(index_mutex_);
  const auto live = index_.messages().find(id);
  if (live == index_.messages().end()) return {};
  return locate_in(id, live->second);
}

Awaitable<base::Result<StoredMessage>> Core::read(base::MessageId id) {
  const auto self = shared_from_this();
  auto found = locate(id);
  if (!found) co_return base::fail(base::ErrorKind::not_found, describe(id, "not in the spool"));
  if (found->cached) co_return *found->cached;
  auto task = read_here(std::move(*found));
  auto message = co_await run_on(executors.bodies, std::move(task));
  // Done meanwhile: its segment may already have another life.
  if (!message && !locate(id)) co_return base::fail(base::ErrorKind::not_found, describe(id, "not in the spool"));
  co_return message;
}

Awaitable<base::Result<StoredMessage>> Core::read_here(Found found) {
  if (!found.message.file) co_return base::fail(base::ErrorKind::not_found, describe(found.id, "not in the spool"));
  auto record = co_await read_record(*found.message.file, found.message.place, found.id);
  if (!record) co_return std::unexpected(std::move(record.error()));
  const auto parts = decode_message(record->payload(), record->header.flags);
  if (!parts) co_return base::fail(base::ErrorKind::corrupt, describe(found.id, "its record is malformed"));
  auto envelope = mail::decode_envelope(parts->envelope);
  if (!envelope) co_return std::unexpected(std::move(envelope.error()));
  StoredMessage message{found.id, std::move(*envelope), nullptr};
  auto applied = co_await apply_updates(found, message.envelope);
  if (!applied) co_return std::unexpected(std::move(applied.error()));
  if ((record->header.flags & body_is_large) != 0)
    message.body = std::make_shared<LargeBody>(disk, executors.bodies, paths.large(found.id), parts->prefix.body_size,
                                               parts->prefix.body_crc);
  else
    message.body = std::make_shared<InlineBody>(std::string(parts->body), Charge(budget));
  co_return message;
}

Awaitable<base::Result<>> Core::apply_updates(const Found& found, mail::Envelope& envelope) {
  for (const Stored& stored : found.updates) {
    if (!stored.file)
      co_return base::fail(base::ErrorKind::not_found, describe(found.id, "an update's segment is gone"));
    auto record = co_await read_record(*stored.file, stored.place, found.id);
    if (!record) co_return std::unexpected(std::move(record.error()));
    auto update = mail::decode_update(record->payload());
    if (!update) co_return std::unexpected(std::move(update.error()));
    mail::apply(*update, envelope);
  }
  co_return base::Result<>{};
}

// Without the body, so the record's checksum can't be verified: recovery has done that.
Awaitable<base::Result<mail::Envelope>> Core::read_envelope(const Found& found) {
  if (found.cached) co_return found.cached->envelope;
  if (!found.message.file) co_return base::fail(base::ErrorKind::not_found, describe(found.id, "not in the spool"));
  const std::uint64_t at = found.message.place.offset + record_header_size;
  std::string bytes(std::min<std::size_t>(found.message.place.length, envelope_guess), '\0');
  auto got = co_await found.message.file->read(at, bytes);
  if (!got) co_return std::unexpected(std::move(got.error()));
  Cursor cursor(bytes);
  const std::size_t size = message_prefix_size + cursor.take<std::uint32_t>();
  if (size > found.message.place.length)
    co_return base::fail(base::ErrorKind::corrupt, describe(found.id, "malformed"));
  if (size > bytes.size()) {
    bytes.resize(size);
    got = co_await found.message.file->read(at, bytes);
    if (!got) co_return std::unexpected(std::move(got.error()));
  }
  auto envelope =
      mail::decode_envelope(std::string_view(bytes).substr(message_prefix_size, size - message_prefix_size));
  if (!envelope) co_return envelope;
  auto applied = co_await apply_updates(found, *envelope);
  if (!applied) co_return std::unexpected(std::move(applied.error()));
  co_return envelope;
}

namespace {

Summary summary_of(base::MessageId id, const mail::Envelope& envelope, std::uint64_t size) {
  Summary summary{.id = id,
                  .accepted = envelope.accepted,
                  .next_attempt = envelope.next_attempt,
                  .attempts = envelope.attempts,
                  .size = size,
                  .held = envelope.held,
                  .warned = envelope.warned,
                  .bounce = envelope.is_bounce(),
                  .sender = smtp::to_string(envelope.sender)};
  std::map<std::string_view, std::uint32_t> domains;
  for (const mail::Recipient& recipient : envelope.recipients)
    if (recipient.state == mail::RecipientState::waiting) ++domains[recipient.address.domain];
  for (const auto& [domain, count] : domains) summary.waiting.push_back({std::string(domain), count});
  return summary;
}

}  // namespace

Awaitable<base::Result<std::vector<Summary>>> Core::read_batch(base::MessageId after) {
  std::vector<Found> all;
  {
    const std::scoped_lock lock(index_mutex_);
    auto next = index_.messages().upper_bound(after);
    for (; next != index_.messages().end() && all.size() < live_batch; ++next)
      all.push_back(locate_in(next->first, next->second));
  }
  std::vector<Summary> summaries;
  for (const Found& found : all) {
    auto envelope = co_await read_envelope(found);
    if (envelope)
      summaries.push_back(summary_of(found.id, *envelope, found.body_size));
    else if (locate(found.id))
      co_return std::unexpected(std::move(envelope.error()));
    else  // done meanwhile; keeps the place in the order
      summaries.push_back({.id = found.id});
  }
  co_return summaries;
}

Awaitable<base::Result<>> Core::for_each_live(std::function<bool(const Summary&)> each) {
  const auto self = shared_from_this();
  for (base::MessageId last;;) {
    auto task = read_batch(last);
    auto batch = co_await run_on(executors.bodies, std::move(task));
    if (!batch) co_return std::unexpected(std::move(batch.error()));
    if (batch->empty()) co_return base::Result<>{};
    last = batch->back().id;
    for (const Summary& summary : *batch)
      if (!summary.waiting.empty() && !each(summary)) co_return base::Result<>{};
  }
}

}  // namespace godwit::spool
