// SPDX-License-Identifier: Apache-2.0
// The parts of a message that is composed (RFC 2046 section 5.1), written out in order.  Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/random.hpp"
#include "godwit/base/result.hpp"
#include "godwit/mail/new_message.hpp"

namespace godwit::mail {

struct MimePart {
  std::string fields{};  // whole, Content-Type and others
  std::string content{};
  std::vector<MimePart> parts{};  // instead of content
  std::string boundary{};         // between them
  bool is_eight_bit = false;
};

// US-ASCII text as it is where its lines are short enough, else quoted-printable, or base 64 where that is shorter.
// subtype: "plain".
MimePart text_part(std::string_view subtype, std::string text);
// In base 64, but for messages, which must not be encoded (RFC 2046 section 5.2.1).  Errors: invalid, with the member.
base::Result<MimePart> attached_part(Attachment attachment);
// type: "mixed", with parameters.  Of a single part: that part itself.
MimePart multipart(std::string_view type, std::vector<MimePart> parts, base::Random& random);
// What lies behind the fields of the message, piece by piece; takes the contents out of the tree.
void write_tree(MimePart part, std::vector<std::string>& pieces);
bool has_eight_bit(const MimePart& part);

}  // namespace godwit::mail
