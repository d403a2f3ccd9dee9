// SPDX-License-Identifier: Apache-2.0
// parse_answer on arbitrary bytes: reads or refuses, and whatever it reads can be judged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dns/outcome.hpp"
#include "godwit/dns/message.hpp"

using namespace godwit::dns;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr Type types[] = {Type::a, Type::mx, Type::txt, Type::ptr, Type::tlsa, Type::aaaa};
  const Question question{.name = "example.net", .type = types[data[0] % std::size(types)]};
  // The header and question are right, the rest is the fuzzer's; and once all of it is.
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  auto answer = *build_query(question, Edns::without);
  answer[2] = '\x81';
  answer[7] = answer[9] = answer[11] = '\3';
  for (const auto& message : {answer + bytes, bytes}) {
    const auto parsed = parse_answer(message, question);
    if (!parsed) continue;
    const auto outcome = evaluate(*parsed, question);
    if (outcome.status == Status::found && outcome.records.empty()) std::abort();
    if (outcome.ttl > longest_ttl || outcome.cnames > most_cnames) std::abort();
  }
  return 0;
}
