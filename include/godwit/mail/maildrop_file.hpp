// SPDX-License-Identifier: Apache-2.0
// The files that `sendmail` leaves in the maildrop while no daemon answers: the envelope as lines of text, an empty
// line, then the message as it is to be sent (canonical).  docs/operations.md describes it.  Anybody on the machine may
// write one, so nothing in it is believed but what its form allows.  Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/result.hpp"
#include "godwit/smtp/address.hpp"
#include "godwit/smtp/dsn_parameters.hpp"
#include "godwit/smtp/server_session.hpp"

namespace godwit::mail {

struct MaildropRecipient {
  smtp::Mailbox address{};  // domain empty: bare
  smtp::RecipientParameters parameters{};
  bool operator==(const MaildropRecipient&) const = default;
};

struct MaildropFile {
  static constexpr std::size_t max_recipients = 1000;
  static constexpr std::size_t max_head = 1U << 20U;

  smtp::ReversePath sender{};
  smtp::BodyType body = smtp::BodyType::seven_bit;
  std::uint8_t ret = 0;  // smtp::Return
  std::string envid{};
  std::vector<MaildropRecipient> recipients{};
  bool operator==(const MaildropFile&) const = default;
};

// The head; the message follows.  Requires: at most max_recipients.
std::string encode(const MaildropFile& file);

struct DecodedMaildrop {
  MaildropFile file;
  std::size_t head = 0;  // bytes before the message
};
// `text`: the file, or its first max_head bytes.  Errors: unsupported (a later version's), invalid.
base::Result<DecodedMaildrop> decode_maildrop(std::string_view text);

}  // namespace godwit::mail
