// SPDX-License-Identifier: Apache-2.0
#include "godwit/lookup/table.hpp"

#include <utility>

namespace godwit::lookup {

Answer absent() {
  return {};
}

Answer present(std::vector<std::string> values) {
  return {.kind = Answer::Kind::present, .values = std::move(values), .reason = {}};
}

Answer unavailable(std::string reason) {
  return {.kind = Answer::Kind::unavailable, .values = {}, .reason = std::move(reason)};
}

}  // namespace godwit::lookup
