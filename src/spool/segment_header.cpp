// SPDX-License-Identifier: Apache-2.0
#include "segment_header.hpp"

#include <fmt/format.h>

#include "bytes.hpp"
#include "godwit/base/checksum.hpp"

namespace godwit::spool {
namespace {

// magic (8), checksum (4), then all that the checksum covers
constexpr std::size_t crc_at = 8;
constexpr std::size_t covered_at = 12;

std::string start(std::string_view magic) {
  std::string bytes(magic);
  put(bytes, std::uint32_t{0});
  put(bytes, format_version);
  return bytes;
}

std::string finish(std::string bytes, std::size_t size) {
  bytes.resize(size, '\0');
  put_at(bytes, crc_at, base::crc32c(std::string_view(bytes).substr(covered_at)));
  bytes.resize(block_size, '\0');
  return bytes;
}

bool is_sound(std::string_view block, std::string_view magic, std::size_t size) {
  return block.size() >= size && block.starts_with(magic) &&
         get<std::uint32_t>(block, crc_at) == base::crc32c(block.substr(covered_at, size - covered_at));
}

bool is_known(std::uint32_t version) {
  return version >= oldest_version && version <= format_version;
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string bytes = start(segment_magic);
  put(bytes, header.generation);
  put(bytes, header.capacity);
  put(bytes, header.first_group);
  put(bytes, static_cast<std::uint64_t>(header.created.time_since_epoch().count()));
  put(bytes, static_cast<std::uint32_t>(block_size));
  put(bytes, header.last_id.value);
  return finish(std::move(bytes), segment_header_size);
}

std::expected<SegmentHeader, HeaderFault> decode_segment_header(std::string_view block) {
  if (!is_sound(block, segment_magic, segment_header_size)) return std::unexpected(HeaderFault::damaged);
  if (!is_known(get<std::uint32_t>(block, covered_at))) return std::unexpected(HeaderFault::unknown_version);
  if (get<std::uint32_t>(block, 48) != block_size) return std::unexpected(HeaderFault::unknown_version);
  const base::Duration created(static_cast<std::int64_t>(get<std::uint64_t>(block, 40)));
  return SegmentHeader{.generation = get<std::uint64_t>(block, 16),
                       .capacity = get<std::uint64_t>(block, 24),
                       .first_group = get<std::uint64_t>(block, 32),
                       .created = base::WallTime(created),
                       .last_id = {get<std::uint64_t>(block, 52)}};
}

base::Error unknown_version(const std::string& path, std::string_view block) {
  const auto version = get<std::uint32_t>(block, covered_at);
  return base::Error{
      .kind = base::ErrorKind::unsupported,
      .message = fmt::format("{} has spool format {}{}, and this version of Godwit knows formats up to {}: start the "
                             "version that wrote it; nothing was changed",
                             path, version, version > format_version ? " of a newer version" : "", format_version)};
}

std::string encode(const Trailer& trailer) {
  std::string bytes = start(trailer_magic);
  put(bytes, trailer.generation);
  put(bytes, trailer.index_at);
  put(bytes, trailer.last_group);
  return finish(std::move(bytes), trailer_size);
}

std::optional<Trailer> decode_trailer(std::string_view block) {
  if (!is_sound(block, trailer_magic, trailer_size) || !is_known(get<std::uint32_t>(block, covered_at))) return {};
  return Trailer{.generation = get<std::uint64_t>(block, 16),
                 .index_at = get<std::uint64_t>(block, 24),
                 .last_group = get<std::uint64_t>(block, 32)};
}

}  // namespace godwit::spool
