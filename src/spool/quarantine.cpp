// SPDX-License-Identifier: Apache-2.0
#include "quarantine.hpp"

#include <cerrno>

namespace godwit::spool {

disk::Task<> Quarantine::keep(std::string path, std::string_view bytes, std::uint64_t salvaged) {
  count();
  auto file = co_await disk_.open(path, disk::OpenMode::create_new);
  if (!file && file.error().os_error == EEXIST) co_return base::Result<>{};  // found at an earlier start
  if (!file) co_return std::unexpected(std::move(file.error()));
  log_.error("spool_damaged", {{"kept", path}, {"bytes", bytes.size()}, {"records_saved", salvaged}});
  auto written = co_await (*file)->write(0, bytes);
  if (!written) co_return written;
  co_return co_await (*file)->sync();
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
