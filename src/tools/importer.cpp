// SPDX-License-Identifier: Apache-2.0
#include "importer.hpp"

#include <boost/asio/detached.hpp>

#include "blocking.hpp"
#include "godwit/base/checksum.hpp"
#include "own_spool.hpp"

namespace godwit::tools {
namespace {

constexpr std::size_t piece_size = 256U << 10U;
constexpr std::size_t at_once = 32;  // these share a sync of the spool

base::Error as_error(const spool::Refused& refused) {
  const bool full = refused.why == spool::Refused::Why::full || refused.why == spool::Refused::Why::back_pressure;
  std::string what = refused.detail;
  if (refused.why == spool::Refused::Why::too_large) what = "it is larger than limits.message_size";
  if (refused.why == spool::Refused::Why::not_canonical) what = "its line ends are not all CRLF, or it has a NUL";
  return {.kind = full ? base::ErrorKind::exhausted : base::ErrorKind::refused,
          .message = "the spool refused it: " + what};
}

class Importer {
 public:
  Importer(const spool::Settings& settings, const std::string& folder, const ImportNotice& notice)
      : settings_(settings), folder_(spool_.disk(), folder), notice_(notice) {}

  base::Result<Imported> run() {
    auto listed = run_here(spool_.context(), folder_.list());
    if (!listed) return std::unexpected(std::move(listed.error()));
    ids_ = std::move(*listed);
    if (auto opened = spool_.open(settings_); !opened) return std::unexpected(std::move(opened.error()));
    for (std::size_t i = 0; i < at_once; ++i) boost::asio::co_spawn(spool_.context(), work(), boost::asio::detached);
    spool_.context().restart();
    spool_.context().run();
    if (auto closed = spool_.close(); !closed) return std::unexpected(std::move(closed.error()));
    if (auto synced = run_here(spool_.context(), folder_.sync()); !synced)
      return std::unexpected(std::move(synced.error()));
    return imported_;
  }

 private:
  boost::asio::awaitable<void> work() {
    while (next_ < ids_.size()) {
      const base::MessageId id = ids_[next_++];
      auto taking = take(id);
      const auto result = co_await std::move(taking);
      ++(result ? imported_.messages : imported_.failed);
      notice_(id, result);
    }
  }

  disk::Task<base::MessageId> take(base::MessageId id) {
    auto file = co_await folder_.read(id);
    if (!file) co_return std::unexpected(std::move(file.error()));
    auto begun = spool_->begin(file->body_size);
    if (!begun) co_return std::unexpected(as_error(begun.error()));
    auto written = co_await write(**begun, *file);
    if (!written) co_return std::unexpected(std::move(written.error()));
    auto committed = co_await (*begun)->commit(std::move(file->envelope));
    if (!committed) co_return std::unexpected(as_error(committed.error()));
    auto named = co_await folder_.set_imported(id);
    if (!named) co_return std::unexpected(std::move(named.error()));
    co_return *committed;
  }

  disk::Task<> write(spool::Incoming& incoming, const ExportFile& file) {
    const std::string path = folder_.body_path(file.id);
    auto body = co_await spool_.disk().open(path, disk::OpenMode::read);
    if (!body) co_return std::unexpected(std::move(body.error()));
    std::string piece(piece_size, '\0');
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    for (;;) {
      auto got = co_await (*body)->read(size, piece);
      if (!got) co_return std::unexpected(std::move(got.error()));
      if (*got == 0) break;
      const std::string_view bytes = std::string_view(piece).substr(0, *got);
      auto written = co_await incoming.write(bytes);
      if (!written) co_return std::unexpected(as_error(written.error()));
      crc = base::crc32c(bytes, crc);
      size += bytes.size();
    }
    if (size != file.body_size || crc != file.body_crc)
      co_return base::fail(base::ErrorKind::corrupt, path + " does not match its checksum");
    co_return base::Result<>{};
  }

  const spool::Settings& settings_;
  OwnSpool spool_;
  ExportFolder folder_;
  const ImportNotice& notice_;
  std::vector<base::MessageId> ids_;
  std::size_t next_ = 0;
  Imported imported_;
};

}  // namespace

base::Result<Imported> import_messages(const spool::Settings& settings, const std::string& folder,
                                       const ImportNotice& notice) {
  Importer importer(settings, folder, notice);
  return importer.run();
}

}  // namespace godwit::tools
