// SPDX-License-Identifier: Apache-2.0
// A message that is sent, in whatever pieces, ends where its last byte is and nowhere else, and reads as it was.
#include "fuzz/fuzz.hpp"
#include "godwit/smtp/canonical_lines.hpp"
#include "godwit/smtp/framing.hpp"
#include "unit/smtp/canonical_reference.hpp"

namespace godwit::fuzz {
namespace {

std::string stuffed(std::string_view message, std::size_t piece) {
  smtp::DotStuffer stuffer;
  std::string sent;
  in_pieces(message, piece, [&](std::string_view part) { stuffer.put(part, sent); });
  stuffer.finish(sent);
  return sent;
}

}  // namespace

void fuzz_dot_stuffer(std::string_view input) {
  std::string message;
  smtp::append_canonical(input, message);
  require(is_canonical(message) || message.contains('\0'));
  const auto sent = read_alike(message, stuffed);
  if (!message.empty() && !message.ends_with("\r\n")) message += "\r\n";
  const auto read = test::read_data_plainly(sent);
  require(read.end && read.rest.empty() && read.data == message && !read.bare_newline);
  smtp::DataReader reader;
  std::string data;
  for (std::string_view rest = sent; !rest.empty();) data += reader.read(rest).bytes;
  require(data == message && !reader.bare_newline());
}

}  // namespace godwit::fuzz
