// SPDX-License-Identifier: Apache-2.0
// A message made of what a program knows of it: people, a subject, texts, attachments (POST /v1/messages).  Composed as
// MIME (RFC 2045 to 2047, 2231, 2387, 2183) in US-ASCII, so that every host takes it, but for addresses whose local
// parts are not: they need SMTPUTF8.  Bcc is no part of it, and Date and Message-ID are added by mail::HeaderFixer.
// Whatever the values hold, they stay in their places: what would end a field or a line is refused, with the name of
// the value.  Pure; works in the caller's thread, in time linear to the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::mail {

// Somebody as a field shows him.
struct Person {
  std::string name{};  // UTF-8; empty: none
  smtp::Mailbox address{};
};

struct Attachment {
  std::string content{};                                 // its bytes
  std::string content_type{"application/octet-stream"};  // with parameters, as in a Content-Type field
  std::string file_name{};                               // UTF-8; empty: none
  std::string content_id{};                              // without the brackets; empty: none
  bool is_inline = false;                                // shown in the text, not listed beside it
};

struct NewMessage {
  std::vector<Person> from{}, to{}, cc{}, reply_to{};
  std::string subject{};
  std::optional<std::string> text{}, html{};                   // UTF-8, with any line ends
  std::vector<std::pair<std::string, std::string>> headers{};  // further fields
  std::vector<Attachment> attachments{};
};

struct ComposedMessage {
  std::vector<std::string> pieces{};  // canonical
  smtp::BodyType body = smtp::BodyType::seven_bit;
  bool smtputf8 = false;
  std::uint64_t size() const;
};

// Errors: invalid ("attachments[1].content_type: ...").
base::Result<ComposedMessage> compose_message(NewMessage message, base::Random& random);

}  // namespace godwit::mail
