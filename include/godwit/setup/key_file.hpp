// SPDX-License-Identifier: Apache-2.0
// Private keys in files.
#pragma once

#include <string>

#include "godwit/base/result.hpp"
#include "godwit/mailauth/key.hpp"

namespace godwit::setup {

// A new file that nobody but its owner and, where root makes it, the group of its folder may read.  Never replaces one.
// Makes the folder.  Errors: io.
base::Result<> write_key(const std::string& path, const mailauth::Key& key);
base::Result<mailauth::Key> read_key(const std::string& path);

}  // namespace godwit::setup
