// SPDX-License-Identifier: Apache-2.0
#include "importer.hpp"

#include <boost/asio/detached.hpp>

#include "blocking.hpp"
#include "godwit/spool/add_message.hpp"
#include "own_spool.hpp"

namespace godwit::tools {
namespace {

constexpr std::size_t at_once = 32;  // these share a sync of the spool

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
    auto body = co_await folder_.open_body(id);
    if (!body) co_return std::unexpected(std::move(body.error()));
    spool::Pieces pieces = [&reader = **body] { return reader.next(); };
    auto importing = spool::import_message(*spool_, std::move(*file), std::move(pieces));
    auto imported = co_await std::move(importing);
    if (!imported) co_return imported;
    auto named = co_await folder_.set_imported(id);
    if (!named) co_return std::unexpected(std::move(named.error()));
    co_return imported;
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
