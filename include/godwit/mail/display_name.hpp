// SPDX-License-Identifier: Apache-2.0
// The name of a person, as From shows it (RFC 5322 section 3.4, RFC 2047 section 5).  Pure.
#pragma once

#include <string>
#include <string_view>

#include "godwit/smtp/address.hpp"

namespace godwit::mail {

// "Alice Doe <alice@example.com>", the name quoted or encoded where its characters need it; cut where it is very long;
// the address alone where there is no name.
std::string named_address(std::string_view name, const smtp::Mailbox& address);

}  // namespace godwit::mail
