// SPDX-License-Identifier: Apache-2.0
// How an Ordering speaks: nonces, signatures, refusals, waits.
#include "ordering.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/base64url.hpp"
#include "godwit/base/text.hpp"
#include "jws.hpp"

namespace godwit::acme {
namespace {

constexpr std::size_t longest_nonce = 512;
constexpr std::size_t longest_url = 200;  // that is told
constexpr base::Duration first_look = std::chrono::milliseconds(500);
constexpr base::Duration longest_pause = std::chrono::seconds(10);  // where the authority does not say
constexpr base::Duration longest_asked = std::chrono::minutes(2);   // where it does
constexpr base::Duration shortest_pause = std::chrono::milliseconds(500);

bool is_success(unsigned status) {
  return status >= 200 && status < 300;
}

}  // namespace

std::vector<Action> Ordering::next(const Event& event, base::WallTime now) {
  actions_.clear();
  now_ = now;
  if (give_up_ != base::WallTime{} && now > give_up_) {
    give_up();
  } else if (std::holds_alternative<event::Begun>(event)) {
    give_up_ = now + patience;
    get(terms_.settings.directory, &Ordering::directory);
  } else if (const auto* answer = std::get_if<event::Answered>(&event)) {
    answered(*answer);
  } else if (const auto* silence = std::get_if<event::NotAnswered>(&event)) {
    fail(silence->why);
  } else if (std::holds_alternative<event::Published>(event)) {
    is_claimed_ = true;
    post(challenge_.url, "{}", &Ordering::challenge);
  } else if (const auto* trouble = std::get_if<event::NotPublished>(&event)) {
    fail(trouble->why);
  } else {
    (this->*std::exchange(woken_, nullptr))();
  }
  return std::move(actions_);
}

// ---- answers
// ----------------------------------------------------------------------------------------------------------

void Ordering::answered(Heard answer) {
  const bool has_nonce = take_nonce(answer);
  if (std::exchange(fetches_nonce_, false)) {
    if (is_success(answer.status) && has_nonce) return send_pending();
    if (is_success(answer.status)) return fail("the authority gave no nonce");
    return refused(answer);
  }
  if (!is_success(answer.status)) return refused(answer);
  (this->*pending_.then)(answer);
}

// RFC 8555 section 6.5.1.
bool Ordering::take_nonce(Heard answer) {
  if (answer.nonce.size() > longest_nonce || !base::is_base64url(answer.nonce)) return false;
  nonce_ = answer.nonce;
  return true;
}

void Ordering::refused(Heard answer) {
  const auto problem = parse_problem(answer.status, answer.body);
  if (problem.type == "badNonce" && pending_.is_signed && ++nonces_ <= most_nonces) return send_pending();
  if (begin_anew(problem)) return;
  std::optional<base::Duration> retry_after;
  // Also where the host is overloaded (RFC 9110 section 15.6.4).
  if (problem.type == "rateLimited" || answer.status == 429 || answer.status == 503)
    retry_after = parse_retry_after(answer.retry_after, now_);
  fail(fmt::format("{} says {}", base::printable(pending_.url, longest_url), problem.text), retry_after);
}

// What was kept from before may be gone at the authority, as an account after it lost its memory, or an order whose
// time was over.
bool Ordering::begin_anew(const Problem& problem) {
  if (!terms_.account_url.empty() && !is_account_made_ && problem.type == "accountDoesNotExist") {
    terms_.account_url.clear();
    terms_.order_url.clear();
    is_resumed_ = false;
    make_account();
    return true;
  }
  const bool is_of_order = is_resumed_ && problem.type != "rateLimited" && problem.type != "serverInternal";
  if (!is_of_order) return false;
  withdraw();
  make_order();
  return true;
}

// ---- requests
// ---------------------------------------------------------------------------------------------------------

void Ordering::get(const std::string& url, Step then) {
  pending_ = {.url = url, .payload = {}, .accept = "application/json", .is_signed = false, .then = then};
  actions_.emplace_back(action::Send{.url = url, .body = {}, .accept = pending_.accept});
}

void Ordering::post(const std::string& url, std::string payload, Step then, std::string accept) {
  pending_ = {.url = url, .payload = std::move(payload), .accept = std::move(accept), .is_signed = true, .then = then};
  nonces_ = 0;
  send_pending();
}

void Ordering::send_pending() {
  if (nonce_.empty()) {
    fetches_nonce_ = true;
    actions_.emplace_back(action::Send{.url = directory_.new_nonce});
    return;
  }
  const SignedFor what{.account = terms_.account_url, .nonce = std::exchange(nonce_, {}), .url = pending_.url};
  actions_.emplace_back(action::Send{
      .url = pending_.url, .body = signed_request(account_key_, what, pending_.payload), .accept = pending_.accept});
}

// RFC 8555 section 7.5.1: as the authority says, else less and less often.
void Ordering::wait(Heard answer, void (Ordering::*then)()) {
  const auto usual = std::min(longest_pause, first_look * (1 << std::min(looks_, 8)));
  const auto asked = parse_retry_after(answer.retry_after, now_);
  const auto pause = asked ? std::clamp(*asked, shortest_pause, longest_asked) : usual;
  ++looks_;
  if (now_ + pause > give_up_) return give_up();
  woken_ = then;
  actions_.emplace_back(action::Wait{pause});
}

void Ordering::give_up() {
  fail(fmt::format("the authority did not come to an end in {}", base::format_duration(patience)));
}

void Ordering::withdraw() {
  if (std::exchange(is_published_, false)) actions_.emplace_back(action::Withdraw{});
}

void Ordering::fail(std::string why, std::optional<base::Duration> retry_after) {
  withdraw();
  actions_.emplace_back(action::Failed{.why = std::move(why), .retry_after = retry_after});
}

}  // namespace godwit::acme
