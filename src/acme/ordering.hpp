// SPDX-License-Identifier: Apache-2.0
// The dialogue by which a certificate is got (RFC 8555 section 7), as `next(event) → actions`: directory, account,
// order, one challenge after the other, the request, the chain.  The last action says what the driver does next: Send,
// Publish, Wait, Obtained or Failed; those before it must be done first, and kept ones be durable.  An order that was
// begun before is gone on with where the authority still has it.  Nonces that are refused are replaced (section 6.5),
// an authority that takes for ever is given up.  Pure; private to acme/.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "key.hpp"
#include "resources.hpp"

namespace godwit::acme {

namespace event {
struct Begun {};
struct Answered {
  unsigned status = 0;
  std::string body = {};
  std::string nonce = {}, location = {}, retry_after = {};  // header fields, as they came
};
struct NotAnswered {
  std::string why;
};
struct Published {};
struct NotPublished {
  std::string why;
};
struct Woken {};
}  // namespace event
using Event = std::variant<event::Begun, event::Answered, event::NotAnswered, event::Published, event::NotPublished,
                           event::Woken>;

namespace action {
struct Send {
  std::string url;
  std::string body = {};  // empty: GET
  std::string accept = {};
};
struct KeepAccount {
  std::string url;
};
struct KeepOrder {
  std::string url;
};
// What the authority will look for (section 8); Withdraw: it has.
struct Publish {
  ChallengeKind kind;
  std::string name;
  std::string token;
  std::string key_authorization;
};
struct Withdraw {};
struct Wait {
  base::Duration time;
};
struct Obtained {
  std::string chain;  // PEM
};
struct Failed {
  std::string why;                                 // of bounded length; escaped by who shows it
  std::optional<base::Duration> retry_after = {};  // the authority wants no other try before
};
}  // namespace action
using Action = std::variant<action::Send, action::KeepAccount, action::KeepOrder, action::Publish, action::Withdraw,
                            action::Wait, action::Obtained, action::Failed>;

struct OrderingTerms {
  Settings settings;                 // complete: names
  std::string account_url = {};      // empty: it has none yet
  bool is_contact_told = false;      // the account has the contacts of the settings
  std::string order_url = {};        // begun before, with this certificate key; empty: none
  std::string present = {};          // PEM that begins with the chain in force; an order that gave it is over
  std::string external_secret = {};  // bytes
};

class Ordering {
 public:
  static constexpr base::Duration patience = std::chrono::minutes(15);
  static constexpr int most_nonces = 30;  // for one request

  // The keys outlive it.
  Ordering(OrderingTerms terms, const Key& account, const Key& certificate)
      : terms_(std::move(terms)), account_key_(account), certificate_key_(certificate) {}

  std::vector<Action> next(const Event& event, base::WallTime now);

 private:
  using Heard = const event::Answered&;
  using Step = void (Ordering::*)(Heard);

  void answered(Heard answer);
  bool take_nonce(Heard answer);
  void refused(Heard answer);
  bool begin_anew(const Problem& problem);

  void directory(Heard answer);
  void account_or_order();
  void make_account();
  void account(Heard answer);
  void contact(Heard answer);
  void make_order();
  void new_order(Heard answer);
  void order(Heard answer);
  void go_on_with(const Order& order);
  void authorization(Heard answer);
  void meet(const Authorization& authorization);
  void challenge(Heard answer);
  void chain(Heard answer);

  void get(const std::string& url, Step then);
  void post(const std::string& url, std::string payload, Step then, std::string accept = {});
  void read(const std::string& url, Step then) { post(url, {}, then); }
  void send_pending();
  void next_authorization();
  void finalize(const Order& order);
  void wait(Heard answer, void (Ordering::*then)());
  void look_at_order() { read(order_url_, &Ordering::order); }
  void look_at_authorization() { read(authorizations_[at_], &Ordering::authorization); }
  void give_up();
  void withdraw();
  void fail(std::string why, std::optional<base::Duration> retry_after = {});
  template <class T>
  bool failed(const base::Result<T>& parsed);

  OrderingTerms terms_;
  const Key& account_key_;
  const Key& certificate_key_;
  Directory directory_;
  std::string order_url_;
  bool is_resumed_ = false;
  bool is_account_made_ = false;  // by this one: what the authority forgets at once is not made again and again
  std::vector<std::string> authorizations_;
  std::size_t at_ = 0;
  bool is_published_ = false, is_claimed_ = false, is_finalized_ = false;  // this challenge; that; the order
  Challenge challenge_;

  struct Request {
    std::string url, payload, accept;
    bool is_signed = false;
    Step then = nullptr;
  } pending_;
  std::string nonce_;
  bool fetches_nonce_ = false;
  int nonces_ = 0;  // that were refused for the pending request
  void (Ordering::*woken_)() = nullptr;
  int looks_ = 0;  // since anything changed
  base::WallTime now_{}, give_up_{};
  std::vector<Action> actions_;
};

}  // namespace godwit::acme
