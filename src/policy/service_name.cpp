// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/service_name.hpp"

namespace godwit::policy {

std::string_view name_of(smtp::Service service) {
  switch (service) {
    case smtp::Service::submission:
      return "submission";
    case smtp::Service::local:
      return "local";
    case smtp::Service::mx:
      break;
  }
  return "mx";
}

std::optional<smtp::Service> service_named(std::string_view name) {
  for (const auto service : {smtp::Service::mx, smtp::Service::submission, smtp::Service::local})
    if (name == name_of(service)) return service;
  return {};
}

}  // namespace godwit::policy
