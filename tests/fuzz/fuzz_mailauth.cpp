// SPDX-License-Identifier: Apache-2.0
// A message gives the same hashes and the same results however it is cut, and what is left has no results of ours.
#include "fuzz/fuzz.hpp"
#include "godwit/base/text.hpp"
#include "godwit/mailauth/arc.hpp"
#include "godwit/mailauth/authentication_results.hpp"

namespace godwit::fuzz {
namespace {

using namespace mailauth;

std::string filter(std::string_view message, std::size_t piece) {
  ForgedResultsFilter filter("mx.x.example");
  std::string out;
  in_pieces(message, piece, [&](std::string_view part) { filter.put(part, out); });
  filter.finish(out);
  return out;
}

std::string hashes(std::string_view message, std::size_t piece) {
  std::vector<BodyHashing> all;
  MessageDigest digest([&](const mail::Header& header) {
    all = hashes_of_signatures(header);
    for (const auto& one : hashes_of_chain(header)) all.push_back(one);
    for (const auto form : {Canonical::simple, Canonical::relaxed}) all.push_back({.form = form});
    return all;
  });
  in_pieces(message, piece, [&](std::string_view part) { digest.put(part); });
  digest.finish();
  std::string joined;
  for (const auto& one : all) joined += digest.body_hash(one).value_or("-");
  return joined;
}

}  // namespace

void fuzz_mailauth(std::string_view input) {
  (void)read_alike(input, hashes);
  const auto filtered = read_alike(input, filter);
  const mail::Header header(filtered);
  for (const auto& field : header.fields())
    require(!base::iequals(field.name, "Authentication-Results") ||
            authentication_service(field.body) != "mx.x.example");
}

}  // namespace godwit::fuzz
