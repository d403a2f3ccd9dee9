// SPDX-License-Identifier: Apache-2.0
// Replies of hosts are found alike however they come, are bounded, and what is read of one is written so that it reads
// as the same.
#include "fuzz/fuzz.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::fuzz {
namespace {

using Status = smtp::ReplyReader::Status;

void check(const smtp::Reply& reply) {
  require(!reply.lines.empty() && reply.lines.size() <= smtp::ReplyReader::max_lines);
  for (const auto& line : reply.lines) require(is_one_line(line));
  require(is_one_line(to_line(reply)));
  const auto wire = to_wire(reply);
  require(is_canonical(wire) && wire.ends_with("\r\n"));
  smtp::ReplyReader reader;
  std::string_view rest = wire;
  if (reader.read(rest) != Status::complete) return;  // with its codes it is beyond the bounds
  require(rest.empty() && reader.reply().code == reply.code && reader.reply().lines.size() == reply.lines.size());
}

// A line each: the status, and the reply.
std::string replies_of(std::string_view stream, std::size_t piece) {
  smtp::ReplyReader reader;
  std::string found;
  bool ended = false;
  in_pieces(stream, piece, [&](std::string_view part) {
    while (!part.empty() && !ended) {
      const auto status = reader.read(part);
      if (status == Status::more) continue;
      ended = status != Status::complete;
      found += static_cast<char>('0' + static_cast<int>(status));
      if (ended) return;
      check(reader.reply());
      found += to_wire(reader.reply());
    }
  });
  return found;
}

}  // namespace

void fuzz_reply(std::string_view input) {
  (void)read_alike(input, replies_of);
  if (const auto code = smtp::parse_enhanced_code(input)) require(smtp::parse_enhanced_code(to_string(*code)) == code);
}

}  // namespace godwit::fuzz
