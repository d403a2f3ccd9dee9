// SPDX-License-Identifier: Apache-2.0
// What is right key by key and wrong together, and the values that follow from others.  Called once all files are read.
#pragma once

#include "godwit/config/config.hpp"

namespace godwit::config {

// Fills in what was left out: listeners, origin, the values that several folders need.
void complete(Loaded& loaded);

// The copies of a value that several folders need, set anew.
void derive(Settings& settings);

// Appends what is wrong or doubtful.  Requires: complete() was called.
void check_meaning(Loaded& loaded);

// The parts of it about the certificate that the daemon gets for itself, stores of accounts and tables, the checks of
// mail, the services that these ask, limits, and what is changed of mail.
void check_acme(Loaded& loaded);
void check_sources(Loaded& loaded);
void check_policy(Loaded& loaded);
void check_services(Loaded& loaded);
void check_limits(Loaded& loaded);
void check_rewriting(Loaded& loaded);

}  // namespace godwit::config
