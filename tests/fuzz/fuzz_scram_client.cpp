// SPDX-License-Identifier: Apache-2.0
// Whatever a server says in SCRAM, it is not believed without the keys of the password, and nothing that it says makes
// more work than its bounds allow.  Input: its two messages, a line each.
#include "fuzz/fuzz.hpp"
#include "godwit/smtp/scram_client.hpp"

namespace godwit::fuzz {
namespace {

constexpr const char* nonce = "fyko+d2lbbFgONRv9qkxdawL";

}  // namespace

void fuzz_scram_client(std::string_view input) {
  const auto first = take_until(input, "\n");
  // So that more than the nonce is tried.
  std::string guided = "r=";
  guided.append(nonce).append(first);
  for (const auto& said : {std::string(first), guided}) {
    smtp::ScramClient client("us=er,", nonce, {.use = smtp::ScramChannel::Use::not_offered});
    require(client.client_first().starts_with("y,,n=us=3Der=2C,r="));
    const auto question = client.question(said);
    if (!question) {
      require(is_printable(question.error()));
      continue;
    }
    require(question->iterations >= smtp::ScramClient::fewest_iterations &&
            question->iterations <= smtp::ScramClient::most_iterations && !question->salt.empty());
    const auto last = client.client_final({.client_key = std::string(32, 'k'), .server_key = std::string(32, 's')});
    require(is_printable(last) && last.starts_with("c=") && last.contains(nonce));
    require(!client.is_genuine(input));
  }
}

}  // namespace godwit::fuzz
