// SPDX-License-Identifier: Apache-2.0
// The input is a client: three bytes choose the settings, how the rest is cut, and which questions are refused.  The
// session keeps its contract (session_driver.hpp) whatever is said, and ends in Close.
#include <cstdio>

#include "fuzz/fuzz.hpp"
#include "support/session_driver.hpp"

namespace godwit::fuzz {

void fuzz_server_session(std::string_view input) {
  if (input.size() < 3) return;
  const auto options = take_byte(input), cut = take_byte(input);
  const auto refuse_each = take_byte(input);  // 0: none
  const auto is_set = [&](unsigned bit) { return (options >> bit & 1U) != 0; };
  smtp::SessionSettings settings;
  settings.hostname = "mx.example";
  settings.tls = is_set(0) ? smtp::TlsMode::implicit : smtp::TlsMode::starttls;
  settings.offer_auth = is_set(1);
  settings.offer_scram = settings.offer_bearer = is_set(7);
  settings.require_auth = is_set(2);
  settings.bare_newline = is_set(3) ? smtp::BareNewline::normalize : smtp::BareNewline::reject;
  settings.message_size = is_set(4) ? 100 : 0;
  settings.errors = is_set(5) ? 3 : 1000;
  settings.recipients = 3;

  test::SessionDriver driver(settings);
  if (is_set(0)) driver.feed(smtp::event::TlsReady{});
  driver.feed(smtp::event::Connected{});
  unsigned asked = 0;
  while (!driver.closed() && (driver.asking() || !input.empty())) {
    if (driver.asking()) {
      const bool refuse = refuse_each != 0 && ++asked % refuse_each == 0;
      const bool challenge =
          driver.ask() == test::Ask::auth && driver.trace().back().starts_with("exchange") && asked % 3 == 1;
      if (challenge) driver.prepare(test::Ask::auth, smtp::event::AuthChallenge{"more"});
      driver.feed(refuse ? driver.refusal() : driver.answer());
    } else {
      driver.feed(smtp::event::Bytes{take(input, cut == 0 ? 16U * 1024U : cut)});
    }
  }
  driver.feed(is_set(6) ? smtp::ServerEvent(smtp::event::TimedOut{}) : smtp::ServerEvent(smtp::event::PeerClosed{}));
  require(driver.closed().has_value());
  for (const auto& violation : driver.violations()) std::fprintf(stderr, "broken: %s\n", violation.c_str());
  require(driver.violations().empty());
}

}  // namespace godwit::fuzz
