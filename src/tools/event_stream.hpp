// SPDX-License-Identifier: Apache-2.0
// Server-sent events (HTML, section 9.2), read as they come.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace godwit::tools {

struct SentEvent {
  std::string name;
  std::string data;
};

class EventStream {
 public:
  void add(std::string_view bytes) { pending_ += bytes; }
  // The next whole event; nothing: more bytes are needed.  Comments are passed over.
  std::optional<SentEvent> next();

 private:
  std::string pending_;
};

}  // namespace godwit::tools
