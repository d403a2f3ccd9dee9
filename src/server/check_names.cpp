// SPDX-License-Identifier: Apache-2.0
#include "check_names.hpp"

namespace godwit::server {

const std::vector<std::string>& check_names(const ListenerSettings& listener, const policy::CheckSettings& settings) {
  if (listener.checks) return *listener.checks;
  switch (listener.service) {
    case smtp::Service::submission:
      return settings.submission;
    case smtp::Service::local:
      return settings.local;
    case smtp::Service::mx:
      break;
  }
  return settings.mx;
}

}  // namespace godwit::server
