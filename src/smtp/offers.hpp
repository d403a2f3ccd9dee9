// SPDX-License-Identifier: Apache-2.0
// What EHLO offers to some clients and not to others.
#pragma once

#include <string>

namespace godwit::smtp {

struct MailOffers {  // parameters of MAIL
  bool future_release = false;
  bool priority = false;
  bool require_tls = false;
};

struct Offers {
  bool vrfy = false;
  bool expn = false;
  bool etrn = false;
  bool xclient = false;
  bool starttls = false;
  std::string mechanisms;  // of AUTH; empty: it is not offered
  MailOffers mail;
};

}  // namespace godwit::smtp
