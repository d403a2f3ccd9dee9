// SPDX-License-Identifier: Apache-2.0
// The certificate that there is.  Private to acme/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/net/key_holder.hpp"

namespace godwit::acme {

struct Present {
  base::WallTime from{}, until{};
  std::vector<std::string> names;
};

// Nothing: there is none, or what is there is none.  Blocks on the disk.  Errors: what there is cannot be told now.
base::Result<std::optional<Present>> look_at(const std::string& file, const net::KeyHolder& keys);

}  // namespace godwit::acme
