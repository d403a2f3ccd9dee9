// SPDX-License-Identifier: Apache-2.0
// What an authority of ACME answers is refused, or leads to https alone and gives tokens that are safe as file names;
// and what is kept between the daemon's lives is read as it was written.
#include "acme/records.hpp"
#include "acme/resources.hpp"
#include "fuzz/fuzz.hpp"
#include "godwit/base/base64url.hpp"

namespace godwit::fuzz {
namespace {

using namespace acme;
constexpr std::size_t longest_problem = 1300;  // 400 octets, each of which may become U+FFFD

void check(const std::optional<Problem>& problem) {
  if (problem) require(problem->text.size() <= longest_problem && problem->type.size() <= longest_problem);
}

void read_answers(std::string_view text) {
  if (const auto directory = parse_directory(text))
    for (const auto& url : {directory->new_nonce, directory->new_account, directory->new_order})
      require(is_https(url) && is_printable(url));
  if (const auto order = parse_order(text)) {
    require(is_https(order->finalize) && (order->certificate.empty() || is_https(order->certificate)));
    for (const auto& url : order->authorizations) require(is_https(url) && is_printable(url));
    check(order->problem);
  }
  const auto authorization = parse_authorization(text);
  if (!authorization) return require(is_printable(authorization.error().message));
  for (const auto& challenge : authorization->challenges) {
    require(is_https(challenge.url) && base::is_base64url(challenge.token) && challenge.token.size() <= 256);
    check(challenge.problem);
  }
}

}  // namespace

void fuzz_acme_answer(std::string_view input) {
  read_answers(input);
  check(parse_problem(500, input));
  if (const auto wait = parse_retry_after(std::string(input), base::WallTime(std::chrono::hours(500'000))))
    require(*wait >= base::Duration::zero());
  require(to_text(account_in(to_text(account_in(input)))) == to_text(account_in(input)));
  require(to_text(order_in(to_text(order_in(input)))) == to_text(order_in(input)));
  require(to_text(attempts_in(to_text(attempts_in(input)))) == to_text(attempts_in(input)));
}

}  // namespace godwit::fuzz
