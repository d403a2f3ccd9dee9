// SPDX-License-Identifier: Apache-2.0
#include "history_segments.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/text.hpp"

namespace godwit::state {
namespace {

constexpr std::uint64_t usual_segment = 16U << 20U;
constexpr std::uint64_t largest_segment = 4 * usual_segment;  // none that was written comes to that
constexpr std::uint64_t least_segments = 8;                   // so that what must go can go in parts
constexpr base::Duration longest_span = std::chrono::hours(24);

// "00000017.hist" → 17
std::optional<std::uint32_t> number_of(std::string_view name, std::string_view kind) {
  if (name.size() != 8 + kind.size() || !name.ends_with(kind)) return {};
  const auto number = base::parse_unsigned(name.substr(0, 8));
  if (!number) return {};
  return static_cast<std::uint32_t>(*number);
}

constexpr std::string_view segment_kind = ".hist";
constexpr std::string_view index_kind = ".idx";

}  // namespace

std::string HistorySegments::path(std::uint32_t number, std::string_view kind) const {
  return fmt::format("{}/{:08}{}", directory_, number, kind);
}

std::vector<HistorySegment> HistorySegments::all() const {
  std::vector<HistorySegment> all(finished_.begin(), finished_.end());
  if (writing_) all.push_back(writing_->segment);
  return all;
}

// ---- what is there

boost::asio::awaitable<void> HistorySegments::load() {
  auto listed = co_await disk_.list(directory_);
  if (!listed) {
    if (listed.error().kind != base::ErrorKind::not_found)
      log_.warn("history_unreadable", {{"path", directory_}, {"reason", listed.error().message}});
    co_return;
  }
  std::map<std::uint32_t, std::uint64_t> sizes, index_sizes;
  for (const auto& entry : *listed) {
    if (const auto number = number_of(entry.name, segment_kind)) sizes[*number] = entry.size;
    if (const auto number = number_of(entry.name, index_kind)) index_sizes[*number] = entry.size;
  }
  for (const auto& [number, size] : sizes) {
    last_number_ = std::max(last_number_, number);
    const auto index = index_sizes.find(number);
    auto loaded = co_await load_one(number, size, index == index_sizes.end() ? 0 : index->second);
    if (loaded)
      finished_.push_back(*loaded);
    else
      log_.warn("history_damaged",
                {{"path", path(number, segment_kind)}, {"reason", loaded.error().message + "; it is passed over"}});
  }
  for (const auto& [number, _] : index_sizes)
    if (!sizes.contains(number)) static_cast<void>(co_await disk_.remove(path(number, index_kind)));
}

disk::Task<std::string> HistorySegments::read_index_file(std::uint32_t number, std::size_t size) {
  auto file = co_await disk_.open(path(number, index_kind), disk::OpenMode::read);
  if (!file) co_return std::unexpected(file.error());
  std::string bytes(size, '\0');
  auto got = co_await (*file)->read(0, bytes);
  if (!got) co_return std::unexpected(got.error());
  bytes.resize(*got);
  co_return bytes;
}

disk::Task<HistorySegment> HistorySegments::load_one(std::uint32_t number, std::uint64_t size,
                                                     std::uint64_t index_size) {
  if (size > largest_segment) co_return base::fail(base::ErrorKind::corrupt, "it is larger than any segment");
  // Its head alone has no checksum.  An id that it has an entry for takes two thirds of that in the segment.
  if (index_size > 0 && index_size <= IndexHead().file_size() + 2 * size) {
    auto bytes = co_await read_index_file(number, index_size);
    if (!bytes) co_return std::unexpected(bytes.error());
    if (read_index(*bytes)) co_return HistorySegment{.number = number, .size = size, .head = *read_index_head(*bytes)};
  }
  auto made = co_await make_index(number, size);
  if (!made) co_return std::unexpected(made.error());
  co_return made->segment;
}

disk::Task<HistorySegments::Indexed> HistorySegments::make_index(std::uint32_t number, std::uint64_t size) {
  HistorySegment segment{.number = number, .size = size, .head = {}};
  auto opened = co_await reader(segment);
  if (!opened) co_return std::unexpected(opened.error());
  std::vector<IndexEntry> entries;
  EventView event;
  for (;;) {
    auto frame = co_await (*opened)->next();
    if (!frame) co_return std::unexpected(frame.error());
    if (!*frame) break;
    for (base::Cursor payload((*frame)->payload); take_event(payload, event);) {
      segment.head.see(event.time, event.ids.span());
      for (const auto id : event.ids.span()) entries.push_back({.id = id, .frame = (*frame)->offset});
    }
  }
  // A crash cuts the last frame; that is no damage.
  if ((*opened)->skipped() > 0)
    log_.warn("history_damaged", {{"path", path(number, segment_kind)},
                                  {"bytes", (*opened)->skipped()},
                                  {"reason", "these are no events; they are passed over"}});
  auto written = co_await write_index(segment, entries);
  if (!written) log_.warn("history_not_indexed", {{"reason", written.error().message}});
  co_return Indexed{.segment = segment, .entries = std::move(entries)};
}

// Nothing relies on it: it is synced by nobody, and made again when it is damaged.
disk::Task<> HistorySegments::write_index(HistorySegment& segment, std::vector<IndexEntry>& entries) {
  tidy(entries);
  segment.head.entries = static_cast<std::uint32_t>(entries.size());
  const auto name = path(segment.number, index_kind);
  auto removed = co_await disk_.remove(name);
  auto file = co_await disk_.open(name, disk::OpenMode::create_new, 0640);
  if (!file) co_return std::unexpected(file.error());
  const auto bytes = encode_index(segment.head, entries);
  co_return co_await (*file)->write(0, bytes);
}

disk::Task<std::unique_ptr<FrameReader>> HistorySegments::reader(HistorySegment segment) const {
  auto file = co_await disk_.open(path(segment.number, segment_kind), disk::OpenMode::read);
  if (!file) co_return std::unexpected(file.error());
  std::string magic(segment_magic.size(), '\0');
  auto got = co_await (*file)->read(0, magic);
  if (!got) co_return std::unexpected(got.error());
  // Shorter: a crash came before it was written.
  if (*got == magic.size() && magic != segment_magic)
    co_return base::fail(base::ErrorKind::corrupt, "this is no segment of the history, or of a later version");
  co_return std::make_unique<FrameReader>(std::move(*file), segment.size);
}

// Sorted.  Of one that is finished, perhaps only since somebody asked for all().
disk::Task<std::vector<IndexEntry>> HistorySegments::entries_of(HistorySegment segment) {
  const auto found = std::ranges::find(finished_, segment.number, &HistorySegment::number);
  if (found == finished_.end()) co_return base::fail(base::ErrorKind::not_found, "the events have expired");
  const auto now = *found;
  auto bytes = co_await read_index_file(now.number, now.head.file_size());
  auto entries = bytes ? read_index(*bytes) : std::nullopt;
  if (entries) co_return std::move(*entries);
  auto made = co_await make_index(now.number, now.size);
  if (!made) co_return std::unexpected(made.error());
  co_return std::move(made->entries);
}

disk::Task<std::vector<std::uint32_t>> HistorySegments::frames_of(HistorySegment segment, base::MessageId id) {
  std::vector<std::uint32_t> frames;
  const auto add = [&](const IndexEntry& entry) {
    if (entry.id == id && (frames.empty() || frames.back() != entry.frame)) frames.push_back(entry.frame);
  };
  if (is_writing(segment.number)) {
    std::ranges::for_each(writing_->entries, add);
    co_return frames;
  }
  auto entries = co_await entries_of(segment);
  if (!entries) co_return std::unexpected(entries.error());
  std::ranges::for_each(std::ranges::equal_range(*entries, id, {}, &IndexEntry::id), add);
  co_return frames;
}

disk::Task<std::vector<std::uint32_t>> HistorySegments::frames_from(HistorySegment segment, std::uint64_t offset) {
  std::vector<std::uint32_t> frames;
  const auto add = [&](const IndexEntry& entry) {
    if (entry.frame >= offset && (frames.empty() || frames.back() != entry.frame)) frames.push_back(entry.frame);
  };
  if (is_writing(segment.number)) {
    std::ranges::for_each(writing_->entries, add);
    co_return frames;
  }
  auto entries = co_await entries_of(segment);
  if (!entries) co_return std::unexpected(entries.error());
  std::ranges::for_each(*entries, add);
  std::ranges::sort(frames);
  frames.erase(std::ranges::unique(frames).begin(), frames.end());
  co_return frames;
}

// ---- what comes

disk::Task<> HistorySegments::begin() {
  auto made = co_await disk_.make_directories(directory_, 0750);
  if (!made) co_return made;
  Writing writing{.segment = {.number = last_number_ + 1, .size = segment_magic.size(), .head = {}}};
  const auto name = path(writing.segment.number, segment_kind);
  auto file = co_await disk_.open(name, disk::OpenMode::create_new, 0640);
  if (!file) co_return std::unexpected(file.error());
  auto written = co_await (*file)->write(0, segment_magic);
  if (!written) {
    file->reset();
    static_cast<void>(co_await disk_.remove(name));
    co_return written;
  }
  writing.file = std::move(*file);
  last_number_ = writing.segment.number;
  writing_ = std::move(writing);
  co_return base::Result<>();
}

disk::Task<> HistorySegments::append(std::deque<PendingFrame> frames) {
  if (!writing_) {
    auto begun = co_await begin();
    if (!begun) co_return begun;
  }
  for (const auto& frame : frames) {
    const auto header = frame_header_of(frame.payload);
    const std::array<std::string_view, 2> parts{header, frame.payload};
    auto written = co_await writing_->file->write_vector(writing_->segment.size, parts);
    if (!written) {
      co_await seal();
      co_return written;
    }
    auto& segment = writing_->segment;
    const auto offset = static_cast<std::uint32_t>(segment.size);
    segment.size += header.size() + frame.payload.size();
    segment.head.see(frame.first, frame.ids);
    segment.head.see(frame.last, {});
    for (const auto id : frame.ids)
      if (writing_->entries.empty() || writing_->entries.back() != IndexEntry{id, offset})
        writing_->entries.push_back({.id = id, .frame = offset});
  }
  co_return base::Result<>();
}

boost::asio::awaitable<void> HistorySegments::seal() {
  if (!writing_) co_return;
  auto writing = std::move(*writing_);
  writing_.reset();
  writing.file.reset();
  auto written = co_await write_index(writing.segment, writing.entries);
  if (!written) log_.warn("history_not_indexed", {{"reason", written.error().message}});
  finished_.push_back(writing.segment);
}

boost::asio::awaitable<void> HistorySegments::seal_if_due(const HistorySettings& settings, base::WallTime now) {
  if (!writing_) co_return;
  const auto& segment = writing_->segment;
  const auto span = std::min(longest_span, settings.keep / static_cast<int>(least_segments));
  const bool is_old = segment.size > segment_magic.size() && now - segment.head.first >= span;
  if (is_old || segment.size >= std::min(usual_segment, settings.max_size / least_segments)) co_await seal();
}

boost::asio::awaitable<void> HistorySegments::remove(std::uint32_t number) {
  for (const auto kind : {index_kind, segment_kind}) {
    auto removed = co_await disk_.remove(path(number, kind));
    if (!removed && removed.error().kind != base::ErrorKind::not_found)
      log_.warn("history_not_removed", {{"path", path(number, kind)}, {"reason", removed.error().message}});
  }
}

boost::asio::awaitable<void> HistorySegments::expire(const HistorySettings& settings, base::WallTime now) {
  std::uint64_t bytes = 0;
  for (const auto& segment : all()) bytes += segment.size;
  while (!finished_.empty()) {
    const auto oldest = finished_.front();
    // One without an event has no time.
    const bool is_old = oldest.head.last < now - settings.keep;
    if (!is_old && bytes <= settings.max_size) break;
    finished_.pop_front();
    bytes -= oldest.size;
    co_await remove(oldest.number);
  }
}

}  // namespace godwit::state
