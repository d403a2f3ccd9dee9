// SPDX-License-Identifier: Apache-2.0
// The input is what a client says in SCRAM, two messages with a newline between, or a bearer message.  Nobody without
// the password proves to have it, and what is understood holds no control characters.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/smtp/bearer.hpp"
#include "godwit/smtp/saslprep.hpp"
#include "godwit/smtp/scram.hpp"

namespace godwit::fuzz {
namespace {

using namespace smtp;

bool is_clean(std::string_view text) {
  return base::is_valid_utf8(text) && std::ranges::none_of(text, [](char c) { return c >= 0 && c < ' '; });
}

}  // namespace

void fuzz_sasl(std::string_view input) {
  auto last = input;
  const auto first = take_until(last, "\n");
  for (const auto variant : {ScramServer::Variant::plain, ScramServer::Variant::plus}) {
    ScramServer server(variant, true, {.exporter = "exporter", .end_point = "end point"},
                       "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    const auto user = server.client_first(first);
    if (!user) continue;
    require(is_clean(*user) && !user->empty());
    server.server_first(decoy_scram_keys(
        *user, "secret", {.salt = std::string(16, 's'), .iterations = 1, .stored_key = {}, .server_key = {}}));
    require(!server.client_final(last));
  }
  for (const auto& message : {parse_oauthbearer(input), parse_xoauth2(input)})
    if (message) require(is_clean(message->user) && base::is_ascii(message->token) && !message->token.empty());
  if (const auto keys = parse_scram_keys(input)) require(parse_scram_keys(to_string(*keys)) == keys);
  // What is prepared stays as it is, but for letters that Unicode 3.2 does not know.
  if (const auto prepared = saslprep(input)) require(is_clean(*prepared));
}

}  // namespace godwit::fuzz
