// SPDX-License-Identifier: Apache-2.0
// DNS answers as mail needs them, behind an interface (real: dns/caching_resolver over net/ares_transport; tests: a
// fake). One resolver belongs to one reactor; not thread-safe.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "godwit/base/ip_address.hpp"

namespace godwit::dns {

enum class Status {
  found,      // records is not empty
  no_data,    // the name exists, this type does not
  no_name,    // NXDOMAIN
  temporary,  // SERVFAIL, REFUSED, timed out, garbage: ask again later
};
std::string_view to_string(Status status);

template <class T>
struct Answer {
  Status status = Status::temporary;
  std::vector<T> records;
  std::chrono::seconds ttl{0};  // what is left of it
  bool authentic = false;       // AD bit, where the resolver is trusted for it
  std::string canonical_name;   // after CNAMEs; lower case, no trailing dot
  std::string why;              // for temporary: "timed out", "SERVFAIL", "malformed answer"
};

struct Mx {
  std::uint16_t preference = 0;
  std::string exchange;  // lower case, no trailing dot; "" is the null MX (RFC 7505)
  bool operator==(const Mx&) const = default;
};

struct Tlsa {  // RFC 6698 section 2.1
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;
  auto operator<=>(const Tlsa&) const = default;
};

enum class Family { v4, v6 };

class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual boost::asio::awaitable<Answer<Mx>> mx(std::string name) = 0;
  virtual boost::asio::awaitable<Answer<base::IpAddress>> addresses(std::string name, Family family) = 0;
  virtual boost::asio::awaitable<Answer<std::string>> txt(std::string name) = 0;
  virtual boost::asio::awaitable<Answer<std::string>> ptr(base::IpAddress address) = 0;
  virtual boost::asio::awaitable<Answer<Tlsa>> tlsa(std::string name) = 0;
  // The alias itself, not what is behind it.
  virtual boost::asio::awaitable<Answer<std::string>> cname(std::string name) = 0;
  // Forgets everything cached (reload, `godwitctl dns flush`).
  virtual void flush() = 0;
};

// Sends one query to the configured servers and gives the raw answer.  Implemented over c-ares in net/, and by tests.
// The query's id is the transport's to set; truncated answers are asked again over TCP by the transport.
class Transport {
 public:
  virtual ~Transport() = default;
  struct Reply {
    std::string bytes;    // the whole DNS message; empty on failure
    std::string failure;  // "timed out", "connection refused", …
  };
  virtual boost::asio::awaitable<Reply> exchange(std::string query) = 0;
};

}  // namespace godwit::dns
