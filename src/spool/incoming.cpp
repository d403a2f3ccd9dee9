// SPDX-License-Identifier: Apache-2.0
#include "incoming.hpp"

#include <algorithm>
#include <utility>

#include "godwit/base/checksum.hpp"
#include "godwit/spool/prepend.hpp"
#include "godwit/spool/rewrite.hpp"
#include "headed_body.hpp"
#include "index_block.hpp"
#include "record.hpp"
#include "run_on.hpp"
#include "shortage.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t spill_size = 128U << 10U;  // handed to the file at a time, once it is large
constexpr std::size_t max_front = 32U << 20U;    // an envelope of a record; hundred thousands of recipients

constexpr std::size_t head_room = 512;  // of trace fields that commit() puts in front of a small body

constexpr std::uint64_t message_overhead = 512;  // of a message in memory, beside body and envelope

}  // namespace

IncomingMessage::IncomingMessage(std::shared_ptr<Core> core, std::uint64_t size_hint)
    : core_(std::move(core)), id_(core_->ids.next()), part_(id_), charge_(core_->budget) {
  if (size_hint > 0 && size_hint <= core_->settings.inline_limit) buffer_.reserve(size_hint + head_room);
}

IncomingMessage::~IncomingMessage() {
  if (!large_ || record_may_exist_) return;
  file_.reset();
  // A crash before this: start-up finds files that no record names.
  core_->remove_later({core_->paths.large_part(part_), core_->paths.large(id_)});
}

Accepted<> IncomingMessage::refuse(Refused::Why why, std::string detail) {
  refused_ = Refused{why, std::move(detail)};
  std::string().swap(buffer_);  // an assignment would keep its memory
  charge_.set(0);
  return std::unexpected(*refused_);
}

Accepted<> IncomingMessage::refuse(const base::Error& error) {
  const bool full = no_descriptor(error) || error.kind == base::ErrorKind::exhausted;
  return refuse(full ? Refused::Why::full : Refused::Why::unhealthy, error.message);
}

boost::asio::awaitable<Accepted<>> IncomingMessage::write(std::string_view bytes) {
  if (refused_) co_return std::unexpected(*refused_);
  size_ += bytes.size();
  if (size_ > core_->settings.message_size) co_return refuse(Refused::Why::too_large, "the body is above the limit");
  canonical_.add(bytes);
  const bool fits = charge_.fits(bytes.size());
  if (!large_ && buffer_.capacity() < head_room) buffer_.reserve(bytes.size() + head_room);
  buffer_ += bytes;
  charge_.set(buffer_.capacity());
  const std::uint64_t limit = large_ ? spill_size : core_->settings.inline_limit;
  // Without room in memory also a small body goes to a file: the sender waits for the disk instead of being refused.
  if (fits && buffer_.size() <= limit) co_return Accepted<>{};
  co_return co_await spill();
}

boost::asio::awaitable<Accepted<>> IncomingMessage::spill() {
  auto task = spill_here();
  auto spilled = co_await run_on(core_->executors.bodies, std::move(task));
  if (spilled) charge_.set(0);
  co_return spilled;
}

boost::asio::awaitable<Accepted<>> IncomingMessage::spill_here() {
  if (!file_) {
    auto file = co_await core_->disk.open(core_->paths.large_part(part_), disk::OpenMode::create_new);
    if (!file) co_return refuse(file.error());
    file_ = std::move(*file);
    large_ = true;
  }
  auto written = co_await file_->write(in_file_, buffer_);
  if (!written) co_return refuse(written.error());
  file_crc_ = base::crc32c(buffer_, file_crc_);
  in_file_ += buffer_.size();
  buffer_.clear();
  co_return Accepted<>{};
}

boost::asio::awaitable<Accepted<>> IncomingMessage::publish_here() {
  auto spilled = co_await spill_here();
  if (!spilled) co_return spilled;
  // body → sync → name → sync large/ → record → sync → 250.  A crash before the record is durable leaves a file that no
  // record names; a record is never written before its body has both bytes and name on disk.
  auto synced = co_await file_->sync();
  if (!synced) {
    core_->fail(synced.error().message);
    co_return refuse(Refused::Why::unhealthy, synced.error().message);
  }
  auto named = co_await core_->disk.rename(core_->paths.large_part(part_), core_->paths.large(id_));
  if (!named) co_return refuse(named.error());
  auto durable = co_await core_->disk.sync_directory(core_->paths.large());
  if (!durable && no_descriptor(durable.error())) co_return refuse(durable.error());
  if (!durable) {
    core_->fail(durable.error().message);
    co_return refuse(Refused::Why::unhealthy, durable.error().message);
  }
  file_.reset();
  co_return Accepted<>{};
}

