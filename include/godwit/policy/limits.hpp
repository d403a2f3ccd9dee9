// SPDX-License-Identifier: Apache-2.0
// How much somebody may do in a time: a client network, who calls itself so in HELO, a sender, a recipient, an account.
// What a rate allows in its period may come at once, then it comes back steadily (a token bucket).  All rules count:
// what one of them refuses is counted by none.
//
// The rules are fixed: a reload makes new Limits, which take over what was counted by those rates that have not
// changed; connections keep the Limits that they began with.  So asking takes no lock but that of one part of one
// table (src/policy/limit_table.hpp), and none where no rule is about what is asked.  Bounded: see there who is
// forgotten.  A restart forgets all.  Thread-safe.
//
// Bytes are counted when a message has come to its end, whose size nobody knows before: one is taken while anything of
// the limit is left, and what is beyond it is owed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "godwit/base/clock.hpp"
#include "godwit/base/ip_address.hpp"
#include "godwit/base/rate.hpp"
#include "godwit/policy/limit_rule.hpp"
#include "godwit/policy/settings.hpp"
#include "godwit/smtp/reply.hpp"

namespace godwit::policy {

class KnownDestinations;
class LimitTable;

class Limits {
 public:
  // before: those that these replace; null: there were none.
  explicit Limits(const Settings& settings, const Limits* before = nullptr);
  ~Limits();
  Limits(Limits&&) = delete;

  // Who does something.  What is empty is not known, and rules by it do not count.  Where it is to somebody, only rules
  // by recipient do.
  struct Who {
    std::optional<base::IpAddress> client = {};
    bool trusted = false;  // of trusted_networks, or of this machine: only rules by account count
    std::string hello = {};
    std::string sender = {};     // a report has none: who sends it is not known
    std::string recipient = {};  // without detail
    std::string account = {};
  };
  struct Refusal {
    LimitBy by = LimitBy::client;
    Limited what = Limited::messages;
    base::Rate rate{};
    base::Duration wait{};  // until it may do one more
  };

  // Whether any rule is about it.
  bool count(Limited what) const { return counted_[static_cast<std::size_t>(what)]; }
  // Counts one of each of these; empty: it may.  Else nothing is counted.
  std::optional<Refusal> take(std::initializer_list<Limited> what, const Who& who, base::MonoTime now);
  // The same of a recipient of an account, in this domain, which may be new to it.
  std::optional<Refusal> take_recipient(const Who& who, const std::string& domain, base::MonoTime now);
  // Whether nothing is left; counts nothing.
  std::optional<Refusal> exhausted(Limited what, const Who& who, base::MonoTime now);
  // Counts what was done, and gives how long no more should be taken.
  base::Duration owe(Limited what, std::uint64_t count, const Who& who, base::MonoTime now);

  struct Used {
    LimitBy by = LimitBy::client;
    Limited what = Limited::messages;
    base::Rate rate{};
    std::string key{};            // "192.0.2.1/32", "a@example.com"
    std::uint64_t used = 0;       // of rate.count; more: it is owed
    base::Duration wait{};        // until it may do one more; zero: it may
    base::Duration until_free{};  // until nothing is used any more
  };
  // Who has used the largest share, the first first, but for the first `skipped`.
  std::vector<Used> fullest(std::size_t most, base::MonoTime now, std::size_t skipped = 0) const;
  // Forgets what a key has used of all rates, and gives of how many.  An address stands for its network.
  std::size_t reset(const std::string& key);

  struct Counted {
    LimitBy by = LimitBy::client;
    Limited what = Limited::messages;
    base::Rate rate{};
    std::uint64_t keys = 0;
    std::uint64_t refusals = 0;
  };
  std::vector<Counted> counted() const;  // by rate, in the order of the rules

 private:
  struct Counter {
    LimitBy by = LimitBy::client;
    Limited what = Limited::messages;
    std::vector<base::IpNetwork> exempt{};
    int ipv4_prefix = 32;
    int ipv6_prefix = 64;
    bool is_as(const Counter& other) const;
    std::shared_ptr<LimitTable> table{};
  };
  struct Taken {
    LimitTable* table;
    std::string key;
  };

  void add(const LimitRule& rule, const Limits* before);
  static std::string key_of(const Counter& counter, const Who& who);
  static Refusal refuse(const Counter& counter, base::Duration wait);

  std::vector<Counter> counters_;
  std::array<bool, limited_kinds> counted_{};
  std::shared_ptr<KnownDestinations> destinations_;
};

std::string rate_text(Limited what, const base::Rate& rate);  // "100/1h", "50MiB/1d"
// "450 4.7.1 Too many messages from your address: 100/1h at most, try again in 36s"; of connections 421 4.7.0.
smtp::Reply reply_to(const Limits::Refusal& refusal);

}  // namespace godwit::policy
