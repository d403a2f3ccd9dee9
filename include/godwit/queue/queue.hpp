// SPDX-License-Identifier: Apache-2.0
// What waits, what is due and what is under way: a data structure, no I/O, no clock.  An item is one message and one
// recipient domain (a transaction).  Limits and back-off belong to a *site*, what really receives: until routing has
// told (assign), a domain is a site of its own.  Not thread-safe: the dispatcher's reactor owns it.
//
// Promise: an item is in exactly one state from add() to remove(); check() proves it.  An item that cannot be attempted
// comes out of due() nevertheless when its deadline has passed.  Every call costs O(log n) (assign: of the senders with
// something due there); a site without a free slot costs the others nothing.  The same calls give the same answers in
// every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/message_id.hpp"
#include "godwit/queue/settings.hpp"

namespace godwit::queue {

inline constexpr base::WallTime never = base::WallTime::max();

struct Key {
  base::MessageId id;
  std::string destination;  // recipient domain, or "user@domain" of one with a store of his own; lower case
  auto operator<=>(const Key&) const = default;
};

enum class State : std::uint8_t { waiting, due, active, held };
std::string_view to_string(State state);

// Whose turn it is, within a site: the account, else the client's address, else "bounce"; and how urgent it is: while
// there is something of a higher priority, what has a lower one waits (RFC 6710).  Of the name only a hash is kept; two
// who share one share their turns.
struct Sender {
  std::uint32_t value = 0;  // the rank, 0 for the highest priority, above 27 bits of hash
  std::uint32_t rank() const { return value >> rank_shift; }
  bool operator==(const Sender&) const = default;

  static constexpr int rank_shift = 27;
};
// priority: -9 to 9.
Sender sender_key(std::string_view text, int priority = 0);

struct Item {
  Key key;
  // The site where it is known without routing (a route's next hop, "maildir"); empty: DNS will tell.
  std::string via{};
  base::WallTime accepted{};  // kept to the second
  base::WallTime next_attempt{};
  base::WallTime deadline = never;  // comes out by then even if nothing can be attempted: delay warning, expiry
  std::uint32_t attempts = 0;       // counts to 65535
  Sender sender{};
  std::uint64_t size = 0;
  State state = State::waiting;
  bool released = false;    // was held, and the administrator let it go: no rule holds it again
  bool to_be_held = false;  // while active: when that ends (find() says so, add() does not ask)
};

// Leave to work on an item.  Every grant is given back once, with ended().
struct Grant {
  enum class Kind : std::uint8_t {
    connection,
    probe,   // the one attempt that finds out whether a site that was down is back
    overdue  // no attempt: its deadline passed while it could not be attempted; warn or expire, and give it back
  } kind = Kind::connection;
  std::uint32_t site = 0;
  std::uint32_t slot = 0;  // the lowest that was free in the site: the same slot, the same kept connection
  std::uint32_t bytes = 0;
};
struct Work {
  Item item;
  Grant grant;
  std::string reason{};  // overdue: why it could not be attempted
};

// Nothing can start before `until`; then ask again (empty: only after another call changed something).
// When very many items become due at once, `until` may have passed already: let others run, then ask again.
struct SleepUntil {
  std::optional<base::WallTime> until;
};
using Due = std::variant<Work, SleepUntil>;

// What an attempt tells of its site.
struct SiteReport {
  enum class Kind : std::uint8_t {
    nothing,  // not attempted there after all, or the reason was no host's
    success,  // a host took part in earnest, whatever it said of the message
    busy,     // 421, a connection refused by one of several, a temporary failure of the host itself
    dead      // no connection was possible at all
  } kind = Kind::nothing;
  std::string reply{};    // the last, for those who ask why
  double fraction = 0.5;  // jitter, in [0,1)
};

// When an item that was attempted (or was overdue) comes again.
struct Next {
  base::WallTime attempt{};
  std::uint32_t attempts = 0;
  base::WallTime deadline = never;
  // It failed with its site: when that is back, the item is tried at once.
  bool with_site = false;
};

// Who may hold an item: the administrator (until release) or a rule (until release_rule_held).
enum class HoldBy : std::uint8_t { administrator, rule };

struct Suspension {
  base::WallTime until = never;
  std::string reason{};
  bool operator==(const Suspension&) const = default;
};

// due: as of the last call of Queue::due().
struct Counts {
  std::size_t items = 0, waiting = 0, due = 0, active = 0, held = 0, destinations = 0, sites = 0;
};

struct SiteView {
  std::string name;
  std::vector<std::string> domains;  // at most max_domains_shown
  std::size_t domain_count = 0;
  std::size_t waiting = 0, due = 0, active = 0, held = 0;
  std::size_t connections = 0;  // in use
  std::size_t window = 0;       // allowed now
  LimitSettings limits;
  enum class State : std::uint8_t { idle, flowing, full, rate, down, suspended } state = State::idle;
  std::string reason;                    // why what is due there waits; empty: nothing does
  std::optional<base::WallTime> next{};  // when that may change by itself: the next probe, the end of a suspension
};
inline constexpr std::size_t max_domains_shown = 20;
std::string_view to_string(SiteView::State state);

class Queue {
 public:
  explicit Queue(const Settings& settings);
  ~Queue();

