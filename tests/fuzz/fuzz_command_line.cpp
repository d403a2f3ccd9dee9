// SPDX-License-Identifier: Apache-2.0
// What a client says between messages: lines are found alike however they come, and what is read of a command can stand
// on one line.
#include "fuzz/fuzz.hpp"
#include "smtp/command.hpp"
#include "smtp/line_reader.hpp"
#include "smtp/xclient.hpp"

namespace godwit::fuzz {
namespace {

using namespace smtp;
constexpr std::size_t longest = 512;

// A line each: its status and, of one that is complete, what it says.
std::string lines_of(std::string_view stream, std::size_t piece) {
  LineReader reader;
  std::string kept, found;
  in_pieces(stream, piece, [&](std::string_view part) {
    kept += part;
    std::string_view rest = kept, line;
    for (LineReader::Status status; (status = reader.read(rest, longest, line)) != LineReader::Status::more;) {
      const auto text = status == LineReader::Status::complete ? line : std::string_view();
      require(is_one_line(text) && text.size() <= longest);
      found.append(std::to_string(static_cast<int>(status))).append(text).append("\n");
    }
    kept.erase(0, kept.size() - rest.size());
  });
  return found;
}

void read_argument(std::string_view argument) {
  if (const auto inquiry = parse_inquiry(argument)) require(is_one_line(to_string(inquiry->mailbox)));
  if (const auto bdat = parse_bdat(argument)) {
    const auto again = parse_bdat(std::to_string(bdat->size) + (bdat->last ? " LAST" : ""));
    require(again && again->size == bdat->size && again->last == bdat->last);
  }
  if (const auto claimed = parse_xclient(argument))
    for (const auto& said : {claimed->name, claimed->hello, claimed->account}) require(!said || is_printable(*said));
}

}  // namespace

void fuzz_command_line(std::string_view input) {
  const auto found = read_alike(input, lines_of);
  for (std::string_view rest = found; !rest.empty();)
    if (const auto command = parse_command(take_until(rest, "\n").substr(1))) read_argument(command->argument);
}

}  // namespace godwit::fuzz
