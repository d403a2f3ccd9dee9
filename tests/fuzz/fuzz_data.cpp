// SPDX-License-Identifier: Apache-2.0
// The data of a message ends where RFC 5321 says and nowhere else, whatever is in it and however it comes.
#include "fuzz/fuzz.hpp"
#include "godwit/smtp/framing.hpp"
#include "unit/smtp/canonical_reference.hpp"

namespace godwit::fuzz {
namespace {

struct Read {
  std::string data;
  std::size_t taken = 0, longest = 0;
  bool end = false, bare = false, nul = false;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view stream, std::size_t piece) {
  smtp::DataReader reader;
  Read result;
  in_pieces(stream, piece, [&](std::string_view part) {
    while (!part.empty() && !result.end) {
      const auto before = part.size();
      const auto chunk = reader.read(part);
      result.taken += before - part.size();
      result.data += chunk.bytes;
      result.end = chunk.end;
    }
  });
  result.bare = reader.bare_newline(), result.nul = reader.has_nul(), result.longest = reader.longest_line();
  return result;
}

}  // namespace

void fuzz_data(std::string_view input) {
  const auto got = read_alike(input, read);
  const auto plain = test::read_data_plainly(input);
  require(got.end == plain.end);
  if (!got.end) return;
  require(got.data == plain.data && got.bare == plain.bare_newline && got.taken == input.size() - plain.rest.size());
  require(got.nul == got.data.contains('\0') && (got.bare || got.nul || is_canonical(got.data, got.longest)));
}

}  // namespace godwit::fuzz
