// SPDX-License-Identifier: Apache-2.0
// Little-endian integers in byte strings.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace godwit::base {

template <std::unsigned_integral T>
void put(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i) & 0xFFU);
  out.append(bytes.data(), bytes.size());
}

template <std::unsigned_integral T>
void put_at(std::string& out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out[at + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

// Requires: at + sizeof(T) <= in.size().
template <std::unsigned_integral T>
T get(std::string_view in, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(in[at + i])) << (8 * i)));
  return value;
}

// Takes integers and strings from the front; a short input makes it bad, and all that follows zero.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  template <std::unsigned_integral T>
  T take() {
    const std::string_view bytes = take_bytes(sizeof(T));
    return bytes.size() == sizeof(T) ? get<T>(bytes, 0) : T{};
  }
  std::string_view take_bytes(std::size_t count) {
    if (count > rest_.size()) {
      bad_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  bool bad() const { return bad_; }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool bad_ = false;
};

}  // namespace godwit::base
