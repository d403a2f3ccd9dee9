// SPDX-License-Identifier: Apache-2.0
// parse_answer on arbitrary bytes: reads or refuses, and whatever it reads can be judged.
#include "dns/outcome.hpp"
#include "fuzz/fuzz.hpp"
#include "godwit/dns/message.hpp"

namespace godwit::fuzz {

void fuzz_dns_answer(std::string_view input) {
  using namespace dns;
  if (input.empty()) return;
  constexpr Type types[] = {Type::a, Type::mx, Type::txt, Type::ptr, Type::tlsa, Type::aaaa};
  const Question question{.name = "example.net", .type = types[take_byte(input) % std::size(types)]};
  // The header and question are right, the rest is the fuzzer's; and once all of it is.
  const std::string bytes(input);
  auto answer = *build_query(question, Edns::without);
  answer[2] = '\x81';
  answer[7] = answer[9] = answer[11] = '\3';
  for (const auto& message : {answer + bytes, bytes}) {
    const auto parsed = parse_answer(message, question);
    if (!parsed) continue;
    const auto outcome = evaluate(*parsed, question);
    require(outcome.status != Status::found || !outcome.records.empty());
    require(outcome.ttl <= longest_ttl && outcome.cnames <= most_cnames);
  }
}

}  // namespace godwit::fuzz
