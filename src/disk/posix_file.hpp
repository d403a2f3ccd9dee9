// SPDX-License-Identifier: Apache-2.0
// One open descriptor as a disk::File.  Also the one place that turns errno into a base::Error.
#pragma once

#include <string>

#include "godwit/disk/disk.hpp"

namespace godwit::disk {

// "what path: reason"; ENOENT → not_found, ENOSPC and EDQUOT → exhausted, else io.
std::unexpected<base::Error> fail_path(std::string_view what, const std::string& path, int code);

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Task<> write(std::uint64_t offset, std::string_view bytes) override;
  Task<> write_vector(std::uint64_t offset, std::span<const std::string_view> parts) override;
  Task<std::size_t> read(std::uint64_t offset, std::span<char> into) override;
  Task<> sync() override;
  Task<std::uint64_t> size() override;
  Task<> truncate(std::uint64_t size) override;
  Task<bool> is_at(std::string path) override;
  Task<> set_permissions(unsigned permissions) override;

 private:
  int descriptor_;
  std::string path_;
};

}  // namespace godwit::disk
