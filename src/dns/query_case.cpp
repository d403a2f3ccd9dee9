// SPDX-License-Identifier: Apache-2.0
#include "godwit/dns/query_case.hpp"

#include <cstddef>
#include <cstdint>

namespace godwit::dns {
namespace {

constexpr std::size_t before_name = 12;
constexpr std::size_t after_name = 4;  // type and class
constexpr char case_bit = 0x20;

// Where the name's final zero is; the whole size where there is none.
std::size_t end_of_name(std::string_view query) {
  std::size_t at = before_name;
  while (at < query.size() && query[at] != 0) at += 1U + static_cast<unsigned char>(query[at]);
  return at;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

void randomize_case(std::string& query, base::Random& random) {
  const auto end = end_of_name(query);
  std::uint64_t bits = 0;
  int left = 0;
  for (std::size_t label = before_name; label < end; label += 1U + static_cast<unsigned char>(query[label])) {
    const auto past = label + 1U + static_cast<unsigned char>(query[label]);
    for (std::size_t i = label + 1; i < past && i < query.size(); ++i) {
      if (!is_letter(query[i])) continue;
      if (left-- == 0) {
        bits = random.next();
        left = 63;
      }
      if ((bits & 1U) != 0) query[i] = static_cast<char>(query[i] ^ case_bit);
      bits >>= 1U;
    }
  }
}

bool repeats_question(std::string_view answer, std::string_view query) {
  // A server that did not understand the query may leave the question out.
  constexpr unsigned char rcode_bits = 0x0F, format_error = 1;
  if (answer.size() >= before_name && answer[4] == 0 && answer[5] == 0)
    return (static_cast<unsigned char>(answer[3]) & rcode_bits) == format_error;
  const auto end = end_of_name(query) + 1 + after_name;
  if (end > query.size() || end > answer.size()) return false;
  return answer.substr(before_name, end - before_name) == query.substr(before_name, end - before_name);
}

}  // namespace godwit::dns
