// SPDX-License-Identifier: Apache-2.0
// Answers of a DNS server, built byte by byte for tests: dns_answer(query).mx("example.net", 300, 10,
// "mx.example.net").bytes(). Takes id and question from the query, so that a responder needs no parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "godwit/base/ip_address.hpp"
#include "godwit/base/text.hpp"

namespace godwit::testing {

inline std::string wire16(unsigned value) {
  return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}
inline std::string wire32(std::uint32_t value) {
  return wire16(value >> 16U) + wire16(value & 0xFFFFU);
}

inline std::string wire_name(std::string_view name) {
  std::string wire;
  if (!name.empty()) {
    for (const auto label : base::split(name, '.')) {
      wire += static_cast<char>(label.size());
      wire += label;
    }
  }
  return wire + '\0';
}

// The name a query asks for, as text, and its type.
inline std::string asked_name(std::string_view query) {
  std::string name;
  for (std::size_t at = 12; at < query.size() && query[at] != '\0'; at += static_cast<std::size_t>(query[at]) + 1) {
    if (!name.empty()) name += '.';
    name += query.substr(at + 1, static_cast<std::size_t>(query[at]));
  }
  return name;
}
inline unsigned asked_type(std::string_view query) {
  const auto at = query.find('\0', 12) + 1;
  return static_cast<unsigned char>(query[at]) * 256U + static_cast<unsigned char>(query[at + 1]);
}

class DnsAnswer {
 public:
  explicit DnsAnswer(std::string_view query)
      : id_(query.substr(0, 2)), question_(query.substr(12, query.find('\0', 12) + 5 - 12)) {}

  DnsAnswer& flags(unsigned value) { return flags_ = value, *this; }
  DnsAnswer& rcode(unsigned value) { return flags_ = (flags_ & 0xFFF0U) | value, *this; }
  DnsAnswer& authentic() { return flags_ |= 0x20U, *this; }
  DnsAnswer& truncated() { return flags_ |= 0x200U, *this; }

  DnsAnswer& record(std::string_view name, unsigned type, std::uint32_t ttl, std::string_view data) {
    ++answers_;
    answer_ += raw_record(name, type, ttl, data);
    return *this;
  }
  DnsAnswer& authority(std::string_view name, unsigned type, std::uint32_t ttl, std::string_view data) {
    ++authorities_;
    authority_ += raw_record(name, type, ttl, data);
    return *this;
  }
  DnsAnswer& mx(std::string_view name, std::uint32_t ttl, unsigned preference, std::string_view exchange) {
    return record(name, 15, ttl, wire16(preference) + wire_name(exchange));
  }
  DnsAnswer& address(std::string_view name, std::uint32_t ttl, std::string_view text) {
    const auto parsed = base::IpAddress::parse(text);
    return record(name, parsed->is_v4() ? 1 : 28, ttl, parsed->bytes());
  }
  DnsAnswer& cname(std::string_view name, std::uint32_t ttl, std::string_view target) {
    return record(name, 5, ttl, wire_name(target));
  }
  DnsAnswer& soa(std::string_view zone, std::uint32_t ttl, std::uint32_t minimum) {
    return authority(zone, 6, ttl, wire_name("ns") + wire_name("admin") + std::string(16, '\1') + wire32(minimum));
  }

  std::string bytes() const {
    return id_ + wire16(flags_) + wire16(1) + wire16(answers_) + wire16(authorities_) + wire16(0) + question_ +
           answer_ + authority_;
  }

 private:
  static std::string raw_record(std::string_view name, unsigned type, std::uint32_t ttl, std::string_view data) {
    return wire_name(name) + wire16(type) + wire16(1) + wire32(ttl) + wire16(static_cast<unsigned>(data.size())) +
           std::string(data);
  }

  std::string id_;
  std::string question_;
  unsigned flags_ = 0x8180;  // response, recursion desired and available
  unsigned answers_ = 0;
  unsigned authorities_ = 0;
  std::string answer_;
  std::string authority_;
};

}  // namespace godwit::testing
