// SPDX-License-Identifier: Apache-2.0
// Root acts as the owner of a folder for as long as this lives, so that no file appears in it that the daemon's user
// could not open.  Others stay who they are.  Not for programs with several threads at work.
#pragma once

#include <string>

#include <sys/types.h>

#include "godwit/base/result.hpp"

namespace godwit::tools {

class AsOwner {
 public:
  // Errors: io (the folder can't be looked at, or the change was refused).
  static base::Result<AsOwner> of(const std::string& folder);
  AsOwner(AsOwner&& other) noexcept;
  AsOwner& operator=(AsOwner&&) = delete;
  ~AsOwner();

 private:
  AsOwner() = default;
  bool changed_ = false;
  gid_t group_ = 0;
};

}  // namespace godwit::tools
