// SPDX-License-Identifier: Apache-2.0
// What the daemon refuses, as sysexits(3) and in words.  Pure.
#pragma once

#include <string>

#include "godwit/smtp/client_session.hpp"

namespace godwit::tools {

// Of one that failed.
int status_of(const smtp::RecipientResult& result);
// The sender was refused, and with him everybody.
bool is_of_sender(const smtp::RecipientResult& result);
// Printable, on one line.
std::string words_of(const smtp::RecipientResult& result);

}  // namespace godwit::tools
