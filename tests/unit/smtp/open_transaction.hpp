// SPDX-License-Identifier: Apache-2.0
// The server of most dialogues, and how those about the content of a message begin.
#pragma once

#include "godwit/smtp/server_session.hpp"

namespace godwit::test {

inline constexpr auto open_transaction = R"(
    S: 220 mx.example ESMTP Godwit
    C: HELO c.example
    S: 250 mx.example
    C: MAIL FROM:<a@c.example>
    S: 250 2.1.0 Ok
    C: RCPT TO:<b@mx.example>
    S: 250 2.1.5 Ok
)";

inline smtp::SessionSettings mx() {
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  return settings;
}

}  // namespace godwit::test
