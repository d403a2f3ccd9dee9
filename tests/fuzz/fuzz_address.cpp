// SPDX-License-Identifier: Apache-2.0
// Whatever is read as an address is written so that it reads as the same address.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/address.hpp"

namespace godwit::fuzz {

void fuzz_address(std::string_view input) {
  using namespace smtp;
  for (const auto utf8 : {Utf8::refuse, Utf8::allow}) {
    const auto mailbox = parse_mailbox(input, BareLocal::allow, utf8);
    if (mailbox) require(parse_mailbox(to_string(*mailbox), BareLocal::allow, utf8) == *mailbox);
    const auto path = parse_path(input, utf8);
    if (path && path->path) {
      const auto written = to_string(*path->path);
      require(parse_mailbox(written, BareLocal::allow, utf8) == *path->path && is_one_line(written));
      require(utf8 == Utf8::allow || base::is_ascii(written));
    }
    const auto domain = parse_domain(input, utf8);
    if (domain) require(parse_domain(*domain, utf8) == *domain);
  }
}

}  // namespace godwit::fuzz
