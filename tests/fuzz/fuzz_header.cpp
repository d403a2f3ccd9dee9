// SPDX-License-Identifier: Apache-2.0
// Whatever the header of a message is, its fields are found in it one after the other, what is shown of them is UTF-8
// on one line, and what is written anew for hosts without SMTPUTF8 is a header in US-ASCII.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mail/display_name.hpp"
#include "godwit/mail/encoded_text.hpp"
#include "godwit/mail/header.hpp"
#include "godwit/mail/header_downgrade.hpp"
#include "godwit/mail/safe_text.hpp"

namespace godwit::fuzz {
namespace {

void check_field(const mail::HeaderField& field) {
  require(!field.name.empty() && field.raw.starts_with(field.name));
  const auto body = mail::unfold(field.body);
  require(body.find("\r\n") == std::string::npos);
  require(base::is_valid_utf8(mail::decode_words(body)));
  const auto safe = mail::safe_text(body), utf8 = mail::safe_utf8(body);
  require(is_printable(safe) && base::is_ascii(safe) && is_printable(utf8) && base::is_valid_utf8(utf8));
  require(are_fields(mail::folded_field("X-Field", safe)));
  const auto named = mail::named_address(body, {"alice", "x.example"});
  require(are_fields("To: " + named + "\r\n") && base::is_ascii(named) && named.contains("alice@x.example"));
}

}  // namespace

void fuzz_header(std::string_view input) {
  const mail::Header header(input);
  require(input.starts_with(header.text()));
  std::size_t size = 0;
  for (const auto& field : header.fields()) {
    require(field.raw.data() == header.text().data() + size);
    size += field.raw.size();
    check_field(field);
  }
  require(size == header.text().size());
  (void)mail::is_looping(input);
  (void)mail::is_signed(header.text());
  if (!are_fields(header.text())) return;
  const auto plain = mail::downgraded_header(header.text());
  if (!plain) return require(is_printable(plain.error().message));
  require(are_fields(*plain) && base::is_ascii(*plain));
  require(mail::Header(*plain + "\r\n").fields().size() <= 2 * header.fields().size());  // RFC 6857 keeps some beside
}

}  // namespace godwit::fuzz
