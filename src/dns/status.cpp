// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/resolver.hpp"

namespace godwit::dns {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::found:
      return "found";
    case Status::no_data:
      return "no data";
    case Status::no_name:
      return "no such name";
    case Status::temporary:
      return "temporary failure";
  }
  return "";
}

}  // namespace godwit::dns
