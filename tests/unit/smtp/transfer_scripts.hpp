// SPDX-License-Identifier: Apache-2.0
// Parts of dialogues that tests of the client's transactions share.
#pragma once

#include "client_dialogue.hpp"

namespace godwit::smtp {

inline const Script bare_hello = {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250 mx"};
inline const Script hello_pipelining = {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250 PIPELINING"};
inline const std::string mail_from = "C: MAIL FROM:<mod@abc.example>";
inline const Script rcpt_both = {"C: RCPT TO:<r0@xyz.example>", "C: RCPT TO:<r1@xyz.example>"};

template <class... Keywords>
Script offering(const Keywords&... keywords) {
  return {"S: 220 mx", "C: EHLO mail.xyz.example", "S: 250-mx", "S: 250-" + std::string(keywords)..., "S: 250 HELP"};
}

// The whole way of one message to one recipient, without extensions.
inline const Script simple = Script{"+mail"} + bare_hello +
                             Script{mail_from,
                                    "S: 250 2.1.0 Ok",
                                    "C: RCPT TO:<r0@xyz.example>",
                                    "S: 250 2.1.5 Ok",
                                    "C: DATA",
                                    "S: 354 go",
                                    "+body",
                                    "S: 250 2.0.0 Ok: queued as 06ZQ3W8K1M4TR"};

inline const Script until_body(simple.begin(), simple.end() - 2);

inline ClientSettings lmtp() {
  ClientSettings settings;
  settings.protocol = ClientProtocol::lmtp;
  return settings;
}

inline const Script lmtp_until_body =
    Script{"+mail", "S: 220 store", "C: LHLO mail.xyz.example", "S: 250-store", "S: 250 PIPELINING", mail_from} +
    rcpt_both + Script{"C: RCPT TO:<r2@xyz.example>",
                       "C: DATA",
                       "S: 250 ok",
                       "S: 250 ok",
                       "S: 250 ok",
                       "S: 550 no",
                       "S: 354 go",
                       "+body"};

}  // namespace godwit::smtp
