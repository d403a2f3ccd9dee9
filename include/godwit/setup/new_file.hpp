// SPDX-License-Identifier: Apache-2.0
// Files of a configuration, made so that after a crash there is the whole file or none.  For tools; blocks on the disk.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "godwit/base/result.hpp"

namespace godwit::setup {

inline constexpr mode_t secret_mode = 0640;  // of what only root and the service may read
inline constexpr mode_t plain_mode = 0644;
inline constexpr mode_t program_mode = 0755;

// A folder, 0750, with those above it that are missing.  Where root makes it, it is of the group `group` if the system
// has that, else of the group of the folder above it.  One that is there stays as it is.  Errors: io (also: it is no
// folder).
base::Result<> make_folder(const std::string& folder, const std::string& group = {});

// Never replaces a file, nor follows a link.  Where root makes it, it belongs to the group of its folder, in which the
// daemon's user is.  Makes the folder.  Errors: io (os_error EEXIST: there is one).
base::Result<> write_new_file(const std::string& path, std::string_view bytes, mode_t mode);
// The same, in place of the one that may be there.
base::Result<> write_file(const std::string& path, std::string_view bytes, mode_t mode);

// Errors: not_found, io, exhausted (more than a mebibyte).
base::Result<std::string> read_small_file(const std::string& path);

}  // namespace godwit::setup
