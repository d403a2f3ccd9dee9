// SPDX-License-Identifier: Apache-2.0
#include "godwit/base/message_id.hpp"

#include <algorithm>

namespace godwit::base {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t length = 13;  // 13 x 5 bits hold 64

int digit(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'I' || c == 'L') return 1;
  if (c == 'O') return 0;
  const auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_string(MessageId id) {
  std::string text(length, '0');
  std::uint64_t rest = id.value;
  for (std::size_t i = length; i-- > 0; rest >>= 5U) text[i] = alphabet[rest & 31U];
  return text;
}

std::optional<MessageId> parse_message_id(std::string_view text) {
  if (text.size() != length) return {};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    const int d = digit(text[i]);
    if (d < 0 || (i == 0 && d > 15)) return {};  // the first digit holds only 4 bits
    value = value << 5U | static_cast<std::uint64_t>(d);
  }
  return MessageId{value};
}

MessageId MessageIdGenerator::next() {
  using std::chrono::microseconds;
  const auto now = std::chrono::duration_cast<microseconds>(clock_.wall().time_since_epoch()).count();
  const std::scoped_lock lock(mutex_);
  last_ = std::max(last_ + 1, static_cast<std::uint64_t>(std::max<long>(now, 0)) << 12U);
  return MessageId{last_};
}

void MessageIdGenerator::observe(MessageId id) {
  const std::scoped_lock lock(mutex_);
  last_ = std::max(last_, id.value);
}

MessageId MessageIdGenerator::last() const {
  const std::scoped_lock lock(mutex_);
  return MessageId{last_};
}

}  // namespace godwit::base
