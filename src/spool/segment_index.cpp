// SPDX-License-Identifier: Apache-2.0
#include "segment_index.hpp"

#include <algorithm>
#include <span>
#include <thread>

#include "godwit/base/checksum.hpp"
#include "godwit/mail/envelope.hpp"
#include "index_block.hpp"
#include "segment_header.hpp"

namespace godwit::spool {
namespace {

// An index has megabytes.  Who commits meanwhile, and waits for this processor, goes on after each such piece: Linux
// may let a thread run up to its next tick otherwise, whatever its priority.
constexpr std::size_t piece = 64U << 10U;

// What is beyond the end of the file stays zero.
disk::Task<std::string> read_range(disk::File& file, std::uint64_t from, std::uint64_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto some = std::span(bytes).subspan(at, std::min(piece, bytes.size() - at));
    const auto got = co_await file.read(from + at, some);
    if (!got) co_return std::unexpected(got.error());
    std::this_thread::yield();
    if (*got < some.size()) break;
  }
  co_return bytes;
}

std::uint32_t checksum_of(std::string_view entries) {
  std::uint32_t checksum = 0;
  for (std::size_t at = 0; at < entries.size(); at += piece) {
    checksum = base::crc32c(entries.substr(at, piece), checksum);
    std::this_thread::yield();
  }
  return checksum;
}

// The group header of the index and the header of its only record.
struct IndexGroup {
  GroupHeader group;
  RecordHeader record;
};

std::optional<IndexGroup> decode_index_group(std::string_view block, const Trailer& trailer) {
  const auto group = decode_group_header(block);
  if (!group || group->generation != trailer.generation || group->number != trailer.last_group || group->records != 1)
    return {};
  const std::string_view header = block.substr(group_header_size, record_header_size);
  const auto record = decode_record_header(header);
  if (!record || record->generation != trailer.generation || record->type != RecordType::index ||
      record_size(record->length) != group->length || base::crc32c(header) != group->records_crc)
    return {};
  return IndexGroup{*group, *record};
}

}  // namespace

disk::Task<std::optional<SegmentIndex>> read_index(disk::File& file, std::uint64_t size, Generation generation) {
  if (size < 3 * block_size) co_return std::nullopt;
  const auto last_block = co_await read_range(file, size - block_size, block_size);
  if (!last_block) co_return std::unexpected(last_block.error());
  const auto trailer = decode_trailer(*last_block);
  if (!trailer || trailer->generation != generation || trailer->index_at < block_size ||
      trailer->index_at > size - 2 * block_size)
    co_return std::nullopt;
  const auto block = co_await read_range(file, trailer->index_at, block_size);
  if (!block) co_return std::unexpected(block.error());
  const auto group = decode_index_group(*block, *trailer);
  if (!group || group->record.length > size - trailer->index_at) co_return std::nullopt;
  const std::uint64_t payload_at = trailer->index_at + group_header_size + record_header_size;
  auto entries = co_await read_range(file, payload_at, group->record.length);
  if (!entries) co_return std::unexpected(entries.error());
  if (checksum_of(*entries) != group->record.payload_crc || !is_complete_index(*entries)) co_return std::nullopt;
  co_return SegmentIndex{std::move(*entries), trailer->last_group};
}

std::optional<std::string> make_index_entry(const FoundRecord& record) {
  const RecordHeader& header = record.header;
  if (header.id.value == 0) return {};  // no message has that id
  std::string summary;
  if (header.type == RecordType::message) {
    const auto parts = decode_message(record.payload, header.flags);
    if (!parts) return {};
    const auto envelope = mail::decode_envelope(parts->envelope);
    if (!envelope) return {};
    summary = summarise(*envelope, parts->prefix.body_size);
  } else {
    const auto update = mail::decode_update(record.payload);
    if (!update) return {};
    summary = summarise(*update, header.holder);
  }
  return encode(IndexEntry{header.type, header.flags, header.id, static_cast<std::uint32_t>(record.offset),
                           header.length, summary});
}

std::string make_index(const std::vector<FoundRecord>& records) {
  std::string entries;
  for (const FoundRecord& record : records)
    if (record.header.type != RecordType::index) entries += make_index_entry(record).value_or("");
  return entries;
}

}  // namespace godwit::spool
