// SPDX-License-Identifier: Apache-2.0
// Whatever is read as an address is written so that it reads as the same address.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "godwit/base/text.hpp"
#include "godwit/smtp/address.hpp"

using namespace godwit::smtp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto utf8 : {Utf8::refuse, Utf8::allow}) {
    const auto mailbox = parse_mailbox(text, BareLocal::allow, utf8);
    if (mailbox && parse_mailbox(to_string(*mailbox), BareLocal::allow, utf8) != *mailbox) std::abort();
    const auto path = parse_path(text, utf8);
    if (path && path->path) {
      const auto written = to_string(*path->path);
      if (parse_mailbox(written, BareLocal::allow, utf8) != *path->path) std::abort();
      if (written.find_first_of("\r\n") != std::string::npos || written.contains('\0')) std::abort();
      if (utf8 == Utf8::refuse && !godwit::base::is_ascii(written)) std::abort();
    }
    const auto domain = parse_domain(text, utf8);
    if (domain && parse_domain(*domain, utf8) != *domain) std::abort();
  }
  return 0;
}
