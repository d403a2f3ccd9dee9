// SPDX-License-Identifier: Apache-2.0
#include "godwit/policy/limit_rule.hpp"

namespace godwit::policy {

std::string_view to_string(LimitBy by) {
  switch (by) {
    case LimitBy::client:
      return "client";
    case LimitBy::hello:
      return "hello";
    case LimitBy::sender:
      return "sender";
    case LimitBy::recipient:
      return "recipient";
    case LimitBy::account:
      break;
  }
  return "account";
}

std::string_view to_string(Limited what) {
  switch (what) {
    case Limited::connections:
      return "connections";
    case Limited::handshakes:
      return "handshakes";
    case Limited::commands:
      return "commands";
    case Limited::messages:
      return "messages";
    case Limited::recipients:
      return "recipients";
    case Limited::new_destinations:
      return "new_destinations";
    case Limited::bytes:
      break;
  }
  return "bytes";
}

}  // namespace godwit::policy
