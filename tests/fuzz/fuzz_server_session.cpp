// SPDX-License-Identifier: Apache-2.0
// The input is a client: three bytes choose the settings, how the rest is cut, and which questions are refused.  The
// session keeps its contract (session_driver.hpp) whatever is said, and ends in Close.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/session_driver.hpp"

using namespace godwit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto is_set = [&](unsigned bit) { return (data[0] >> bit & 1U) != 0; };
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
  const std::size_t piece = data[1] == 0 ? 16U * 1024U : data[1];
  const unsigned refuse_each = data[2];  // 0: none

  test::SessionDriver driver(settings);
  if (is_set(0)) driver.feed(smtp::event::TlsReady{});
  driver.feed(smtp::event::Connected{});
  std::string_view input(reinterpret_cast<const char*>(data) + 3, size - 3);
  unsigned asked = 0;
  while (!driver.closed() && (driver.asking() || !input.empty())) {
    if (driver.asking()) {
      const bool refuse = refuse_each != 0 && ++asked % refuse_each == 0;
      const bool challenge =
          driver.ask() == test::Ask::auth && driver.trace().back().starts_with("exchange") && asked % 3 == 1;
      if (challenge) driver.prepare(test::Ask::auth, smtp::event::AuthChallenge{"more"});
      driver.feed(refuse ? driver.refusal() : driver.answer());
    } else {
      driver.feed(smtp::event::Bytes{input.substr(0, piece)});
      input.remove_prefix(std::min(piece, input.size()));
    }
  }
  driver.feed(is_set(6) ? smtp::ServerEvent(smtp::event::TimedOut{}) : smtp::ServerEvent(smtp::event::PeerClosed{}));
  if (!driver.closed()) std::abort();
  for (const auto& violation : driver.violations()) std::fprintf(stderr, "broken: %s\n", violation.c_str());
  if (!driver.violations().empty()) std::abort();
  return 0;
}