Pending IncomingMessage::make_record(mail::Envelope envelope) {
  Pending record;
  if (!large_) size_ += head_.size();
  record.id = id_;
  record.flags = large_ ? body_is_large : std::uint8_t{0};
  const std::string encoded = mail::encode(envelope);
  record.front = encode(MessagePrefix{static_cast<std::uint32_t>(encoded.size()), large_ ? file_crc_ : 0, size_});
  record.front += encoded;
  record.summary = summarise(envelope, size_);
  std::shared_ptr<Body> body;
  if (large_) {
    record.front += head_;
    body = std::make_shared<LargeBody>(core_->disk, core_->executors.bodies, core_->paths.large(id_), size_, file_crc_);
    body = with_head(std::move(head_), std::move(body));
  } else {
    charge_.set(0);
    buffer_.insert(0, head_);
    body =
        std::make_shared<InlineBody>(std::move(buffer_), Charge(core_->budget), message_overhead + 4 * encoded.size());
    record.body = *body->view();
  }
  record.payload_crc = base::crc32c(record.body, base::crc32c(record.front));
  record.message = std::make_shared<const StoredMessage>(id_, std::move(envelope), std::move(body));
  return record;
}

boost::asio::awaitable<Accepted<base::MessageId>> IncomingMessage::commit(mail::Envelope envelope) {
  if (refused_) co_return std::unexpected(*refused_);
  CanonicalCheck head;
  head.add(head_);
  const bool canonical = canonical_.is_canonical() && head.is_canonical() && (head_.empty() || head_.ends_with("\r\n"));
  if (!canonical && envelope.body != smtp::BodyType::binary_mime) {
    auto refused = refuse(Refused::Why::not_canonical, "the body has a bare CR, a bare LF or a NUL");
    co_return std::unexpected(std::move(refused.error()));
  }
  if (large_) {
    auto task = publish_here();
    auto published = co_await run_on(core_->executors.bodies, std::move(task));
    if (!published) co_return std::unexpected(std::move(published.error()));
  }
  Pending record = make_record(std::move(envelope));
  if (record.front.size() > max_front)
    co_return std::unexpected(Refused{Refused::Why::too_large, "too many recipients"});
  // From here on a record may name the file: unless it is certain that none does, start-up decides.
  record_may_exist_ = true;
  auto result = co_await core_->submit(std::move(record));
  if (!result) {
    refused_ = result.error();
    record_may_exist_ = refused_->why == Refused::Why::unhealthy;
  }
  co_return result;
}

disk::Task<std::size_t> IncomingMessage::read_back(std::uint64_t offset, std::span<char> into) {
  if (offset < in_file_) {
    auto task = read_file_here(offset, into.first(std::min<std::uint64_t>(into.size(), in_file_ - offset)));
    co_return co_await run_on(core_->executors.bodies, std::move(task));
  }
  if (offset - in_file_ >= buffer_.size()) co_return 0;
  const auto part = std::string_view(buffer_).substr(offset - in_file_, into.size());
  std::ranges::copy(part, into.begin());
  co_return part.size();
}

disk::Task<std::size_t> IncomingMessage::read_file_here(std::uint64_t offset, std::span<char> into) {
  auto got = co_await file_->read(offset, into);
  if (got && *got == 0)
    co_return base::fail(base::ErrorKind::corrupt, core_->paths.large_part(part_) + " is shorter than it was written");
  co_return got;
}

void IncomingMessage::exchange_bodies(IncomingMessage& other) {
  std::swap(part_, other.part_);
  charge_.exchange(other.charge_);
  std::swap(canonical_, other.canonical_);
  std::swap(refused_, other.refused_);
  std::swap(buffer_, other.buffer_);
  std::swap(size_, other.size_);
  std::swap(file_, other.file_);
  std::swap(large_, other.large_);
  std::swap(in_file_, other.in_file_);
  std::swap(file_crc_, other.file_crc_);
}

void prepend(Incoming& message, std::string lines) {
  static_cast<IncomingMessage&>(message).prepend(std::move(lines));
}

disk::Task<std::size_t> read_back(Incoming& message, std::uint64_t offset, std::span<char> into) {
  return static_cast<IncomingMessage&>(message).read_back(offset, into);
}

void exchange_bodies(Incoming& one, Incoming& other) {
  static_cast<IncomingMessage&>(one).exchange_bodies(static_cast<IncomingMessage&>(other));
}

}  // namespace godwit::spool
