// SPDX-License-Identifier: Apache-2.0
// A folder of exported messages: for each, <id>.eml (the body, byte for byte) and <id>.envelope (export_file.hpp).  A
// message belongs to the export when its .envelope is there; what an import has taken is called <id>.imported.
//
// Runs where blocking is allowed.  Errors: as the disk gives them.
#pragma once

#include <string>
#include <vector>

#include "export_file.hpp"
#include "godwit/disk/disk.hpp"
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

class ExportFolder {
 public:
  ExportFolder(disk::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  disk::Task<> make();
  // A message of this id that an earlier export left is replaced.
  disk::Task<spool::Visited> put(spool::StoredMessage message);
  // All that was put survives power loss.
  disk::Task<> sync();

  disk::Task<std::vector<base::MessageId>> list();
  disk::Task<ExportFile> read(base::MessageId id);
  std::string body_path(base::MessageId id) const { return path(id, ".eml"); }
  disk::Task<> set_imported(base::MessageId id);

 private:
  std::string path(base::MessageId id, std::string_view suffix) const {
    return path_ + "/" + base::to_string(id) + std::string(suffix);
  }
  disk::Task<> remove_if_there(std::string path);
  disk::Task<> write_envelope(ExportFile file);

  disk::Disk& disk_;
  const std::string path_;
};

}  // namespace godwit::tools
