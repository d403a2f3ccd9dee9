// SPDX-License-Identifier: Apache-2.0
#include "godwit/state/history_event.hpp"

#include <algorithm>

namespace godwit::state {

std::string_view HistoryEvent::text(std::string_view field) const {
  const auto found = std::ranges::find(fields, field, &HistoryField::name);
  if (found == fields.end()) return {};
  const auto* text = std::get_if<std::string>(&found->value);
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

}  // namespace godwit::state
