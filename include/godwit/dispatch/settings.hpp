// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "godwit/queue/settings.hpp"

namespace godwit::dispatch {

struct Settings {
  std::string hostname;
  queue::Settings queue;
  bool soft_bounce = false;  // every permanent failure is kept as temporary
};

}  // namespace godwit::dispatch
