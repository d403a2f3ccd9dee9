// SPDX-License-Identifier: Apache-2.0
#include "export_folder.hpp"

#include <algorithm>

#include "godwit/base/checksum.hpp"
#include "piece_size.hpp"

namespace godwit::tools {
namespace {

constexpr std::uint64_t greatest_envelope = 256U << 20U;  // a million recipients; beyond it, it is not ours

}  // namespace

disk::Task<WrittenBody> write_body(disk::Disk& disk, std::string path, spool::Body& body) {
  auto file = co_await disk.open(path, disk::OpenMode::create_new);
  if (!file) co_return std::unexpected(std::move(file.error()));
  WrittenBody written;
  std::string piece(piece_size, '\0');
  for (;;) {
    auto got = co_await body.read(written.size, piece);
    if (!got) {
      written.fault = std::move(got.error().message);
      co_return written;
    }
    if (*got == 0) break;
    const std::string_view bytes = std::string_view(piece).substr(0, *got);
    auto done = co_await (*file)->write(written.size, bytes);
    if (!done) co_return std::unexpected(std::move(done.error()));
    written.crc = base::crc32c(bytes, written.crc);
    written.size += bytes.size();
  }
  auto synced = co_await (*file)->sync();
  if (!synced) co_return std::unexpected(std::move(synced.error()));
  co_return written;
}

BodyReader::BodyReader(std::unique_ptr<disk::File> file) : file_(std::move(file)), piece_(piece_size, '\0') {}

disk::Task<std::string_view> BodyReader::next() {
  auto got = co_await file_->read(at_, piece_);
  if (!got) co_return std::unexpected(std::move(got.error()));
  at_ += *got;
  co_return std::string_view(piece_).substr(0, *got);
}

disk::Task<> ExportFolder::make() {
  return disk_.make_directories(path_);
}

disk::Task<> ExportFolder::remove_if_there(std::string path) {
  auto removed = co_await disk_.remove(std::move(path));
  if (!removed && removed.error().kind != base::ErrorKind::not_found) co_return removed;
  co_return base::Result<>{};
}

disk::Task<spool::Visited> ExportFolder::put(spool::StoredMessage message) {
  // Envelope gone → body gone → body → envelope: so an envelope never stands beside another message's body.
  for (const std::string_view suffix : {".envelope", ".part", ".eml"}) {
    auto removed = co_await remove_if_there(path(message.id, suffix));
    if (!removed) co_return std::unexpected(std::move(removed.error()));
  }
  auto body = co_await write_body(disk_, path(message.id, ".eml"), *message.body);
  if (!body) co_return std::unexpected(std::move(body.error()));
  if (!body->fault.empty()) {
    auto removed = co_await remove_if_there(path(message.id, ".eml"));
    if (!removed) co_return std::unexpected(std::move(removed.error()));
    co_return spool::Visited{std::move(body->fault)};
  }
  mail::ExportFile file{
      .id = message.id, .envelope = std::move(message.envelope), .body_size = body->size, .body_crc = body->crc};
  auto written = co_await write_envelope(std::move(file));
  if (!written) co_return std::unexpected(std::move(written.error()));
  co_return spool::Visited{};
}

disk::Task<> ExportFolder::write_envelope(mail::ExportFile file) {
  const std::string part = path(file.id, ".part");
  auto opened = co_await disk_.open(part, disk::OpenMode::create_new);
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  const std::string text = mail::encode(file);
  auto step = co_await (*opened)->write(0, text);
  // Content → sync → name: a crash leaves no envelope that is cut.
  if (step) step = co_await (*opened)->sync();
  if (step) step = co_await disk_.rename(part, path(file.id, ".envelope"));
  co_return step;
}

disk::Task<> ExportFolder::sync() {
  return disk_.sync_directory(path_);
}

disk::Task<std::vector<base::MessageId>> ExportFolder::list() {
  auto entries = co_await disk_.list(path_);
  if (!entries) co_return std::unexpected(std::move(entries.error()));
  constexpr std::string_view suffix = ".envelope";
  std::vector<base::MessageId> ids;
  for (const disk::Entry& entry : *entries) {
    if (!entry.name.ends_with(suffix)) continue;
    const auto id = base::parse_message_id(entry.name.substr(0, entry.name.size() - suffix.size()));
    if (id) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  co_return ids;
}

disk::Task<mail::ExportFile> ExportFolder::read(base::MessageId id) {
  auto file = co_await disk_.open(path(id, ".envelope"), disk::OpenMode::read);
  if (!file) co_return std::unexpected(std::move(file.error()));
  auto size = co_await (*file)->size();
  if (!size) co_return std::unexpected(std::move(size.error()));
  if (*size > greatest_envelope)
    co_return base::fail(base::ErrorKind::corrupt, path(id, ".envelope") + " is too large");
  std::string text(*size, '\0');
  auto got = co_await (*file)->read(0, text);
  if (!got) co_return std::unexpected(std::move(got.error()));
  text.resize(*got);
  auto decoded = mail::decode_export_file(text);
  if (!decoded) co_return base::fail(decoded.error().kind, path(id, ".envelope") + ": " + decoded.error().message);
  co_return decoded;
}

disk::Task<std::unique_ptr<BodyReader>> ExportFolder::open_body(base::MessageId id) {
  auto file = co_await disk_.open(path(id, ".eml"), disk::OpenMode::read);
  if (!file) co_return std::unexpected(std::move(file.error()));
  co_return std::make_unique<BodyReader>(std::move(*file));
}

disk::Task<> ExportFolder::set_imported(base::MessageId id) {
  return disk_.rename(path(id, ".envelope"), path(id, ".imported"));
}

}  // namespace godwit::tools
