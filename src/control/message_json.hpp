// SPDX-License-Identifier: Apache-2.0
// A message as JSON says it (docs/openapi.yaml, NewMessage).  Pure.
#pragma once

#include <boost/json/value.hpp>

#include "godwit/mail/new_message.hpp"
#include "message_envelope.hpp"

namespace godwit::control {

struct MessageOrder {
  mail::NewMessage message{};
  MessageEnvelope envelope{};  // complete
};

// Takes the value apart, so that nothing large is there twice.  Errors: invalid, naming the member
// ("attachments[2].content_base64: ..."), refused (a list of people is longer than `most_recipients`, or those who get
// the message are more).
base::Result<MessageOrder> read_message_order(boost::json::value body, std::size_t most_recipients);

}  // namespace godwit::control
