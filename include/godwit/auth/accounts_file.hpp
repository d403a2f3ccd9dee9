// SPDX-License-Identifier: Apache-2.0
// Changes an accounts file: for godwitctl.  The new file takes the old one's place in one step (written beside it,
// synced, renamed, directory synced), with its mode, owner and group; the other entries and their comments stay as they
// are.  Two changes at once wait for each other.  Blocks on the disk.
#pragma once

#include <string>

#include "godwit/auth/accounts.hpp"
#include "godwit/auth/password.hpp"
#include "godwit/base/result.hpp"

namespace godwit::auth {

// Errors: refused (the name is there already), invalid (the file has errors, or the name is no address), io.  A missing
// file is made, mode 0640, group of its directory.
base::Result<> add_account(const std::string& file, const Account& account);
// Errors: not_found (no such account), invalid, io.
base::Result<> set_password(const std::string& file, std::string_view name, const Secrets& secrets);
base::Result<> remove_account(const std::string& file, std::string_view name);

}  // namespace godwit::auth
