// SPDX-License-Identifier: Apache-2.0
// A message's body on its way into a connection: recoded where the peer takes less than it has, and framed for DATA or
// as one chunk of BDAT.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "godwit/mail/recoder.hpp"
#include "godwit/smtp/client_session.hpp"
#include "godwit/smtp/framing.hpp"

namespace godwit::deliver {

class WireBody {
 public:
  // body: of what type the message is.
  WireBody(smtp::BodyType body, const smtp::client_action::SendBody& how);

  // Appends what the next bytes of the message are on the wire.  False: the message cannot be recoded.
  [[nodiscard]] bool put(std::string_view bytes, std::string& wire);
  // The end: for DATA, the final dot.
  [[nodiscard]] bool finish(std::string& wire);

 private:
  bool raw_ = false;
  std::optional<mail::Recoder> recoder_;
  std::string recoded_;
  smtp::DotStuffer stuffer_;
};

}  // namespace godwit::deliver
