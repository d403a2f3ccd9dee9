// SPDX-License-Identifier: Apache-2.0
// A folder of exported messages: for each, <id>.eml (the body, byte for byte) and <id>.envelope
// (mail/export_file.hpp).  A message belongs to the export when its .envelope is there; what an import has taken is
// called <id>.imported.
//
// Runs where blocking is allowed.  Errors: as the disk gives them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/disk/disk.hpp"
#include "godwit/mail/export_file.hpp"
#include "godwit/spool/inspect.hpp"
#include "godwit/spool/spool.hpp"

namespace godwit::tools {

// Writes a body to a file that must not exist, and syncs it; gives size and checksum, or why the body can't be read.
struct WrittenBody {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::string fault;
};
disk::Task<WrittenBody> write_body(disk::Disk& disk, std::string path, spool::Body& body);

// A body's file, read from its beginning to its end.
class BodyReader {
 public:
  explicit BodyReader(std::unique_ptr<disk::File> file);
  // Valid until the next call; empty at the end.
  disk::Task<std::string_view> next();
  disk::Task<std::uint64_t> size() { return file_->size(); }

 private:
  std::unique_ptr<disk::File> file_;
  std::string piece_;
  std::uint64_t at_ = 0;
};

class ExportFolder {
 public:
  ExportFolder(disk::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  disk::Task<> make();
  // A message of this id that an earlier export left is replaced.
  disk::Task<spool::Visited> put(spool::StoredMessage message);
  // All that was put survives power loss.
  disk::Task<> sync();

  disk::Task<std::vector<base::MessageId>> list();
  disk::Task<mail::ExportFile> read(base::MessageId id);
  disk::Task<std::unique_ptr<BodyReader>> open_body(base::MessageId id);
  disk::Task<> set_imported(base::MessageId id);

 private:
  std::string path(base::MessageId id, std::string_view suffix) const {
    return path_ + "/" + base::to_string(id) + std::string(suffix);
  }
  disk::Task<> remove_if_there(std::string path);
  disk::Task<> write_envelope(mail::ExportFile file);

  disk::Disk& disk_;
  const std::string path_;
};

}  // namespace godwit::tools
