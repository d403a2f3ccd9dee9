// SPDX-License-Identifier: Apache-2.0
#include "quarantine.hpp"

#include <cerrno>
#include <utility>

#include "segment_file.hpp"

namespace godwit::spool {

disk::Task<> Quarantine::keep(std::string path, std::string_view bytes, std::uint64_t salvaged) {
  count();
  auto named = path;
  auto file = co_await disk_.open(named, disk::OpenMode::create_new);
  for (int i = 1; !file && file.error().os_error == EEXIST; ++i) {
    const auto is_kept = co_await has(named, bytes);
    if (!is_kept) co_return std::unexpected(is_kept.error());
    if (*is_kept) co_return base::Result<>{};  // found at an earlier start
    named = path + "." + std::to_string(i);
    file = co_await disk_.open(named, disk::OpenMode::create_new);
  }
  if (!file) co_return std::unexpected(std::move(file.error()));
  log_.error("spool_damaged", {{"kept", named}, {"bytes", bytes.size()}, {"records_saved", salvaged}});
  auto written = co_await (*file)->write(0, bytes);
  if (written) written = co_await (*file)->sync();
  // A part of it would be taken for all of it the next time.
  if (!written) static_cast<void>(co_await disk_.remove(named));
  co_return written;
}

// Less of it where a crash came while it was kept, or where the damage has grown since.
disk::Task<bool> Quarantine::has(std::string path, std::string_view bytes) {
  const auto file = co_await disk_.open(path, disk::OpenMode::read);
  if (!file) co_return std::unexpected(file.error());
  const auto size = co_await (*file)->size();
  if (!size) co_return std::unexpected(size.error());
  if (*size < bytes.size()) co_return base::Result<bool>(false);
  const auto kept = co_await read_all(**file, bytes.size());
  if (!kept) co_return std::unexpected(kept.error());
  co_return base::Result<bool>(*kept == bytes);
}

disk::Task<> Quarantine::keep_all(std::uint32_t segment, std::string_view bytes, const std::vector<Damage>& damages) {
  for (const Damage& damage : damages) {
    const std::string path = paths_.damage(segment, damage.offset);
    auto kept = co_await keep(path, bytes.substr(damage.offset, damage.size), damage.salvaged);
    if (!kept) co_return kept;
  }
  co_return base::Result<>{};
}

disk::Task<> Quarantine::take_segment(std::uint32_t segment, std::uint64_t size) {
  count();
  const std::string kept = paths_.quarantine() + "/" + Paths::digits(segment) + ".seg";
  log_.error("spool_damaged", {{"kept", kept}, {"bytes", size}});
  co_return co_await disk_.rename(paths_.segment(segment), kept);
}

void Quarantine::report_missing(std::uint32_t segment, std::uint64_t bytes) {
  count();
  log_.error("spool_damaged", {{"segment", segment}, {"bytes_missing", bytes}});
}

}  // namespace godwit::spool
