// SPDX-License-Identifier: Apache-2.0
#include "segment_file.hpp"

#include <algorithm>
#include <span>

#include "godwit/base/checksum.hpp"

namespace godwit::spool {
namespace {

constexpr std::size_t read_piece = 4U << 20U;

}  // namespace

disk::Task<std::string> read_all(disk::File& file, std::uint64_t size) {
  std::string bytes(size, '\0');
  for (std::uint64_t at = 0; at < size;) {
    auto got = co_await file.read(at, std::span(bytes).subspan(at, std::min<std::uint64_t>(read_piece, size - at)));
    // Not taken for damage: an error of the moment must not become the loss of what is on the disk.
    if (!got) co_return std::unexpected(std::move(got.error()));
    if (*got == 0) break;
    at += *got;
  }
  co_return bytes;
}

disk::Task<RecordBytes> read_record(disk::File& file, Place place, base::MessageId id) {
  RecordBytes record{.header = {}, .bytes = std::string(record_header_size + place.length, '\0')};
  auto got = co_await file.read(place.offset, record.bytes);
  if (!got) co_return std::unexpected(std::move(got.error()));
  const auto header = decode_record_header(record.bytes);
  if (*got != record.bytes.size() || !header || header->id != id || header->length != place.length ||
      header->payload_crc != base::crc32c(record.payload()))
    co_return base::fail(base::ErrorKind::corrupt, describe(id, "its record is damaged"));
  record.header = *header;
  co_return record;
}

std::string describe(base::MessageId id, std::string_view what) {
  return "message " + base::to_string(id) + ": " + std::string(what);
}

}  // namespace godwit::spool
