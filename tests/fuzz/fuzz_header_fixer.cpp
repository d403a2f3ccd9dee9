// SPDX-License-Identifier: Apache-2.0
// A message is mended alike however it is cut, has what it must have afterwards, and is not changed by a second time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "godwit/mail/header.hpp"
#include "godwit/mail/header_fixer.hpp"

using namespace godwit;

namespace {

std::string fix(std::string_view message, std::size_t piece) {
  mail::HeaderFixer fixer({.hostname = "mail.x.example",
                           .id = base::MessageId{1},
                           .now = {},
                           .origin = "x.example",
                           .from = smtp::Mailbox{"alice", "x.example"},
                           .submitter = smtp::Mailbox{"alice", "x.example"}});
  std::string out;
  for (; !message.empty(); message.remove_prefix(std::min(piece, message.size())))
    if (!fixer.put(message.substr(0, piece), out)) return {};
  fixer.finish(out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto fixed = fix(message, size + 1);
  if (fix(message, 1) != fixed || fix(message, 7) != fixed) std::abort();
  if (fix(fixed, fixed.size()) != fixed) std::abort();
  const mail::Header header(fixed);
  if (header.find("Bcc") || header.find("Resent-Bcc") || header.find("Return-Path")) std::abort();
  if (!header.complete()) return 0;  // beyond the bounds of mail::Header
  const bool resent = header.find("Resent-Date").has_value();
  for (const std::string name : {"From", "Date", "Message-ID"})
    if (!header.find(name) && !(resent && header.find("Resent-" + name))) std::abort();
  return 0;
}
