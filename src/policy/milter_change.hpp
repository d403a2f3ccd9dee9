// SPDX-License-Identifier: Apache-2.0
// What a milter changes of a message at its end, but its body.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace godwit::policy {

namespace change {
struct AddHeader {
  std::string name;
  std::string value;
};
struct InsertHeader {
  std::uint32_t index = 0;
  std::string name;
  std::string value;
};
struct ChangeHeader {
  std::uint32_t index = 0;
  std::string name;
  std::string value;  // empty: it is taken out
};
struct ChangeSender {
  std::string address;     // as sent, mostly in angle brackets
  std::string parameters;  // of MAIL
};
struct AddRecipient {
  std::string address;
  std::string parameters;  // of RCPT
};
struct DeleteRecipient {
  std::string address;
};
struct Quarantine {
  std::string reason;
};
}  // namespace change

using MilterChange = std::variant<change::AddHeader, change::InsertHeader, change::ChangeHeader, change::ChangeSender,
                                  change::AddRecipient, change::DeleteRecipient, change::Quarantine>;

}  // namespace godwit::policy
