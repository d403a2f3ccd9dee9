// SPDX-License-Identifier: Apache-2.0
// Messages in chunks (RFC 3030): octets are counted, never read as commands, and what is committed is what was sent.
// Input: a byte of options, one that cuts the stream, then chunks with a byte of size each.
#include <cstdio>

#include "fuzz/fuzz.hpp"
#include "support/session_driver.hpp"

namespace godwit::fuzz {
namespace {

std::string talk_in_chunks(std::string_view chunks, bool binary, bool last_is_empty, std::string& octets) {
  std::string text = "EHLO client.example\r\nMAIL FROM:<a@b.example>";
  text += binary ? " BODY=BINARYMIME\r\n" : "\r\n";
  text += "RCPT TO:<c@d.example>\r\n";
  do {
    const auto chunk = take(chunks, take_byte(chunks));
    octets += chunk;
    const bool is_last = chunks.empty() && !last_is_empty;
    text += "BDAT " + std::to_string(chunk.size()) + (is_last ? " LAST\r\n" : "\r\n") + std::string(chunk);
  } while (!chunks.empty());
  return text + (last_is_empty ? "BDAT 0 LAST\r\nQUIT\r\n" : "QUIT\r\n");
}

}  // namespace

void fuzz_bdat(std::string_view input) {
  const auto options = take_byte(input);
  const std::size_t piece = 1 + take_byte(input) * 16UL;
  const bool binary = (options & 1U) != 0;
  std::string octets;
  const auto text = talk_in_chunks(input, binary, (options & 2U) != 0, octets);
  test::SessionDriver driver({.hostname = "mx.example", .errors = 1000});
  driver.feed(smtp::event::Connected{});
  in_pieces(text, piece, [&](std::string_view part) {
    driver.feed(smtp::event::Bytes{part});
    while (driver.asking()) driver.feed(driver.answer());
  });
  for (const auto& violation : driver.violations()) std::fprintf(stderr, "broken: %s\n", violation.c_str());
  require(driver.violations().empty());
  require(driver.closed() == smtp::action::Close::Reason::quit && driver.replies().contains("\r\n221 "));
  const bool taken = binary || is_canonical(octets);  // bare CRs and LFs, and NULs, are refused
  require(driver.committed().size() == (taken ? 1U : 0U));
  if (!taken) return;
  if (!binary && !octets.empty() && !octets.ends_with("\r\n")) octets += "\r\n";
  require(driver.committed().front() == octets);
}

}  // namespace godwit::fuzz
