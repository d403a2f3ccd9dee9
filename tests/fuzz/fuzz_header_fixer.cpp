// SPDX-License-Identifier: Apache-2.0
// A message is mended alike however it is cut, has what it must have afterwards, and is not changed by a second time.
#include "fuzz/fuzz.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/header_fixer.hpp"

namespace godwit::fuzz {
namespace {

std::string fix(std::string_view message, std::size_t piece) {
  mail::HeaderFixer fixer({.hostname = "mail.x.example",
                           .id = base::MessageId{1},
                           .now = {},
                           .origin = "x.example",
                           .from = smtp::Mailbox{"alice", "x.example"},
                           .submitter = smtp::Mailbox{"alice", "x.example"}});
  std::string out;
  bool taken = true;
  in_pieces(message, piece, [&](std::string_view part) { taken = taken && fixer.put(part, out); });
  if (!taken) return {};
  fixer.finish(out);
  return out;
}

}  // namespace

void fuzz_header_fixer(std::string_view input) {
  const auto fixed = read_alike(input, fix);
  require(fix(fixed, fixed.size()) == fixed);
  const mail::Header header(fixed);
  for (const auto* name : {"Bcc", "Resent-Bcc", "Return-Path"}) require(!header.find(name));
  if (!header.complete()) return;  // beyond the bounds of mail::Header
  const bool resent = header.find("Resent-Date").has_value();
  for (const std::string name : {"From", "Date", "Message-ID"})
    require(header.find(name) || (resent && header.find("Resent-" + name)));
}

}  // namespace godwit::fuzz
