// SPDX-License-Identifier: Apache-2.0
#include "godwit/route/tls_level.hpp"

namespace godwit::route {

std::string_view name_of(TlsLevel level) {
  switch (level) {
    case TlsLevel::none:
      return "none";
    case TlsLevel::opportunistic:
      return "opportunistic";
    case TlsLevel::require:
      return "require";
    case TlsLevel::verify:
      return "verify";
    case TlsLevel::dane:
      return "dane";
  }
  return "none";
}

}  // namespace godwit::route
