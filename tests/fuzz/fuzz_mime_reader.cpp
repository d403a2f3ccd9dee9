// SPDX-License-Identifier: Apache-2.0
// A message has the same structure and names however it is cut; what is read of it stays within its bounds.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/mime_reader.hpp"

namespace godwit::fuzz {
namespace {

struct Read {
  mail::MimeStructure structure;
  std::string names;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view message, std::size_t piece) {
  Read result;
  mail::MimeReader reader([&](std::string_view name) {
    require(!name.empty() && base::is_valid_utf8(name));
    result.names += std::string(name) + "\n";
  });
  in_pieces(message, piece, [&](std::string_view part) { reader.put(part); });
  reader.finish();
  result.structure = reader.structure();
  return result;
}

}  // namespace

void fuzz_mime_reader(std::string_view input) {
  const auto whole = read_alike(input, read);
  require(whole.structure.depth <= mail::MimeReader::most_depth + 1);
  require(whole.structure.parts <= input.size());
}

}  // namespace godwit::fuzz
