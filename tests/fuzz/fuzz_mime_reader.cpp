// SPDX-License-Identifier: Apache-2.0
// A message has the same structure and names however it is cut; what is read of it stays within its bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "godwit/base/text.hpp"
#include "godwit/mail/mime_reader.hpp"

using namespace godwit;

namespace {

struct Read {
  mail::MimeStructure structure;
  std::string names;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view message, std::size_t piece) {
  Read result;
  mail::MimeReader reader([&](std::string_view name) {
    if (name.empty() || !base::is_valid_utf8(name)) std::abort();
    result.names += std::string(name) + "\n";
  });
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size()))) reader.put(message.substr(0, piece));
  reader.finish();
  result.structure = reader.structure();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto whole = read(message, size + 1);
  if (read(message, 1) != whole || read(message, 7) != whole) std::abort();
  if (whole.structure.depth > mail::MimeReader::most_depth + 1) std::abort();
  if (whole.structure.parts > size) std::abort();
  return 0;
}
