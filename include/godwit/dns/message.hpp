// SPDX-License-Identifier: Apache-2.0
// DNS messages (RFC 1035 section 4): building a query, reading its answer.  Called by the caching resolver and by
// tests; pure. Reading is strict: an answer with one wrong length, a name that is too long or a compression pointer
// that does not point backwards is an error as a whole, never a guess.
//
// Names are text: lower case, no trailing dot, "" is the root.  A byte that is not a letter, digit, hyphen, underscore
// or one of the other harmless signs is written \DDD (RFC 4343 section 2.1), and such a name cannot be asked for.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/result.hpp"
#include "godwit/dns/resolver.hpp"

namespace godwit::dns {

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  opt = 41,
  tlsa = 52
};

struct Question {
  std::string name;
  Type type = Type::a;
  auto operator<=>(const Question&) const = default;
};

struct Soa {  // only what negative caching needs (RFC 2308 section 4)
  std::uint32_t minimum = 0;
  bool operator==(const Soa&) const = default;
};

// monostate: a type we do not read.  string: the target of CNAME, PTR and NS; the joined strings of TXT.
using Rdata = std::variant<std::monostate, base::IpAddress, Mx, std::string, Tlsa, Soa>;

struct Record {
  std::string name;
  Type type = Type::a;
  std::uint32_t ttl = 0;  // seconds; 0 where the sign bit is set (RFC 2181 section 8)
  Rdata data;
  bool operator==(const Record&) const = default;
};

enum class Rcode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5
};
// "SERVFAIL", "NXDOMAIN", …, "rcode 23".
std::string to_string(Rcode rcode);

struct Message {
  Rcode rcode = Rcode::no_error;  // with the bits of EDNS
  bool authoritative = false;
  bool authentic = false;  // the AD bit as it came
  std::vector<Record> answers;
  std::vector<Record> authority;
};

// Lower case, no trailing dot.  Error invalid: not a name that can be asked for (empty, empty label, too long, odd
// bytes).
base::Result<std::string> normal_name(std::string_view name);

// 4.3.2.1.in-addr.arpa or the nibbles under ip6.arpa.
std::string reverse_name(const base::IpAddress& address);

// Id 0, recursion desired, AD bit set (RFC 6840 section 5.7: "tell me"), EDNS with 1232 bytes as the last 11 bytes.
enum class Edns { with, without };
inline constexpr std::uint16_t edns_payload = 1232;  // fits every path without fragments (DNS flag day 2020)
base::Result<std::string> build_query(const Question& question, Edns edns = Edns::with);

// Error corrupt: malformed, not an answer, truncated, or the answer to something else.  The id is not looked at: the
// transport has matched it.
base::Result<Message> parse_answer(std::string_view bytes, const Question& question);

}  // namespace godwit::dns
