// SPDX-License-Identifier: Apache-2.0
#include "event_stream.hpp"

#include "godwit/base/text.hpp"

namespace godwit::tools {

std::optional<SentEvent> EventStream::next() {
  for (;;) {
    const auto end = pending_.find("\n\n");
    if (end == std::string::npos) return std::nullopt;
    SentEvent event;
    for (const auto line : base::split(std::string_view(pending_).substr(0, end), '\n')) {
      constexpr std::string_view name = "event: ", data = "data: ";
      if (line.starts_with(name)) event.name = line.substr(name.size());
      if (line.starts_with(data)) event.data = line.substr(data.size());
    }
    pending_.erase(0, end + 2);
    if (!event.data.empty()) return event;
  }
}

}  // namespace godwit::tools