  // state: waiting or held.  A key that is there already is refused (false).
  bool add(const Item& item);
  // The next item to work on; it becomes active.
  Due due(base::WallTime now);
  // What routing found out: the item goes to `via` (empty: by DNS) and there to `site`; with it all others of its
  // domain that go the same way.  Gives the grant to go on with, or nothing: then the item went back, first in its
  // turn, no attempt counted, and the grant is over.  Requires: not Kind::overdue.
  std::optional<Grant> assign(const Key& key, const Grant& grant, std::string_view via, std::string_view site,
                              base::WallTime now);
  void ended(const Grant& grant, const SiteReport& report, base::WallTime now);
  // Another item of a message that has this grant, and was not assigned elsewhere, goes with it in the same
  // transaction: it becomes active, and costs no grant of its own.  False: it is not due at that site, or must not
  // start.
  bool join(const Key& key, const Grant& grant);
  // An active item that has no grant of its own was not attempted: it is due again, first in its turn.
  void give_back(const Key& key);
  // DNS lets the item wait that has this grant, and was not assigned yet: it makes room for lookups that may be
  // quicker, while there are not too many of its kind.  To be said again after a while where there were.
  void lookup_hangs(const Grant& grant);

  // What becomes of an active item.
  void reschedule(const Key& key, const Next& next);
  void remove(const Key& key);  // also while active: a later reschedule() of it is ignored; its grant still ends
  void hold(const Key& key, HoldBy by = HoldBy::administrator);  // an active one becomes held when it is rescheduled
  void release(const Key& key);                                  // held → due at once
  std::size_t release_rule_held();                               // how many
  // waiting → due, first in its turn, its site is probed if it is down; false: not there, active or held.
  bool retry_now(const Key& key, base::WallTime now);
  void change_settings(const Settings& settings, base::WallTime now);
  // The clock was set, by so much: what waits has as long to wait as before.  `now` is what it says since then.
  void clock_jumped(base::Duration by, base::WallTime now);

  // `name`: a domain (with its users), a site, or empty for all.  Overdue items still come out.
  void suspend(const std::string& name, const Suspension& suspension, base::WallTime now);
  bool resume(const std::string& name, base::WallTime now);  // false: was not suspended
  const std::map<std::string, Suspension, std::less<>>& suspensions() const;

  const Item* find(const Key& key) const;  // nullptr: not there; valid until the next call of find()
  std::vector<Key> keys_of(base::MessageId id) const;
  bool contains(base::MessageId id) const;
  bool contains(const Key& key) const;
  Counts counts() const;
  // Why it is not on its way, in words; empty: not there.
  std::string reason(const Key& key) const;
  // In order of message id, from the first id greater than `after`, until `each` gives false; for listings.
  void for_each(const std::function<bool(const Item&)>& each, base::MessageId after = {}) const;
  std::optional<SiteView> site(std::string_view name) const;  // empty: nothing of it is here
  LimitSettings limits_of(std::string_view site) const;       // what the settings give it, also where nothing is
  // Where mail for the domain waits: usually one, none when nothing does.
  std::vector<SiteView> sites_of(std::string_view domain) const;
  // In order of name, from the first greater than `after`.
  void for_each_site(const std::function<bool(const SiteView&)>& each, std::string_view after = {}) const;
  // Empty when every invariant holds, else what is wrong.  O(n).
  std::string check() const;
  // The same of each item alone, for about so many from the first id greater than `after` (nothing: from the first of
  // all), which becomes the last one looked at, or nothing when there are no more.
  std::string check_some(std::optional<base::MessageId>& after, std::size_t most) const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The schedule that reports go by, in the members that other mail has: nobody is warned that one is late.
RetrySettings schedule_of_bounces(const RetrySettings& settings);
// When to try again after attempt number `attempts` (1 = the first failed): first * factor^(attempts-1), at most max,
// ±10 % by `fraction` in [0,1).
base::Duration retry_delay(const RetrySettings& settings, std::uint32_t attempts, double fraction);
// The longest that retry_delay() gives.
base::Duration longest_delay(const RetrySettings& settings);
// How long a site is left alone after `failures` vain attempts in a row: half of an item's delay, so that no item waits
// for its site longer than for its own time, and at most 15 minutes.
base::Duration probe_delay(const RetrySettings& settings, std::uint32_t failures, double fraction);
// Whether a message accepted then has been tried for long enough.
bool expired(const RetrySettings& settings, base::WallTime accepted, bool bounce, base::WallTime now);

}  // namespace godwit::queue
