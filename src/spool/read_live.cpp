// SPDX-License-Identifier: Apache-2.0
// read_live(): messages for export.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "bodies.hpp"
#include "godwit/spool/inspect.hpp"
#include "headed_body.hpp"
#include "journal_reader.hpp"

namespace godwit::spool {
namespace {

// Beside a busy daemon, what moved while it was read is looked for again; nothing moves that often.
constexpr int most_rounds = 10;

using Entries = std::vector<std::pair<base::MessageId, LiveTable::Entry>>;

class LiveReader {
 public:
  LiveReader(disk::Disk& disk, std::string directory, boost::asio::any_io_executor executor, LiveReading reading)
      : disk_(disk), paths_(std::move(directory)), executor_(std::move(executor)), reading_(std::move(reading)) {}

  disk::Task<std::vector<Fault>> run() {
    for (int round = 0; round < most_rounds; ++round) {
      faults_.clear();
      auto step = co_await read_round();
      if (!step) co_return std::unexpected(std::move(step.error()));
      if (faults_.empty()) break;
    }
    co_return std::move(faults_);
  }

 private:
  disk::Task<> read_round() {
    LiveTable table(LiveTable::Updates::keep, [this](base::MessageId id) {
      return !visited_.contains(id) && (!reading_.wanted || reading_.wanted(id));
    });
    JournalReader reader(disk_, paths_);
    auto step = co_await catch_up(reader, table);
    if (!step) co_return step;
    Entries entries(table.entries().begin(), table.entries().end());
    std::ranges::sort(entries, {},
                      [](const auto& one) { return std::pair(one.second.place.segment, one.second.place.offset); });
    for (auto& [id, entry] : entries) {
      step = co_await read_one(id, std::move(entry));
      if (!step) co_return step;
    }
    co_return base::Result<>{};
  }

  disk::Task<> read_one(base::MessageId id, LiveTable::Entry entry) {
    auto message = co_await load(id, entry);
    if (!message) {
      const std::string path = paths_.segment(entry.place.segment);
      note(id, path, message.error().message);
      co_return base::Result<>{};
    }
    auto visit = reading_.visit(std::move(*message));
    auto visited = co_await std::move(visit);
    if (!visited) co_return std::unexpected(std::move(visited.error()));
    if (visited->body_fault.empty())
      visited_.insert(id);
    else
      note(id, paths_.large(id), std::move(visited->body_fault));
    co_return base::Result<>{};
  }

  void note(base::MessageId id, const std::string& path, std::string what) {
    faults_.push_back({.file = path.substr(paths_.root.size() + 1), .id = id, .what = std::move(what)});
  }

  disk::Task<StoredMessage> load(base::MessageId id, const LiveTable::Entry& entry) {
    if (!file_ || file_segment_ != entry.place.segment) {
      auto opened = co_await disk_.open(paths_.segment(entry.place.segment), disk::OpenMode::read);
      if (!opened) co_return std::unexpected(std::move(opened.error()));
      file_ = std::move(*opened);
      file_segment_ = entry.place.segment;
    }
    auto record = co_await read_record(*file_, entry.place, id);
    if (!record) co_return std::unexpected(std::move(record.error()));
    const auto parts = decode_message(record->payload(), record->header.flags);
    if (!parts || record->header.generation != entry.generation)
      co_return base::fail(base::ErrorKind::corrupt, describe(id, "its record is malformed"));
    auto envelope = mail::decode_envelope(parts->envelope);
    if (!envelope) co_return std::unexpected(std::move(envelope.error()));
    for (const std::string& bytes : entry.updates) {
      const auto update = mail::decode_update(bytes);
      if (!update) co_return std::unexpected(update.error());
      mail::apply(*update, *envelope);
    }
    StoredMessage message{.id = id, .envelope = std::move(*envelope), .body = nullptr};
    if ((record->header.flags & body_is_large) != 0) {
      message.body = std::make_shared<LargeBody>(disk_, executor_, paths_.large(id), parts->prefix.body_size,
                                                 parts->prefix.body_crc);
      message.body = with_head(std::string(parts->body), std::move(message.body));
    } else {
      message.body = std::make_shared<InlineBody>(std::string(parts->body), Charge(budget_));
    }
    co_return message;
  }

  disk::Disk& disk_;
  const Paths paths_;
  const boost::asio::any_io_executor executor_;
  const LiveReading reading_;
  const std::shared_ptr<Budget> budget_ = std::make_shared<Budget>(0);  // counted by nobody
  std::unordered_set<base::MessageId> visited_;
  std::vector<Fault> faults_;
  std::unique_ptr<disk::File> file_;
  std::uint32_t file_segment_ = 0;
};

}  // namespace

disk::Task<std::vector<Fault>> read_live(disk::Disk& disk, std::string directory, boost::asio::any_io_executor executor,
                                         LiveReading reading) {
  LiveReader reader(disk, std::move(directory), std::move(executor), std::move(reading));
  co_return co_await reader.run();
}

}  // namespace godwit::spool
